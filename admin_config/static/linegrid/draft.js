"use strict";
/* The draft of a document: its head and the lines of its grids. See backoffice/formdraft.js for how drafts are kept. */
(function () {
  const { LineGrid } = globalThis;

  function newToken() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  class Draft extends globalThis.backoffice.KeptForm {
    buttonLook = "lg-button";

    constructor(form, grids) {
      const { config, root } = grids[0], { name, value } = config.token;
      let token = form.elements[name];
      if (!token) {
        token = Object.assign(document.createElement("input"), { type: "hidden", name });
        form.append(token);
      }
      token.value ||= value || newToken();
      super(form, config.draft, token, config.texts, root.querySelector(".lg-banner"));
      this.grids = grids;
      for (const grid of grids) grid.changed.push(() => this.later());
      this.start(config.bound);
    }

    say(text, isKeptHere) { if (!isKeptHere || !this.grids[0].status.textContent) this.grids[0].say(text); }

    told(draft, time) {
      const count = Object.values(draft.grids).reduce((sum, rows) => sum + rows.length, 0);
      return this.texts.draft.replace("{time}", time).replace("{count}", count);
    }

    get prefixes() { return this.grids.map((grid) => grid.prefix); }

    snapshot() {
      return { head: this.headOf(this.prefixes), grids: Object.fromEntries(this.grids.map((grid) => [grid.prefix, this.rowsOf(grid)])) };
    }

    rowsOf(grid) {
      const names = [...grid.entered.map((column) => column.name), "price_source"];
      return [...grid.body.rows].filter((row) => !grid.isBlank(row) && !(grid.isNew(row) && row.hidden)).map((row) => ({
        id: grid.isNew(row) ? "" : grid.text(row, "id"),
        isDeleted: row.hidden,
        cells: names.map((name) => [name, grid.text(row, name)]),
      }));
    }

    bring(draft) {
      this.writeHead(this.prefixes, draft.head, (control) => {
        if (control.matches("[data-key]")) return;
        control.dispatchEvent(new Event("change", { bubbles: true }));
        globalThis.django?.jQuery?.(control).trigger("change.select2");
      });
      for (const grid of this.grids) if (draft.grids[grid.prefix]) this.writeRows(grid, draft.grids[grid.prefix]);
    }

    writeRows(grid, rows) {
      const known = new Map([...grid.body.rows].filter((row) => !grid.isNew(row)).map((row) => [grid.text(row, "id"), row]));
      for (const row of [...grid.body.rows]) if (grid.isNew(row)) row.remove();
      for (const { id, isDeleted, cells } of rows) {
        const row = id ? known.get(id) : grid.addRow();
        if (!row) continue;
        grid.body.append(row);
        for (const [name, value] of cells) grid.write(row, name, value);
        row.hidden = isDeleted;
        grid.write(row, "DELETE", isDeleted ? "on" : "");
        grid.state(row).resolved = "";
        grid.lookup.ask(row, { pasted: true });
      }
      if (grid.config.mayAdd) grid.lastBlank();
      grid.renumber();
      grid.sumUp();
    }
  }

  LineGrid.Draft = Draft;
})();
