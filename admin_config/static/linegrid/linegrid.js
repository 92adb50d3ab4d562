"use strict";
/* Starts every grid on the page and sends its rows in order.
 *
 * Rows are never renamed on the page: when the browser collects the form, blank new rows are left out, new ones numbered after the
 * stored ones, and positions written. So a sending that fails half-way leaves the page as it was.
 */
(function () {
  const { LineGrid } = globalThis;

  /* Rewrite what the form is about to send. */
  function collect(grid, data) {
    const first = Number(document.getElementById(`id_${grid.prefix}-INITIAL_FORMS`).value);
    const moved = [];
    let position = 0, number = first;
    for (const row of grid.body.rows) {
      const controls = [...row.querySelectorAll("[data-name][name]")];
      const isLeftOut = grid.isNew(row) && (row.hidden || grid.isBlank(row));
      if (!row.hidden && !isLeftOut) position++;
      const positionName = grid.cell(row, "position")?.name;
      if (positionName && !row.hidden && !isLeftOut) data.set(positionName, String(position));
      if (!grid.isNew(row)) continue;
      for (const control of controls) {
        const value = data.get(control.name);
        data.delete(control.name);
        if (value !== null && !isLeftOut && !["id", "DELETE"].includes(control.dataset.name)) moved.push([`${grid.prefix}-${number}-${control.dataset.name}`, value]);
      }
      if (!isLeftOut) number++;
    }
    for (const [name, value] of moved) data.append(name, value);
    data.set(`${grid.prefix}-TOTAL_FORMS`, String(number));
  }

  /* Prices depend on the head of the document: when it changes, rows that follow the rule are asked about again. */
  function watchHeader(grid) {
    const sums = () => [grid.includesTax, grid.places, grid.headerText("discount"), grid.headerText("allowance")].join();
    let prices = JSON.stringify(grid.context()), amounts = sums();
    const look = () => {
      if (amounts !== (amounts = sums())) grid.computeAll();
      if (prices === (prices = JSON.stringify(grid.context()))) return;
      for (const row of grid.rows) if (!grid.isBlank(row)) grid.lookup.ask(row, { pasted: true });
    };
    grid.form.addEventListener("input", look);
    grid.form.addEventListener("change", look);
    globalThis.django?.jQuery?.(grid.form).on("change", look);      // Select2 tells only jQuery
    grid.root.addEventListener("focusin", look);
  }

  /* Headings stick below the page's own, sums above its bar; a table wider than its place scrolls sideways instead. */
  function fit(root) {
    const place = root.querySelector(".lg-scroll"), table = place.querySelector("table");
    const [heading, bar] = [document.querySelector("header.heading, #header-inner"), document.querySelector("[data-bar], #submit-row")];
    const stuck = (part, side) => part && getComputedStyle(part).position === "sticky" ? part.offsetHeight + (parseFloat(getComputedStyle(part)[side]) || 0) : 0;
    const look = () => {
      place.classList.toggle("is-narrow", table.scrollWidth > place.clientWidth + 1 && getComputedStyle(table).display === "table");
      root.style.setProperty("--lg-top", `${stuck(heading, "top")}px`);
      root.style.setProperty("--lg-bottom", `${stuck(bar, "bottom")}px`);
    };
    new ResizeObserver(look).observe(root);
  }

  function start(root, list, menu) {
    const grid = new LineGrid.Grid(root);
    grid.lookup = new LineGrid.Lookup(grid, list);
    grid.picker = new LineGrid.Picker(grid);
    new LineGrid.Keyboard(grid, list);
    new LineGrid.Entries(grid, list);
    new LineGrid.Clipboard(grid, list);
    new LineGrid.Mouse(grid, menu);
    watchHeader(grid);
    root.querySelector("[data-round]")?.toggleAttribute("hidden", !grid.allowance);
    if (grid.config.mayAdd) grid.lastBlank();
    grid.renumber();
    grid.sumUp();
    grid.form.addEventListener("formdata", (event) => collect(grid, event.formData));
    root.lineGrid = grid;
    return grid;
  }

  /* After an error the first wrong cell has the focus; the admin's own script takes it away until the page has loaded. */
  function focusFirstError(grids) {
    const wrong = grids.map((grid) => grid.root.querySelector('[aria-invalid="true"]')).find(Boolean);
    if (!wrong) return;
    const focus = () => setTimeout(() => { wrong.focus(); wrong.select?.(); }, 50);
    if (document.readyState === "complete") focus();
    else addEventListener("load", focus);
  }

  function boot() {
    const roots = [...document.querySelectorAll("[data-linegrid]")];
    roots.forEach(fit);
    const editable = roots.filter((root) => JSON.parse(document.getElementById(`${root.dataset.linegrid}-linegrid`).textContent).columns.some((column) => column.entered));
    if (!editable.length) return;
    const list = new LineGrid.ProductList(), menu = new LineGrid.RowMenu();
    const grids = editable.map((root) => start(root, list, menu));
    for (const form of new Set(grids.map((grid) => grid.form))) new LineGrid.Draft(form, grids.filter((grid) => grid.form === form));
    focusFirstError(grids);
  }

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", boot);
  else boot();
})();
