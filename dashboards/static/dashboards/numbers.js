// Amounts in the unit the reader chose (1 or 10,000 of the currency), in the language of the page. Remembered in this browser.
"use strict";

window.boardNumbers = (() => {
  const language = document.documentElement.lang || "en";
  const places = (least, most) => new Intl.NumberFormat(language, {minimumFractionDigits: least, maximumFractionDigits: most});
  const formats = {amount: places(2, 2), axis: places(0, 2), count: places(0, 0)};
  const read = () => { try { return localStorage.getItem("board-unit"); } catch { return null; } };
  let unit = Number(read() || (language.toLowerCase().startsWith("zh") ? 10000 : 1));

  const minus = text => text.replace("-", "\u2212");
  const amount = value => minus(formats.amount.format(value / unit));
  const axis = value => minus(formats.axis.format(value / unit));
  const count = value => minus(formats.count.format(value));
  const names = document.querySelector("[data-units]")?.dataset.units.split("|") || ["", ""];
  const unitName = () => names[unit === 1 ? 0 : 1];

  const showTiles = () => document.querySelectorAll("data[data-money]").forEach(tile => {
    tile.textContent = amount(Number(tile.value));
    tile.dataset.unitName = unitName();
  });
  const choose = value => {
    unit = value;
    try { localStorage.setItem("board-unit", value); } catch { /* private mode: not remembered */ }
    show();
    document.dispatchEvent(new CustomEvent("board-unit"));
  };
  const show = () => {
    document.querySelectorAll(".board-units").forEach(group => { group.hidden = false; });
    document.querySelectorAll("[data-unit]").forEach(button => button.setAttribute("aria-pressed", Number(button.dataset.unit) === unit));
    showTiles();
  };

  document.querySelectorAll("[data-unit]").forEach(button => button.addEventListener("click", () => choose(Number(button.dataset.unit))));
  show();
  return {amount, axis, count, unitName, language};
})();
