/* Keys, dialogs, selection and the saving bar. Deaf while an input method composes. */
(() => {
  "use strict";
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const isTyping = (target) => target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
  const isComposing = (event) => event.isComposing || event.keyCode === 229;

  // -- HTMX: the token of the page goes with every request -------------------------------------------------------------
  document.addEventListener("htmx:configRequest", (event) => {
    const token = find("input[name=csrfmiddlewaretoken]");
    if (token) event.detail.headers["X-CSRFToken"] = token.value;
  });
  document.addEventListener("htmx:configRequest", (event) => {
    const asked = event.detail.parameters;
    if (event.detail.elt.id === "list-bar") for (const name of Object.keys(asked)) if (asked[name] === "") delete asked[name];
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status >= 400) event.detail.shouldSwap = event.detail.xhr.status === 422;
  });
  document.addEventListener("htmx:afterSettle", () => {
    showSelection();
    showFilters();
    fitTable();
  });

  // -- dialogs ---------------------------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener && !event.ctrlKey && !event.metaKey) {
      const dialog = document.getElementById(opener.dataset.dialog);
      if (dialog && dialog.showModal) {
        event.preventDefault();
        if (!find("form", dialog)) window.htmx.trigger(dialog, "open-dialog");
        dialog.showModal();
      }
    }
    const closer = event.target.closest("dialog [data-close]");
    if (closer) { event.preventDefault(); closer.closest("dialog").close(); }
    if (event.target.closest("[data-command]")) openCommand();
    all("details[data-menu][open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
    if (event.target.closest("[data-show-password]")) togglePassword(event.target.closest("[data-show-password]"));
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = event.target.closest && event.target.closest("dialog[open]");
    if (dialog) (find("[autofocus], textarea", dialog) || find("button[type=submit]", dialog))?.focus();
  });

  function togglePassword(button) {
    const input = find("input", button.parentElement);
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  }

  // -- a form is sent once ---------------------------------------------------------------------------------------------
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    const form = event.target;
    if (form.getAttribute("method") !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    leaving = true;
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
    setTimeout(() => { delete form.dataset.sent; event.submitter?.removeAttribute("aria-busy"); }, 8000);
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // -- unsaved ---------------------------------------------------------------------------------------------------------
  let changed = false, leaving = false;
  document.addEventListener("input", (event) => { if (event.isTrusted && event.target.closest(".record-form")) markChanged(); });
  document.addEventListener("change", (event) => { if (event.isTrusted && event.target.closest(".record-form")) markChanged(); });
  const CHANGING = ".lg-remove, .lg-menu button, [data-drop-row], [data-add-row], .row-delete";
  document.addEventListener("click", (event) => { if (event.target.closest(CHANGING)?.closest(".record-form, .lg-menu")) markChanged(); });
  document.addEventListener("paste", (event) => { if (event.target.closest(".record-form")) markChanged(); });
  function markChanged() {
    changed = true;
    document.body.classList.add("is-changed");
    const state = find("[data-unsaved-text]");
    if (state) state.hidden = false;
  }
  document.addEventListener("click", (event) => { if (event.target.closest("[data-discard]")) leaving = true; });
  window.addEventListener("beforeunload", (event) => { if (changed && !leaving) event.preventDefault(); });

  // -- a deed while something is unsaved: saved first, then the deed's question comes by itself -----------------------------------
  document.addEventListener("click", (event) => {
    const deed = event.target.closest(".heading-side [data-dialog], .heading-side form button");
    const save = find(".bar button[name=_save]");
    if (!changed || !deed || !save?.form || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const then = document.createElement("input");
    Object.assign(then, { type: "hidden", name: "_then", value: deed.dataset.dialog || "stay" });
    save.form.append(then);
    save.form.requestSubmit(save);
    then.remove();
  }, true);
  window.addEventListener("load", () => {
    const dialog = window.location.hash.startsWith("#do-") && document.getElementById(window.location.hash.slice(1));
    if (!dialog || !dialog.showModal) return;
    history.replaceState(null, "", window.location.pathname + window.location.search);
    find(`[data-dialog="${dialog.id}"]`)?.click();
  });

  // -- where typing begins: at the first error, else in the first empty field of a new record ----------------------------------
  window.addEventListener("load", () => setTimeout(() => {
    const form = find(".record-form");
    if (!form || document.activeElement !== document.body && document.activeElement?.tagName !== "MAIN") return;
    const wrong = find(".has-errors :is(input:not([type=hidden]), select, textarea)", form);
    const isNew = /\/add\/$/.test(window.location.pathname);
    const customer = form.elements.customer?.value;
    const line = isNew && customer && find("[data-linegrid] tbody input:not([type=hidden])", form);
    const first = wrong || line || (isNew && all(".field :is(input:not([type=hidden]), select, textarea)", form).find((one) => !one.value && !one.disabled));
    if (first) first.focus({ preventScroll: !wrong });
  }, 50));

  // -- filters stay open while the list below them is replaced ---------------------------------------------------------------
  let filtersOpen = false;
  function showFilters() {
    const fields = document.getElementById("filter-fields");
    if (!fields) return;
    fields.hidden = !filtersOpen;
    find("[data-filters]")?.setAttribute("aria-expanded", String(filtersOpen));
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-filters]")) { filtersOpen = !filtersOpen; showFilters(); }
  });

  // -- rows of a list --------------------------------------------------------------------------------------------------
  function showSelection() {
    const bar = find("[data-selection]");
    if (!bar) return;
    const chosen = all(".action-select:checked").length;
    bar.hidden = !chosen;
    find("[data-selected]", bar).textContent = chosen;
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]")) all(".action-select").forEach((box) => { box.checked = event.target.checked; });
    if (event.target.matches(".action-select, [data-all]")) showSelection();
  });
  /** The heading stays in sight while a list that fits scrolls with the page; one that is a little too wide gets narrower margins. */
  function fitTable() {
    const frame = find(".table-frame");
    if (!frame) return;
    const fits = () => frame.scrollWidth <= frame.clientWidth + 1;
    frame.classList.remove("fits", "tight");
    frame.classList.toggle("tight", !fits());
    frame.classList.toggle("fits", fits());
  }
  window.addEventListener("resize", fitTable);
  window.addEventListener("load", fitTable);

  function moveRow(step) {
    const rows = all("#result_list tbody tr");
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.classList.contains("is-current"));
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
    rows[at]?.classList.remove("is-current");
    next.classList.add("is-current");
    find("a", next)?.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  // -- the neighbours in the list one came from: ‹ 3 / 25 ›, Alt+↑ and Alt+↓ --------------------------------------------------
  const LISTED = "backoffice.listed";
  function rememberRows() {
    const links = all("#result_list tbody th a").map((link) => new URL(link.href).pathname);
    if (links.length) sessionStorage.setItem(LISTED, JSON.stringify({ from: window.location.pathname + window.location.search, links }));
  }
  function showPlace() {
    const place = find("[data-place]");
    const listed = JSON.parse(sessionStorage.getItem(LISTED) || "null");
    const at = place && listed ? listed.links.indexOf(window.location.pathname) : -1;
    if (at < 0) return;
    place.hidden = false;
    find("[data-at]", place).textContent = `${at + 1} / ${listed.links.length}`;
    for (const [name, link] of [["previous", listed.links[at - 1]], ["next", listed.links[at + 1]]]) {
      const step = find(`[data-${name}]`, place);
      if (link) step.href = link; else step.removeAttribute("href");
    }
    const back = find("[data-back]");
    if (back && listed.from.startsWith(new URL(back.href).pathname)) back.href = listed.from;
  }
  window.addEventListener("load", () => { rememberRows(); showPlace(); });
  document.addEventListener("htmx:afterSettle", rememberRows);

  // -- the menu stands where one is ----------------------------------------------------------------------------------------
  window.addEventListener("load", () => {
    const menu = document.getElementById("nav-sidebar-apps"), entry = menu && find("[aria-current]", menu);
    if (!entry) return;
    const shift = entry.getBoundingClientRect().bottom - menu.getBoundingClientRect().bottom;
    if (shift > 0) menu.scrollTop += shift + menu.clientHeight / 3;
  });

  // -- the skin's script expects a text beside every file input; ours say themselves what was chosen -------------------------------
  HTMLInputElement.prototype.hasChangeListener = true;

  // -- command search --------------------------------------------------------------------------------------------------
  function openCommand() {
    const dialog = document.getElementById("command");
    if (!dialog || dialog.open) return;
    dialog.showModal();
    find("input", dialog).select();
  }
  window.addEventListener("load", () => { if (window.location.hash === "#search") openCommand(); });
  document.addEventListener("keydown", (event) => {
    const dialog = event.target.closest && event.target.closest("#command");
    if (!dialog || isComposing(event)) return;
    const links = all("a[role=option]", dialog);
    const at = links.findIndex((link) => link.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = links[(at + (event.key === "ArrowDown" ? 1 : -1) + links.length) % links.length];
      links[at]?.removeAttribute("aria-selected");
      next?.setAttribute("aria-selected", "true");
      next?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && event.target.matches("input")) {
      event.preventDefault();
      const link = links[Math.max(at, 0)];
      if (link) event.ctrlKey ? window.open(link.href, "_blank") : (window.location = link.href);
    }
  });

  // -- keys ------------------------------------------------------------------------------------------------------------
  const press = (selector) => { const found = find(selector); if (found) found.click(); return Boolean(found); };
  window.addEventListener("keydown", (event) => {
    if (isComposing(event)) return;
    const control = event.ctrlKey || event.metaKey;
    if (control && event.key === "k") { event.preventDefault(); event.stopImmediatePropagation(); openCommand(); return; }
    if (control && event.key === "e") { event.stopImmediatePropagation(); return; }
    if ((control && event.key === "s") || event.key === "F8") {
      if (find(".bar button[name=_save]")) { event.preventDefault(); press(".bar button[name=_save]"); }
      return;
    }
    if (control && event.key === "Enter" && event.target.closest("dialog")) {
      const form = event.target.closest("form");
      if (form) { event.preventDefault(); form.requestSubmit(find("button[type=submit].main, button[type=submit]", form)); }
      return;
    }
    if (control && event.key === "Enter") {
      if (press(".heading .button.main") || press(".bar button[name^=_submit]") || press(".bar .button.main")) event.preventDefault();
      return;
    }
    if (event.altKey && !control && (event.key === "ArrowUp" || event.key === "ArrowDown") && find("[data-place]:not([hidden])")) {
      event.preventDefault();
      press(event.key === "ArrowUp" ? "[data-previous][href]" : "[data-next][href]");
      return;
    }
    if (control || event.altKey || isTyping(event.target) || find("dialog[open]") || document.body.dataset.singleKeys === "off") return;
    if (event.key === "/") { event.preventDefault(); (document.getElementById("list-search") || { focus: openCommand }).focus(); }
    else if (event.key === "?") document.getElementById("keys")?.showModal();
    else if (event.key === "n") press("[data-new]");
    else if (event.key === "j") moveRow(1);
    else if (event.key === "k") moveRow(-1);
    else if (event.key === "x") find("tr.is-current .action-select")?.click();
  }, true);
})();
