/* Typing into a key: the records that match, chosen by Enter, Tab or a click. The key is posted by the hidden input before it. */
(() => {
  "use strict";
  const list = Object.assign(document.createElement("div"), { id: "picker-list", className: "picker-list" });
  list.setAttribute("role", "listbox");
  list.setAttribute("popover", "manual");
  let input = null, found = [], at = -1, timer = 0, asked = "";
  const isComposing = (event) => event.isComposing || event.keyCode === 229;
  const keyOf = (box) => box.parentElement.querySelector("[data-key]");

  function place() {
    const box = input.getBoundingClientRect();
    const width = Math.max(box.width, Math.min(360, window.innerWidth - 16));
    list.style.width = `${width}px`;
    list.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - width - 8))}px`;
    const below = window.innerHeight - box.bottom;
    list.style.maxHeight = `${Math.max(160, Math.min(360, Math.max(below, box.top) - 16))}px`;
    if (below >= 200 || below >= box.top) { list.style.top = `${box.bottom + 2}px`; list.style.bottom = "auto"; }
    else { list.style.bottom = `${window.innerHeight - box.top + 2}px`; list.style.top = "auto"; }
  }

  function show(items, text) {
    found = items;
    at = items.length && text ? 0 : -1;
    list.replaceChildren(...items.map((item, index) => {
      const row = document.createElement("div");
      row.className = "picker-row";
      row.setAttribute("role", "option");
      row.id = `picker-row-${index}`;
      row.dataset.index = index;
      row.append(Object.assign(document.createElement("span"), { textContent: item.text }));
      if (item.about) row.append(Object.assign(document.createElement("small"), { textContent: item.about }));
      return row;
    }));
    if (!items.length) list.replaceChildren(Object.assign(document.createElement("p"), { className: "picker-none", textContent: "∅" }));
    if (!list.isConnected || list.parentElement !== (input.closest("dialog") || document.body)) (input.closest("dialog") || document.body).append(list);
    place();
    if (!list.matches(":popover-open")) list.showPopover();
    input.setAttribute("aria-expanded", "true");
    mark();
  }

  function mark() {
    [...list.children].forEach((row, index) => row.setAttribute("aria-selected", String(index === at)));
    if (at >= 0) { input.setAttribute("aria-activedescendant", `picker-row-${at}`); list.children[at].scrollIntoView({ block: "nearest" }); }
    else input?.removeAttribute("aria-activedescendant");
  }

  function close() {
    clearTimeout(timer);
    if (list.matches(":popover-open")) list.hidePopover();
    input?.setAttribute("aria-expanded", "false");
    found = []; at = -1;
  }

  async function ask(box, text, delay) {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      asked = text;
      const narrowing = box.dataset.within && box.form?.elements[box.dataset.within];
      const within = narrowing?.value ? `&${box.dataset.within}=${encodeURIComponent(narrowing.value)}` : "";
      const answer = await fetch(`${box.dataset.picker}${within}&term=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
      if (!answer.ok || input !== box || asked !== text || document.activeElement !== box) return;
      show((await answer.json()).results, text);
      if (box.dataset.wait) { delete box.dataset.wait; if (choose(at)) forward(box); }
    }, delay);
  }

  function take(box, key, text) {
    const hidden = keyOf(box);
    const changed = hidden.value !== key;
    hidden.value = key;
    box.value = box.dataset.shown = box.title = text;
    if (changed) for (const name of ["input", "change"]) hidden.dispatchEvent(new Event(name, { bubbles: true }));
  }

  function choose(index) {
    const item = found[index];
    if (item) { take(input, item.id, item.text); close(); }
    return Boolean(item);
  }

  // Enter in a document's customer leads to its first line, or to its amount: what stands between is filled from the customer.
  function forward(box) {
    if (keyOf(box).name !== "customer") return;
    box.form?.querySelector("[data-linegrid] .lg-row:not([hidden]) [data-name=product], input[name=amount]")?.focus();
  }

  document.addEventListener("focusin", (event) => {
    if (!event.target.matches("[data-picker]")) return;
    input = event.target;
    input.select();
  });
  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-picker]") || event.isComposing) return;
    input = event.target;
    event.stopPropagation();
    if (input.value.trim()) ask(input, input.value.trim(), 120);
    else { close(); take(input, "", ""); }
  });
  document.addEventListener("compositionend", (event) => {
    if (event.target.matches("[data-picker]")) { input = event.target; ask(input, input.value.trim(), 0); }
  });
  document.addEventListener("click", (event) => {
    if (event.target.matches("[data-picker]") && !list.matches(":popover-open")) ask(event.target, "", 0);
  });
  document.addEventListener("keydown", (event) => {
    if (!event.target.matches || !event.target.matches("[data-picker]") || isComposing(event)) return;
    input = event.target;
    const isOpen = list.matches(":popover-open");
    if (event.key === "ArrowDown" || event.key === "ArrowUp" || event.key === "F7") {
      event.preventDefault();
      event.stopPropagation();
      if (!isOpen) ask(input, input.value === input.dataset.shown ? "" : input.value.trim(), 0);
      else { at = (at + (event.key === "ArrowUp" ? -1 : 1) + found.length) % Math.max(found.length, 1); mark(); }
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (isOpen && at >= 0) { if (choose(at)) forward(input); }
      else if (input.value.trim() && input.value !== input.dataset.shown) { input.dataset.wait = "1"; ask(input, input.value.trim(), 0); }
    } else if (event.key === "Tab" && isOpen && at >= 0 && input.value !== input.dataset.shown) choose(at);
    else if (event.key === "Escape" && isOpen) { event.preventDefault(); event.stopPropagation(); input.value = input.dataset.shown; close(); }
  }, true);
  document.addEventListener("focusout", (event) => {
    if (!event.target.matches("[data-picker]")) return;
    const box = event.target;
    setTimeout(() => {
      if (list.contains(document.activeElement)) return;
      if (box.value.trim() !== box.dataset.shown) box.value = box.dataset.shown;
      if (input === box) close();
    }, 120);
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const row = event.target.closest("[data-index]");
    if (row) choose(Number(row.dataset.index));
  });
  window.addEventListener("scroll", () => { if (list.matches(":popover-open")) place(); }, true);

  window.backoffice = Object.assign(window.backoffice || {}, {
    /** Fill a key by program: as if it had been chosen. */
    take: (name, key, text, form) => {
      const hidden = form.elements[name];
      const box = hidden && hidden.parentElement.querySelector && hidden.parentElement.querySelector("[data-picker]");
      if (box) take(box, key, text);
    },
  });

  // -- texts to choose from beside a text: choosing writes it, typing another one takes the choice back ---------------------------
  const offer = (select, texts) => {
    if (!select) return;
    select.replaceChildren(select.options[0], ...texts.map((text) => new Option(text, text)));
    select.value = "";
    select.hidden = texts.length < 2;
  };
  document.addEventListener("change", ({ target }) => {
    const name = target.dataset?.fills, input = name && target.form?.elements[name];
    if (!input || !target.value) return;
    input.value = target.value;
    for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, { bubbles: true }));
  });
  document.addEventListener("input", ({ target }) => {
    const select = target.form?.querySelector(`select[data-fills="${target.name}"]`);
    if (select && select.value !== target.value) select.value = "";
  });

  // -- what a customer brings along: fills what is empty or was filled like this before --------------------------------------
  document.addEventListener("change", async (event) => {
    const hidden = event.target;
    if (!hidden.matches("[data-key][name=customer]") || !hidden.form?.dataset.defaults) return;
    const form = hidden.form;
    const answer = await fetch(`${form.dataset.defaults}?customer=${encodeURIComponent(hidden.value)}`);
    if (!answer.ok || form.elements.customer.value !== hidden.value) return;
    for (const [name, { key, text, choices }] of Object.entries(await answer.json())) {
      const control = form.elements[name];
      if (!control || !control.name || name === "rate") continue;
      if (choices) offer(form.querySelector(`select[data-fills="${name}"]`), choices);
      if (control.value && control.value !== control.dataset.filled && !control.matches("select:not([data-touched])")) continue;
      control.dataset.filled = key;
      if (control.matches("[data-key]")) window.backoffice.take(name, key, text, form);
      else if (control.value !== key) {
        control.value = key;
        control.dispatchEvent(new Event("change", { bubbles: true }));
      }
    }
    form.dispatchEvent(new CustomEvent("backoffice:customer", { bubbles: true, detail: hidden.value }));
  });

  // -- what a currency is worth on the document's day: another currency always asks anew, another day unless a rate was typed -----
  document.addEventListener("change", async (event) => {
    const form = event.target.form, { currency, rate, date } = form?.elements ?? {};
    if (!form?.dataset.rates || !rate?.name || (event.target !== currency && event.target !== date)) return;
    const asked = new URLSearchParams({ currency: currency?.value ?? "", date: date?.value ?? "" });
    const answer = await fetch(`${form.dataset.rates}?${asked}`);
    const found = answer.ok ? (await answer.json()).rate : undefined;
    if (!found || form.elements.currency.value !== asked.get("currency")) return;
    if (event.target === date && rate.value !== (rate.dataset.filled ?? rate.defaultValue)) return;
    rate.dataset.filled = rate.value = found.key;
  });
  document.addEventListener("change", (event) => { if (event.isTrusted && event.target.matches("select")) event.target.dataset.touched = "1"; });

  // -- a new record made in passing: the window that made it hands it over ----------------------------------------------
  let waiting = null;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-popup]");
    if (!link) return;
    event.preventDefault();
    waiting = link.parentElement.querySelector("[data-picker]");
    window.open(link.href, "new-record", "width=1000,height=720,resizable=yes,scrollbars=yes");
  });
  window.dismissAddRelatedObjectPopup = (opened, key, text) => {
    opened.close();
    if (waiting) { take(waiting, key, text); waiting.focus(); }
  };

  // -- rows of a record -------------------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const adder = event.target.closest("[data-add-row]");
    if (adder) {
      const part = adder.closest("[data-rows]");
      const total = part.querySelector(`[name="${part.dataset.rows}-TOTAL_FORMS"]`);
      const fresh = part.querySelector("template").content.cloneNode(true);
      fresh.querySelectorAll("[name], [id], [for]").forEach((one) => {
        for (const name of ["name", "id", "for"]) if (one.hasAttribute(name)) one.setAttribute(name, one.getAttribute(name).replace("__prefix__", total.value));
      });
      total.value = Number(total.value) + 1;
      const row = fresh.firstElementChild;
      part.querySelector("tbody").append(fresh);
      if (event.isTrusted) row.querySelector("input:not([type=hidden]), select")?.focus();
    }
    const dropper = event.target.closest("[data-drop-row]");
    if (dropper) {
      const row = dropper.closest("tr");
      row.querySelectorAll("input, select, textarea").forEach((one) => { one.disabled = true; });
      row.hidden = true;
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.closest(".row-delete")) event.target.closest("tr").classList.toggle("is-deleted", event.target.checked);
  });
})();
