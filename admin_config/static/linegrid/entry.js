"use strict";
/* Hands: keyboard, scanner, clipboard, the row's menu, dragging. While an input method composes, every key belongs to it. */
(function () {
  const { Decimals, LineGrid } = globalThis;
  const SCANNER_MS = 35, SCANNER_KEYS = 3, BARCODE_LENGTH = 6;
  const DECIMALS = ["quantity", "price", "discount", "tax_rate", "amount"];
  const isComposing = (event) => event.isComposing || event.keyCode === 229;

  class Keyboard {
    constructor(grid, list) {
      Object.assign(this, { grid, list, lastKey: 0, fastKeys: 0, burst: "", before: null });
      grid.body.addEventListener("keydown", (event) => this.key(event));
    }

    key(event) {
      if (isComposing(event)) return;
      const control = event.target, { name } = control.dataset;
      if (!name) return;
      const row = control.closest("tr");
      this.time(event);
      const isDone = this.inList(event, control) || this.withModifier(event, row, control, name) || this.plain(event, row, control, name);
      if (isDone) event.preventDefault();
    }

    /* A scanner types faster than hands. `burst`: what came at one go, `before`: what stood in the cell until then. */
    time(event) {
      if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return;
      const isFast = event.timeStamp - this.lastKey < SCANNER_MS;
      if (!isFast) this.before = { value: event.target.value, source: this.grid.source(event.target.closest("tr")) };
      this.fastKeys = isFast ? this.fastKeys + 1 : 0;
      this.burst = isFast ? this.burst + event.key : event.key;
      this.lastKey = event.timeStamp;
    }

    get isScan() { return this.fastKeys >= SCANNER_KEYS; }

    inList(event, control) {
      const { list } = this;
      if (!list.isFor(control)) return false;
      switch (event.key) {
        case "ArrowDown": list.step(1); return true;
        case "ArrowUp": list.step(-1); return true;
        case "Escape": list.close(); event.stopPropagation(); return true;
        case "Enter":
          if (this.isScan) return false;
          list.choose(list.meant());
          return true;
        default: return false;
      }
    }

    withModifier(event, row, control, name) {
      const { grid } = this, hasControl = event.ctrlKey || event.metaKey;
      if (!hasControl || event.altKey) return false;
      if (event.shiftKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        const isUp = event.key === "ArrowUp";
        grid.move(row, grid.next(row, isUp ? -1 : 1), isUp);
        grid.focus(row, name);
        return true;
      }
      if (event.shiftKey) return false;
      if (event.key.toLowerCase() === "d") {
        const above = grid.next(row, -1);
        if (above) this.copyDown(above, row, control, name);
        return true;
      }
      if (event.key === "Delete") { grid.remove(row); return true; }
      return false;
    }

    copyDown(above, row, control, name) {
      const { grid } = this;
      grid.write(row, name, grid.text(above, name));
      control.dispatchEvent(new Event("input", { bubbles: true }));
      this.list.close();
      control.dispatchEvent(new Event("change", { bubbles: true }));
    }

    plain(event, row, control, name) {
      const { grid } = this;
      if (event.ctrlKey || event.metaKey || event.altKey) return false;
      switch (event.key) {
        case "Enter": this.enter(row, control, name, event.shiftKey); return true;
        case "Tab": return !event.shiftKey && this.tabFromEnd(row, control);
        case "ArrowDown": return control.type !== "date" && (this.down(row, name), true);
        case "ArrowUp": return control.type !== "date" && (grid.focus(grid.next(row, -1), name), true);
        case "ArrowRight": return this.isAtEnd(control) && this.sideways(row, control, 1);
        case "ArrowLeft": return this.isAtStart(control) && this.sideways(row, control, -1);
        case "Insert": this.insertAbove(row); return true;
        case "F7": grid.picker.open(); return true;
        default: return false;
      }
    }

    controls(row) { return [...row.querySelectorAll("td > input[data-name]:not([type=hidden]), td > select[data-name]")]; }

    isText(control) { return control.tagName === "INPUT" && control.type !== "checkbox" && control.type !== "date"; }

    isAtEnd(control) { return this.isText(control) ? control.selectionEnd === control.value.length : control.type !== "date"; }

    isAtStart(control) { return this.isText(control) ? control.selectionStart === 0 : control.type !== "date"; }

    sideways(row, control, step) {
      const controls = this.controls(row), neighbour = controls[controls.indexOf(control) + step];
      if (neighbour) this.grid.focus(row, neighbour.dataset.name);
      return Boolean(neighbour);
    }

    down(row, name) {
      const { grid } = this;
      grid.focus(grid.next(row) ?? (grid.isBlank(row) ? null : grid.addRow()), name);
    }

    tabFromEnd(row, control) {
      const { grid } = this;
      if (this.controls(row).at(-1) !== control || grid.next(row) || grid.isBlank(row)) return false;
      return grid.focus(grid.addRow(), "product");
    }

    insertAbove(row) {
      const { grid } = this, added = grid.addRow(row);
      if (added) grid.focus(added, "product");
    }

    enter(row, control, name, isBack) {
      const { grid } = this;
      if (isBack) return this.sideways(row, control, -1) || grid.focus(grid.next(row, -1), name);
      const isScan = this.isScan;
      this.fastKeys = 0;
      if (isScan && name !== "product" && this.burst.length >= BARCODE_LENGTH && grid.has("product") && this.isText(control)) return this.scanElsewhere(row, name);
      if (name === "product" && control.value.trim()) {
        this.list.close();
        if (isScan) return this.scan(row);
        if (!grid.isResolved(row)) grid.lookup.ask(row);
        if (grid.focus(row, "quantity")) return;
      }
      this.toNextEmpty(row, name);
    }

    /* A barcode scanned while another cell had the focus: the cell gets its text back, the code a row of its own. */
    scanElsewhere(row, name) {
      const { grid } = this, added = grid.lastBlank();
      grid.write(row, name, this.before.value);
      grid.compute(row, DECIMALS.includes(name) ? name : "");
      grid.write(row, "price_source", this.before.source);
      if (!added) return;
      grid.write(added, "product", this.burst);
      this.scan(added);
    }

    scan(row) {
      const { grid } = this;
      if (grid.text(row, "quantity") === "") grid.write(row, "quantity", "1");
      grid.lookup.ask(row, { scanned: true });
      grid.focus(grid.next(row) ?? grid.addRow(), "product");
    }

    /* Enter goes to the next cell that still needs something; where nothing is missing to a new row, else down. */
    toNextEmpty(row, name) {
      const { grid } = this, rows = grid.rows;
      const names = grid.entered.map((column) => column.name), needed = names.filter((one) => ["product", "quantity", "price"].includes(one));
      for (let index = rows.indexOf(row); index < rows.length; index++) {
        const isHere = rows[index] === row;
        if (isHere && name === "product" && grid.isBlank(row)) return;
        for (const one of needed) {
          if (isHere && names.indexOf(one) <= names.indexOf(name)) continue;
          if (this.isMissing(rows[index], one)) return grid.focus(rows[index], one);
        }
      }
      if (!grid.focus(grid.addRow(), "product")) grid.focus(grid.next(row), name);
    }

    isMissing(row, name) {
      const { grid } = this;
      if (grid.text(row, name) !== "") return false;
      const isAnswerComing = name === "price" && row.getAttribute("aria-busy") === "true";
      return !isAnswerComing && !(name === "price" && grid.text(row, "is_gift") === "on");
    }
  }

  /* What is typed changes sums, prices and marks. */
  class Entries {
    constructor(grid, list) {
      Object.assign(this, { grid, list });
      grid.body.addEventListener("input", (event) => this.input(event));
      grid.body.addEventListener("compositionend", (event) => this.input(event));
      grid.body.addEventListener("change", (event) => this.change(event));
      grid.body.addEventListener("focusout", (event) => { if (list.isFor(event.target)) list.close(); });
    }

    input(event) {
      const { grid } = this, { name } = event.target.dataset, row = event.target.closest("tr");
      if (!name || event.isComposing) return;
      grid.mark(row, name, "");
      if (name === "product") {
        grid.lookup.forget(row);
        grid.state(row).resolved = "";
        grid.write(row, "price_source", LineGrid.RULE);
        this.list.search(grid, row);
      }
      if (name === "price") grid.write(row, "price_source", "manual");
      if (name === "product") grid.describe(row, null);
      if (name === "price") grid.warn(row, false);
      if (DECIMALS.includes(name)) grid.compute(row, name);
      if (!grid.next(row) && !grid.isBlank(row)) grid.addRow();
      grid.touched();
    }

    change(event) {
      const { grid } = this, control = event.target, { name } = control.dataset, row = control.closest("tr");
      if (!name) return;
      if (DECIMALS.includes(name) && control.value.trim()) {
        if (Decimals.parse(control.value)) control.value = Decimals.plain(control.value);
        else return grid.mark(row, name, grid.texts.not_a_number);
      }
      if (name === "price" && control.value.trim() === "") grid.write(row, "price_source", LineGrid.RULE);   // emptied: the rule again
      if (name === "is_gift" || name === "amount") grid.compute(row, "left");    // the amount that this price really gives
      if (name === "is_exempt" || name === "tax_rate") this.tax(row, name);
      const asks = name === "product" ? !grid.isResolved(row) && !this.list.isFor(control) : ["quantity", "unit", "price", "amount", "discount", "warehouse"].includes(name);
      if (asks) grid.lookup.ask(row);
      grid.touched();
    }

    /* An exempt line shows a rate of 0; one that is so no longer takes the product's. */
    tax(row, name) {
      const { grid } = this, { product } = grid.state(row);
      if (grid.isExempt(row)) grid.write(row, "tax_rate", "0");
      else if (name === "is_exempt") {
        grid.write(row, "tax_rate", product?.tax_rate ?? "");
        if (!product) grid.lookup.ask(row);
      }
      grid.compute(row, "tax_rate");
    }
  }

  /* Rows of a text copied from a spreadsheet: cells by tabs, quoted cells may hold line breaks. */
  function cellsOf(text) {
    const rows = [[]], source = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
    let cell = "", isQuoted = false;
    const close = () => { rows.at(-1).push(cell.trim()); cell = ""; };
    for (let index = 0; index < source.length; index++) {
      const character = source[index];
      if (isQuoted) {
        if (character !== '"') cell += character;
        else if (source[index + 1] === '"') { cell += '"'; index++; }
        else isQuoted = false;
      } else if (character === '"' && cell === "") isQuoted = true;
      else if (character === "\t") close();
      else if (character === "\n") { close(); rows.push([]); }
      else cell += character;
    }
    close();
    return rows.filter((row) => row.some((one) => one !== ""));
  }

  class Clipboard {
    constructor(grid, list) {
      Object.assign(this, { grid, list });
      grid.body.addEventListener("paste", (event) => this.paste(event));
    }

    paste(event) {
      const { name } = event.target.dataset, text = event.clipboardData?.getData("text/plain") ?? "";
      if (!name || !/[\t\n]/.test(text.replace(/[\r\n]+$/, ""))) return;
      event.preventDefault();
      this.list.close();
      const block = cellsOf(text), names = this.namesOf(block, name);
      this.fill(event.target.closest("tr"), block, names);
    }

    /* Which column each pasted column is for; takes a heading row out of the block. null: ignored. */
    namesOf(block, start) {
      const { grid } = this, normal = (text) => text.toLowerCase().replace(/\s/g, "");
      const byLabel = new Map(grid.entered.map((column) => [normal(column.label), column.name]));
      const headings = block[0].map((text) => byLabel.get(normal(text)) ?? null);
      if (headings.includes("product") || headings.filter(Boolean).length > 1) { block.shift(); return headings; }
      if (start !== "product") {
        const names = grid.entered.map((column) => column.name);
        return names.slice(names.indexOf(start));
      }
      if (block.length > 1 && block[0].length > 1 && !block[0].some((text) => Decimals.parse(text)) && block[1].some((text) => Decimals.parse(text))) block.shift();
      return this.guessed(block);
    }

    /* Without headings: the first column is the product, numbers are quantity, price and discount, short words the unit. */
    guessed(block) {
      const { grid } = this, width = Math.max(...block.map((row) => row.length)), numbers = ["quantity", "price", "discount"].filter((name) => grid.has(name));
      let isUnitFree = grid.has("unit");
      return Array.from({ length: width }, (_none, index) => {
        if (index === 0) return "product";
        const filled = block.map((row) => row[index]).filter(Boolean);
        if (filled.length && filled.every((text) => Decimals.parse(text))) return numbers.shift() ?? null;
        if (isUnitFree && filled.length && filled.every((text) => text.length <= 3)) { isUnitFree = false; return "unit"; }
        return null;
      });
    }

    fill(first, block, names) {
      const { grid } = this, used = new Set();
      let row = first, done = 0;
      for (const cells of block) {
        row ??= grid.addRow();
        if (!row) break;
        cells.forEach((text, index) => {
          const name = names[index], control = name && grid.cell(row, name);
          if (!control || text === "") return;
          grid.write(row, name, DECIMALS.includes(name) ? Decimals.plain(text) : text);
          grid.mark(row, name, DECIMALS.includes(name) && !Decimals.parse(text) ? grid.texts.not_a_number : "");
          used.add(name);
        });
        this.settle(row, cells, names);
        done++;
        row = grid.next(row);
      }
      if (grid.config.mayAdd) grid.lastBlank();
      const columns = grid.entered.filter((column) => used.has(column.name)).map((column) => column.label).join(", ");
      grid.say(done < block.length
        ? grid.texts.too_many.replace("{count}", grid.config.mostRows).replace("{rest}", block.length - done)
        : grid.texts.pasted.replace("{count}", done).replace("{columns}", columns));
      grid.touched();
    }

    /* A pasted price is a person's price; a pasted amount gives the price. */
    settle(row, cells, names) {
      const { grid } = this, filled = new Set(names.filter((name, index) => name && cells[index]));
      if (filled.has("product")) { grid.state(row).resolved = ""; grid.write(row, "price_source", LineGrid.RULE); }
      if (filled.has("price")) grid.write(row, "price_source", "manual");
      grid.compute(row, filled.has("amount") && !filled.has("price") ? "amount" : "");
      if (filled.has("product") && grid.text(row, "quantity") === "") grid.write(row, "quantity", "1");
      if (filled.size) grid.lookup.ask(row, { pasted: true });
    }
  }

  /* The menu of a row, opened at its number; one for the whole page. */
  class RowMenu {
    constructor() {
      this.element = document.createElement("div");
      Object.assign(this.element, { className: "lg-menu", role: "menu", popover: "auto" });
      document.body.append(this.element);
      this.element.addEventListener("keydown", (event) => {
        if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
        event.preventDefault();
        const items = [...this.element.children], at = items.indexOf(document.activeElement);
        items[(at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length].focus();
      });
    }

    open(grid, row, button) {
      const first = grid.entered[0].name, above = grid.next(row, -1), below = grid.next(row);
      const deeds = [
        [grid.texts.move_up, above && (() => { grid.move(row, above, true); grid.focus(row, first); })],
        [grid.texts.move_down, below && (() => { grid.move(row, below, false); grid.focus(row, first); })],
        [grid.texts.insert, grid.config.mayAdd && (() => grid.focus(grid.addRow(row), "product"))],
        [grid.texts.delete, row.querySelector(".lg-remove") && (() => grid.remove(row))],
      ];
      this.element.replaceChildren(...deeds.filter(([, deed]) => deed).map(([label, deed]) => {
        const item = document.createElement("button");
        Object.assign(item, { type: "button", role: "menuitem", textContent: label });
        item.addEventListener("click", () => { this.element.hidePopover(); deed(); });
        return item;
      }));
      this.element.showPopover();
      const place = button.getBoundingClientRect();
      this.element.style.left = `${place.left}px`;
      this.element.style.top = `${place.bottom + this.element.offsetHeight > innerHeight ? place.top - this.element.offsetHeight : place.bottom}px`;
      this.element.firstElementChild?.focus();
    }
  }

  /* Buttons and dragging. */
  class Mouse {
    constructor(grid, menu) {
      const { body, root } = grid;
      let dragged = null, fresh = null;
      // The first click into a cell selects its text, so that typing replaces it; the second one sets the caret.
      body.addEventListener("focusin", (event) => { fresh = event.target; if (fresh.matches("input[data-name]:not([type=checkbox])")) fresh.select(); });
      body.addEventListener("click", (event) => { if (event.target === fresh && fresh.matches("input[data-name]:not([type=checkbox])")) fresh.select(); fresh = null; });
      root.addEventListener("click", (event) => {
        const action = event.target.closest("[data-action]")?.dataset.action, row = event.target.closest(".lg-row");
        if (action === "add") grid.focus(grid.lastBlank(), "product");
        else if (action === "pick") grid.picker.open();
        else if (action === "pick-close") grid.picker.close();
        else if (action === "pick-add") grid.picker.add();
        else if (action === "round") grid.roundOff();
        else if (event.target.closest(".lg-remove") && row) grid.remove(row);
        else if (event.target.closest("button.lg-position") && row) menu.open(grid, row, event.target);
      });
      body.addEventListener("dragstart", (event) => {
        dragged = event.target.closest?.(".lg-position")?.closest("tr") ?? null;
        if (!dragged) return;
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", "");
        dragged.classList.add("lg-dragged");
      });
      body.addEventListener("dragover", (event) => {
        const row = event.target.closest("tr");
        if (!dragged || !row) return;
        event.preventDefault();
        const box = row.getBoundingClientRect();
        grid.move(dragged, row, event.clientY < box.top + box.height / 2);
      });
      body.addEventListener("dragend", () => { dragged?.classList.remove("lg-dragged"); dragged = null; });
    }
  }

  Object.assign(LineGrid, { Keyboard, Entries, Clipboard, RowMenu, Mouse, cellsOf });
})();
