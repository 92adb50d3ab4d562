/* A receipt shows what its customer owes; the amount typed is spread over it, what is due first. What was typed into a row stays.
   Under the rows stands how much of the amount they use. */
(() => {
  "use strict";
  const address = document.currentScript.dataset.open;
  const thousandths = (text) => Math.round(Number(String(text || "").replace(/[,\s]/g, "")) * 1000) || 0;
  const text = (value) => (value % 10 ? (value / 1000).toFixed(3) : (value / 1000).toFixed(2));
  const shown = (value) => text(value).replace(/(\d)(?=(\d{3})+\.)/g, "$1,");
  let form, part;

  function start() {
    form = document.getElementById("receipt_form");
    part = form && form.querySelector("[data-rows=lines]");
    if (!part || !part.querySelector("[data-add-row]")) return;
    for (const row of rows()) { const amount = row.querySelector("[name$=-amount]"); if (amount.value) amount.dataset.typed = "1"; }
    for (const name of ["backoffice:customer", "backoffice:restored"]) form.addEventListener(name, () => load());
    form.elements.currency?.addEventListener("change", () => load());
    form.elements.amount?.addEventListener("input", spread);
    part.addEventListener("input", (event) => { if (event.isTrusted && isAmount(event.target)) event.target.dataset.typed = "1"; sumUp(); });
    for (const name of ["change", "click"]) part.addEventListener(name, () => setTimeout(sumUp));
    sumUp();
    if (form.elements.customer?.value) load();
  }

  const isAmount = (control) => /-amount$/.test(control.name || "");
  const rows = () => [...part.querySelectorAll("tbody tr")].filter((row) => !row.hidden && row.querySelector("[name$=-receivable]"));

  async function load() {
    const customer = form.elements.customer.value;
    for (const row of rows()) if (row.dataset.offered && !row.querySelector("[name$=-amount]").dataset.typed) row.querySelector("[data-drop-row]").click();
    if (!customer) return;
    const answer = await fetch(`${address}?customer=${encodeURIComponent(customer)}&currency=${encodeURIComponent(form.elements.currency?.value || "CNY")}`);
    if (!answer.ok) return;
    const { receivables } = await answer.json();
    const there = new Map(rows().map((row) => [row.querySelector("[name$=-receivable]").value, row]));
    for (const one of receivables) {
      const row = there.get(String(one.key));
      if (!row) add(one);
      else if (row.matches(".is-new")) show(row, one);
    }
    spread();
  }

  function add(one) {
    part.querySelector("[data-add-row]").click();
    show(part.querySelector("tbody tr:last-child"), one);
  }

  function show(row, one) {
    row.dataset.offered = one.outstanding;
    row.querySelector("[name$=-receivable]").value = one.key;
    const box = row.querySelector("[data-picker]");
    box.value = box.dataset.shown = one.text;
    box.readOnly = true;
    box.tabIndex = -1;
    row.querySelector(".cell-due_on").textContent = one.due_on;
    row.querySelector(".cell-outstanding").textContent = one.outstanding;
  }

  function spread() {
    let left = thousandths(form.elements.amount?.value);
    const open = rows().filter((row) => row.dataset.offered);
    for (const row of rows()) {
      const amount = row.querySelector("[name$=-amount]");
      if (!row.dataset.offered || amount.dataset.typed) left -= thousandths(amount.value);
    }
    for (const row of open) {
      const amount = row.querySelector("[name$=-amount]");
      if (amount.dataset.typed) continue;
      const share = Math.max(0, Math.min(left, thousandths(row.dataset.offered)));
      amount.value = share ? text(share) : "";
      left -= share;
    }
    sumUp();
  }

  function sumUp() {
    const line = part.querySelector("[data-sum]");
    if (!line) return;
    const counted = rows().filter((row) => !row.querySelector("[name$=-DELETE]")?.checked);
    const used = counted.reduce((sum, row) => sum + thousandths(row.querySelector("[name$=-amount]").value), 0);
    const amount = thousandths(form.elements.amount?.value), rest = amount - used;
    const parts = [line.dataset.allocated, ...(rest ? [rest > 0 ? line.dataset.advance : line.dataset.over] : [])];
    line.textContent = parts.join(" · ").replace("{allocated}", shown(used)).replace("{amount}", shown(amount)).replace("{rest}", shown(Math.abs(rest)));
    line.classList.toggle("is-bad", rest < 0);
  }

  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", start) : start();
})();
