"use strict";
/* What the grid asks the server: products for many rows at once, a list while typing, a dialog to pick many. */
(function () {
  const { Decimals, LineGrid } = globalThis;
  const ITEMS_AT_ONCE = 500, GATHER_MS = 40, TYPING_MS = 120;

  async function answered(address, options) {
    const response = await fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" }, ...options });
    if (!response.ok || !(response.headers.get("Content-Type") ?? "").includes("json")) throw new Error(String(response.status));
    return (await response.json()).items;
  }

  const searched = (grid, text, signal) => answered(`${grid.config.search}?${new URLSearchParams({ q: text, ...grid.context() })}`, { signal });

  /* Questions of many rows gathered into one request. Only the newest answer for a row counts. */
  class Lookup {
    constructor(grid, list) {
      this.grid = grid;
      this.list = list;
      this.waiting = new Map();
      this.questions = 0;
    }

    /* Ask about a row. `scanned`: the same product elsewhere takes one more; `pasted`: several matches are marked, not listed. */
    ask(row, wishes = {}) {
      const { grid } = this;
      if (!grid.config.lookup || !grid.text(row, "product")) return;
      grid.state(row).question = ++this.questions;
      row.setAttribute("aria-busy", "true");
      this.waiting.set(row, { ...this.waiting.get(row), ...wishes });
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.send(), GATHER_MS);
    }

    /* Whatever is under way for this row no longer matters. */
    forget(row) {
      this.grid.state(row).question = ++this.questions;
      this.waiting.delete(row);
      row.removeAttribute("aria-busy");
    }

    async send() {
      const all = [...this.waiting];
      this.waiting.clear();
      for (let start = 0; start < all.length; start += ITEMS_AT_ONCE) await this.sendPart(all.slice(start, start + ITEMS_AT_ONCE));
    }

    async sendPart(part) {
      const { grid } = this;
      const asked = part.map(([row]) => grid.state(row).question);
      const items = part.map(([row], key) => ({
        key,
        text: grid.text(row, "product"),
        unit: grid.text(row, "unit"),
        quantity: Decimals.plain(grid.text(row, "quantity")),
        price: Decimals.plain(grid.text(row, "price")),
        discount: Decimals.plain(grid.text(row, "discount")),
        tax_rate: Decimals.plain(grid.text(row, "tax_rate")),
        warehouse: grid.text(row, "warehouse"),
      }));
      let answers;
      try {
        answers = await answered(grid.config.lookup, {
          method: "POST",
          headers: { "Content-Type": "application/json", "X-CSRFToken": grid.form.elements.csrfmiddlewaretoken.value },
          body: JSON.stringify({ ...grid.context(), items }),
        });
      } catch {
        part.forEach(([row]) => row.removeAttribute("aria-busy"));
        grid.say(grid.texts.unreachable);     // the server finds the products again when the form is saved
        return;
      }
      for (const answer of answers) {
        const [row, wishes] = part[answer.key];
        if (!row.isConnected || grid.state(row).question !== asked[answer.key]) continue;
        row.removeAttribute("aria-busy");
        if (answer.status === "ok") this.take(row, answer.products[0], wishes);
        else await this.miss(row, answer, wishes);
      }
      grid.touched();
    }

    /* Write what the server said of a product into its row. A price that a person gave stays. */
    take(row, product, { scanned = false } = {}) {
      const { grid } = this;
      if (scanned && this.addToOther(row, product)) return;
      const state = grid.state(row);
      grid.write(row, "product", product.code);
      Object.assign(state, { product, resolved: product.code });
      grid.mark(row, "product", "");
      this.offerUnits(row, product);
      const isOther = state.taxOf !== product.code;
      if (isOther) grid.write(row, "is_exempt", product.is_exempt);
      if (isOther || grid.text(row, "tax_rate") === "") grid.write(row, "tax_rate", product.tax_rate);
      state.taxOf = product.code;
      if (grid.isNew(row) && grid.text(row, "quantity") === "") grid.write(row, "quantity", "1");
      const follows = grid.source(row) === LineGrid.RULE && "price" in product;
      if (follows) {
        grid.write(row, "price", product.price && Decimals.text(Decimals.parse(product.price), 2));
        grid.mark(row, "price", product.price ? "" : grid.texts.no_price);
      }
      const price = grid.cell(row, "price");
      if (price) price.title = grid.source(row) === LineGrid.RULE && product.rule ? grid.texts.rule.replace("{rule}", product.rule) : "";
      grid.describe(row, follows ? { ...product, below_floor: false } : product);
      grid.compute(row);
    }

    offerUnits(row, product) {
      const select = this.grid.cell(row, "unit");
      if (!select) return;
      select.replaceChildren(...product.units.map((unit) => new Option(unit.name, unit.name)));
      select.value = product.unit;
    }

    /* A scanned product that stands in another row: that row takes the quantity, this one goes. */
    addToOther(row, product) {
      const { grid } = this;
      const other = grid.rows.find((one) => one !== row && grid.text(one, "product") === product.code
        && grid.text(one, "unit") === product.unit && grid.text(one, "is_gift") !== "on");
      if (!other || !grid.isNew(row)) return false;
      const quantity = Decimals.add(grid.number(other, "quantity"), grid.number(row, "quantity", Decimals.ONE));
      grid.write(other, "quantity", Decimals.text(quantity, 0));
      const hadFocus = row.contains(document.activeElement);
      row.remove();
      if (hadFocus) grid.focus(grid.lastBlank(), "product");
      grid.compute(other);
      this.ask(other);
      grid.renumber();
      grid.say(grid.texts.scanned.replace("{product}", product.name).replace("{quantity}", LineGrid.shown(quantity, 0)));
      return true;
    }

    /* No product, or several. Somebody who typed gets the list; a scan or a pasted row gets a mark. */
    async miss(row, answer, { scanned = false, pasted = false } = {}) {
      const { grid } = this;
      const text = grid.text(row, "product");
      let products = answer.products;
      if (!products.length && !scanned && !pasted) {
        const asked = grid.state(row).question;
        products = await searched(grid, text).catch(() => []);
        if (grid.state(row).question !== asked) return;
        if (products.length === 1) return this.take(row, products[0]);
      }
      Object.assign(grid.state(row), { product: null, resolved: "" });
      grid.describe(row, null);
      grid.mark(row, "product", (products.length ? grid.texts.several : grid.texts.not_found).replace("{text}", text));
      if (products.length && row.contains(document.activeElement)) {
        grid.focus(row, "product");
        this.list.show(grid, row, products);
      }
      grid.compute(row);
    }
  }

  /* The list of products below the cell being typed into; one for the whole page, above everything else. */
  class ProductList {
    constructor() {
      this.element = document.createElement("ul");
      Object.assign(this.element, { id: "lg-list", className: "lg-list", role: "listbox", popover: "manual" });
      document.body.append(this.element);
      this.close();
      this.element.addEventListener("mousedown", (event) => {
        event.preventDefault();       // the cell keeps the focus
        const option = event.target.closest("li");
        if (option) this.choose([...this.element.children].indexOf(option));
      });
      addEventListener("scroll", () => this.place(), { passive: true, capture: true });
    }

    get isOpen() { return this.products.length > 0; }

    isFor(control) { return this.isOpen && this.control === control; }

    show(grid, row, products) {
      if (!products.length) return this.close();
      Object.assign(this, { grid, row, products, control: grid.cell(row, "product"), current: 0 });
      this.element.replaceChildren(...products.map((product, index) => this.option(product, index)));
      this.element.showPopover();
      this.place();
      this.control.setAttribute("aria-expanded", "true");
      this.step(0);
    }

    option(product, index) {
      const option = document.createElement("li");
      Object.assign(option, { role: "option", id: `lg-option-${index}` });
      const parts = [["b", product.code], ["span", `${product.name} ${product.specification}`], ["small", this.grid.beside(product)], ["em", product.price ?? ""]];
      for (const [tag, text] of parts) {
        const part = document.createElement(tag);
        part.textContent = text;
        option.append(part);
      }
      return option;
    }

    place() {
      if (!this.isOpen) return;
      const cell = this.control.getBoundingClientRect(), { style } = this.element;
      const { offsetHeight: height, offsetWidth: width } = this.element;
      style.left = `${Math.max(4, Math.min(cell.left, innerWidth - width - 4))}px`;
      style.top = `${cell.bottom + height > innerHeight && cell.top > height ? cell.top - height : cell.bottom}px`;
    }

    step(by) {
      this.current = (this.current + by + this.products.length) % this.products.length;
      [...this.element.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === this.current)));
      this.control.setAttribute("aria-activedescendant", `lg-option-${this.current}`);
      this.element.children[this.current].scrollIntoView({ block: "nearest" });
    }

    /* Which product Enter means: the one whose code or barcode was typed in full, else the marked one. */
    meant() {
      const text = this.control.value.trim().toUpperCase();
      const exact = this.products.findIndex((product) => [product.code, ...product.units.map((unit) => unit.barcode)].some((code) => code && code.toUpperCase() === text));
      return exact >= 0 ? exact : this.current;
    }

    choose(index) {
      const { grid, row } = this, product = this.products[index];
      this.close();
      grid.lookup.forget(row);
      grid.write(row, "price_source", LineGrid.RULE);
      grid.write(row, "unit", "");
      grid.lookup.take(row, product);
      if (grid.text(row, "quantity") !== "1") grid.lookup.ask(row);   // another quantity may have another price
      grid.touched();
      if (!grid.focus(row, "quantity")) grid.focus(row, "product");
    }

    /* Search while somebody types. */
    search(grid, row) {
      this.stop();
      const control = grid.cell(row, "product"), text = control.value.trim();
      if (!text || !grid.config.search) return this.close();
      this.timer = setTimeout(async () => {
        this.request = new AbortController();
        try {
          const products = await searched(grid, text, this.request.signal);
          if (document.activeElement === control && control.value.trim() === text) this.show(grid, row, products);
        } catch (error) {
          if (error.name !== "AbortError") grid.say(grid.texts.unreachable);
        }
      }, TYPING_MS);
    }

    stop() {
      clearTimeout(this.timer);
      this.request?.abort();
    }

    close() {
      this.stop();
      this.products = [];
      this.control?.setAttribute("aria-expanded", "false");
      this.control?.removeAttribute("aria-activedescendant");
      if (this.element.matches(":popover-open")) this.element.hidePopover();
    }
  }

  /* The dialog that adds many products at once. */
  class Picker {
    constructor(grid) {
      this.grid = grid;
      this.dialog = grid.root.querySelector(".lg-picker");
      if (!this.dialog) return;
      this.found = this.dialog.querySelector(".lg-found");
      this.chosen = new Map();        // product id → {product, quantity}, kept while searching on
      const search = this.dialog.querySelector(".lg-search");
      search.addEventListener("input", (event) => { if (!event.isComposing) this.soon(search.value); });
      search.addEventListener("compositionend", () => this.soon(search.value));
      this.dialog.addEventListener("keydown", (event) => {
        event.stopPropagation();
        if (event.isComposing || event.keyCode === 229 || event.key !== "Enter" || event.target.tagName === "BUTTON") return;
        event.preventDefault();
        if (event.target === search) this.found.querySelector("input")?.focus();
        else this.add();
      });
      this.dialog.addEventListener("input", (event) => event.stopPropagation());
      this.dialog.addEventListener("change", (event) => event.stopPropagation());
    }

    open() {
      if (!this.dialog) return;
      this.chosen.clear();
      this.dialog.querySelector(".lg-search").value = "";
      this.dialog.showModal();
      this.fill("");
      this.count();
    }

    soon(text) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.fill(text), TYPING_MS);
    }

    async fill(text) {
      const asked = (this.asked = {});
      const products = await searched(this.grid, text).catch(() => null);
      if (asked !== this.asked) return;
      if (!products?.length) {
        const note = document.createElement("p");
        note.className = "lg-none";
        note.textContent = products ? this.grid.texts.nothing_found : this.grid.texts.unreachable;
        return this.found.replaceChildren(note);
      }
      this.found.replaceChildren(...products.map((product) => this.line(product)));
    }

    line(product) {
      const line = document.createElement("label"), [tick, quantity] = [document.createElement("input"), document.createElement("input")];
      const before = this.chosen.get(product.id);
      Object.assign(tick, { type: "checkbox", checked: Boolean(before) });
      Object.assign(quantity, { className: "lg-pick-quantity", inputMode: "decimal", autocomplete: "off", value: before?.quantity ?? "" });
      quantity.setAttribute("aria-label", `${this.grid.column("quantity")?.label ?? ""} ${product.code}`);
      const keep = () => {
        if (tick.checked) this.chosen.set(product.id, { product, quantity: quantity.value.trim() });
        else this.chosen.delete(product.id);
        this.count();
      };
      tick.addEventListener("change", keep);
      quantity.addEventListener("input", () => { tick.checked = quantity.value.trim() !== ""; keep(); });
      line.append(tick);
      for (const [tag, text] of [["b", product.code], ["span", `${product.name} ${product.specification}`], ["small", this.grid.beside(product)], ["em", product.price ?? ""]]) {
        const part = document.createElement(tag);
        part.textContent = text;
        line.append(part);
      }
      line.append(quantity);
      return line;
    }

    count() { this.dialog.querySelector(".lg-chosen").textContent = this.grid.texts.lines.replace("{count}", this.chosen.size); }

    close() { this.dialog.close(); }

    add() {
      const { grid } = this;
      let last = null;
      for (const { product, quantity } of this.chosen.values()) {
        const row = grid.firstBlank();
        if (!row) break;
        grid.write(row, "quantity", Decimals.plain(quantity) || "1");
        grid.lookup.take(row, product);
        if (quantity && quantity !== "1") grid.lookup.ask(row);
        last = row;
      }
      this.close();
      if (!last) return;
      grid.say(grid.texts.added.replace("{count}", this.chosen.size));
      grid.lastBlank();
      grid.touched();
      grid.focus(last, "quantity");
    }
  }

  Object.assign(LineGrid, { Lookup, ProductList, Picker });
})();
