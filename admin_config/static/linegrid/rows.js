"use strict";
/* The rows of one grid: finding cells, adding and removing rows, sums, marks and messages.
 *
 * The inputs of Django's formset are the state; nothing is kept twice. What a row knows beyond its inputs (the product found,
 * the number of its last question to the server) lies in `state(row)`.
 */
(function () {
  const { Decimals } = globalThis;
  const RULE = "rule", BACK = "back";
  const NUMBER = new Intl.NumberFormat(document.documentElement.lang || undefined).formatToParts(-1234567.5);
  const symbol = (type, fallback) => NUMBER.find((part) => part.type === type)?.value ?? fallback;
  const GROUP = symbol("group", ","), POINT = symbol("decimal", "."), MINUS = symbol("minusSign", "-");

  const withCommas = (text) => text.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));

  /* An exact decimal as the page's language writes it. */
  function shown(number, least) {
    const [whole, fraction] = Decimals.text(number, least).split(".");
    const grouped = whole.replace("-", MINUS).replace(/\B(?=(\d{3})+$)/g, GROUP);
    return fraction ? grouped + POINT + fraction : grouped;
  }

  class Grid {
    constructor(root) {
      this.root = root;
      this.prefix = root.dataset.linegrid;
      this.config = JSON.parse(document.getElementById(`${this.prefix}-linegrid`).textContent);
      this.texts = this.config.texts;
      this.form = root.closest("form");
      this.body = root.querySelector(".lg-body");
      this.blank = root.querySelector("template.lg-blank");
      this.status = root.querySelector(".lg-status");
      this.entered = this.config.columns.filter((column) => column.entered);
      this.totalForms = document.getElementById(`id_${this.prefix}-TOTAL_FORMS`);
      this.nextNumber = Number(this.totalForms.value);
      this.states = new WeakMap();
      this.changed = [];     // functions to call after an entry
      for (const row of this.body.rows) {
        const product = this.text(row, "product");
        Object.assign(this.state(row), { resolved: row.hasAttribute("data-new") ? "" : product, taxOf: product });   // its tax stands already
      }
    }

    /* ---- reading and writing cells ---- */

    state(row) {
      if (!this.states.has(row)) this.states.set(row, { cells: {}, product: null, resolved: "", question: 0 });
      return this.states.get(row);
    }

    /* The control of a cell, or undefined where the cell cannot be typed into. */
    cell(row, name) {
      const { cells } = this.state(row);
      return (cells[name] ??= row.querySelector(`input[data-name="${name}"], select[data-name="${name}"]`) ?? undefined);
    }

    has(name) { return this.entered.some((column) => column.name === name); }

    column(name) { return this.config.columns.find((column) => column.name === name); }

    /* The text of a cell, typed or shown. */
    text(row, name) {
      const control = this.cell(row, name);
      if (control) return control.type === "checkbox" ? (control.checked ? "on" : "") : control.value.trim();
      return row.querySelector(`td[data-name="${name}"]`)?.textContent.trim() ?? "";
    }

    write(row, name, value) {
      const control = this.cell(row, name);
      if (!control) return;
      if (control.type === "checkbox") control.checked = Boolean(value) && value !== "off";
      else {
        if (control.tagName === "SELECT" && value && ![...control.options].some((option) => option.value === value)) control.add(new Option(value, value));
        const isFilledUnderHand = control === document.activeElement && control.value === "";
        control.value = value ?? "";
        if (isFilledUnderHand && control.select) control.select();   // a default: the next key replaces it
      }
    }

    number(row, name, otherwise = Decimals.ZERO) { return Decimals.parse(this.text(row, name)) ?? otherwise; }

    isExempt(row) { return this.text(row, "is_exempt") === "on"; }

    source(row) { return this.text(row, "price_source") || RULE; }

    isResolved(row) { return this.text(row, "product") !== "" && this.text(row, "product") === this.state(row).resolved; }

    /* ---- rows ---- */

    get rows() { return [...this.body.rows].filter((row) => !row.hidden); }

    isNew(row) { return row.hasAttribute("data-new"); }

    /* True for a new row in which nothing was typed. */
    isBlank(row) {
      if (!this.isNew(row)) return false;
      return ["product", "quantity", "price", "amount", "remark"].every((name) => !this.cell(row, name)?.value.trim());
    }

    /* A new row at the end, or above `before`; null where no more may be added. */
    addRow(before = null) {
      if (!this.blank || this.rows.length >= this.config.mostRows) return null;
      const holder = document.createElement("tbody");
      holder.innerHTML = this.blank.innerHTML.replaceAll("__prefix__", this.nextNumber++);
      const row = holder.rows[0];
      this.body.insertBefore(row, before);
      this.totalForms.value = this.nextNumber;
      this.renumber();
      return row;
    }

    /* The blank row at the end, made where there is none. */
    lastBlank() {
      const last = this.rows.at(-1);
      return last && this.isBlank(last) ? last : this.addRow();
    }

    firstBlank() { return this.rows.find((row) => this.isBlank(row)) ?? this.addRow(); }

    next(row, step = 1) { const rows = this.rows; return rows[rows.indexOf(row) + step] ?? null; }

    move(row, other, isAbove) {
      if (!other || other === row) return;
      this.body.insertBefore(row, isAbove ? other : other.nextElementSibling);
      this.renumber();
      this.touched();
    }

    /* Take a row out; it can be brought back until something else is said. */
    remove(row) {
      if (!this.isNew(row) && !this.cell(row, "DELETE")) return;
      const number = this.rows.indexOf(row) + 1, neighbour = this.next(row) ?? this.next(row, -1);
      this.hide(row, true);
      this.say(this.texts.deleted.replace("{row}", number), this.texts.undo, () => {
        this.hide(row, false);
        this.focus(row, this.entered[0].name);
      });
      this.focus(neighbour?.isConnected && !neighbour.hidden ? neighbour : this.lastBlank(), this.entered[0].name);
    }

    hide(row, isHidden) {
      row.hidden = isHidden;
      this.write(row, "DELETE", isHidden ? "on" : "");
      if (isHidden && this.config.mayAdd) this.lastBlank();
      this.renumber();
      this.sumUp();
      this.touched();
    }

    renumber() {
      cancelAnimationFrame(this.renumbering);
      this.renumbering = requestAnimationFrame(() => this.rows.forEach((row, index) => { row.querySelector(".lg-position").textContent = index + 1; }));
    }

    focus(row, name) {
      const control = row && this.cell(row, name);
      if (!control) return false;
      control.focus();
      control.select?.();
      control.scrollIntoView({ block: "nearest", inline: "nearest" });
      return true;
    }

    /* Something was entered: the draft and others want to know. */
    touched() { for (const listener of this.changed) listener(this); }

    /* ---- the head of the document ---- */

    headerText(name) {
      const control = this.form.elements[name];
      if (control instanceof HTMLElement) return control.type === "checkbox" ? (control.checked ? "on" : "") : control.value;
      const stored = this.config.header[name];
      return stored === true ? "on" : stored === false ? "" : stored ?? "";
    }

    /* What prices depend on. */
    context() {
      const { partner } = this.config;
      return {
        partner: this.headerText(partner), currency: this.headerText("currency"), date: this.headerText("date"), warehouse: this.headerText("warehouse"),
        rate: this.headerText("rate"), includes_tax: this.headerText("prices_include_tax"),
      };
    }

    get places() { return this.config.currencies[this.headerText("currency")] ?? 2; }

    get includesTax() { return this.headerText("prices_include_tax") === "on"; }

    /* ---- sums ---- */

    line(row) {
      return {
        quantity: this.number(row, "quantity"),
        price: this.number(row, "price"),
        discount: this.number(row, "discount", Decimals.HUNDRED),
        taxRate: this.isExempt(row) ? Decimals.ZERO : this.number(row, "tax_rate"),
        isGift: this.text(row, "is_gift") === "on",
      };
    }

    /* Bring a row's amount in line with what was just entered; an entered amount gives the price. */
    compute(row, entered = "") {
      if (!this.column("amount")) return this.sumUp();
      const line = this.line(row);
      row.toggleAttribute("data-gift", line.isGift);
      if (entered === "amount" && !line.isGift) {
        const amount = Decimals.parse(this.text(row, "amount"));
        const price = amount && Decimals.priceFromAmount(amount, line.quantity, line.discount);
        if (price) {
          this.write(row, "price", Decimals.text(price, 2));
          this.write(row, "price_source", BACK);
        }
        return this.sumUp();
      }
      if (entered !== "price" && this.source(row) === BACK && ["quantity", "discount"].includes(entered)) this.write(row, "price_source", "manual");
      if (!entered && this.source(row) === BACK && document.activeElement === this.cell(row, "amount")) return this.sumUp();   // being typed
      const hasAmount = this.text(row, "quantity") !== "" && this.text(row, "price") !== "";
      const { amount } = Decimals.lineAmounts({ ...line, includesTax: this.includesTax, places: this.places });
      this.write(row, "amount", hasAmount || line.isGift ? withCommas(Decimals.text(amount)) : "");
      this.sumUp();
    }

    computeAll() { for (const row of this.rows) if (!this.isBlank(row)) this.compute(row); }

    /* The totals below the table, at the next paint. */
    sumUp() {
      cancelAnimationFrame(this.summing);
      this.summing = requestAnimationFrame(() => this.showTotals());
    }

    showTotals() {
      const rows = this.rows.filter((row) => !this.isBlank(row));
      const show = (name, value, least) => {
        const place = this.root.querySelector(`[data-total="${name}"]`);
        if (place) place.textContent = typeof value === "number" ? value : shown(value, least);
      };
      show("count", rows.length);
      show("quantity", Decimals.sum(rows.map((row) => this.number(row, "quantity"))), 0);
      if (!this.column("amount")) return;
      const discount = Decimals.parse(this.headerText("discount")) ?? Decimals.HUNDRED;
      const allowance = Decimals.parse(this.headerText("allowance")) ?? Decimals.ZERO;
      const { places } = this;
      const { totals } = Decimals.documentAmounts(rows.map((row) => this.line(row)), { discount, allowance, includesTax: this.includesTax, places });
      for (const name of ["amount", "net", "tax", "gross"]) show(name, Decimals.round(totals[name], places), places);
      const final = this.includesTax ? totals.gross : totals.net;
      const reduction = Decimals.subtract(final, totals.amount);
      show("reduction", Decimals.round(reduction, places), places);
      for (const part of this.root.querySelectorAll("[data-adjustment]")) part.hidden = Decimals.isZero(reduction);
    }

    /* The control of the whole document's allowance, where it can be typed into. */
    get allowance() { const control = this.form.elements.allowance; return control?.type === "text" || control?.type === "number" ? control : null; }

    /* 抹零: the allowance takes what stands behind the decimal point of the sum. */
    roundOff() {
      const rows = this.rows.filter((row) => !this.isBlank(row)), { places, includesTax } = this;
      const discount = Decimals.parse(this.headerText("discount")) ?? Decimals.HUNDRED;
      const { totals } = Decimals.documentAmounts(rows.map((row) => this.line(row)), { discount, allowance: Decimals.ZERO, includesTax, places });
      const sum = includesTax ? totals.gross : totals.net, allowance = Decimals.parse(this.allowance.value) ?? Decimals.ZERO;
      const final = Decimals.subtract(sum, allowance), whole = { digits: BigInt(Decimals.text(final).split(".")[0]), places: 0 };
      this.allowance.value = Decimals.text(Decimals.add(allowance, Decimals.subtract(final, whole)), 0);
      for (const kind of ["input", "change"]) this.allowance.dispatchEvent(new Event(kind, { bubbles: true }));
    }

    /* ---- marks and messages ---- */

    /* Show or take away what is wrong with a cell. */
    mark(row, name, message) {
      const control = this.cell(row, name);
      if (!control) return;
      const place = control.closest("td");
      let note = place.querySelector(".lg-error");
      place.classList.toggle("lg-wrong", Boolean(message));
      if (!message) {
        note?.remove();
        control.removeAttribute("aria-invalid");
        control.removeAttribute("aria-describedby");
        return;
      }
      if (!note) {
        note = document.createElement("div");
        note.className = "lg-error";
        note.id = `${control.name}-error`;
        place.append(note);
      }
      note.textContent = message;
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", note.id);
    }

    /* Name, stock and last price beside the product; empty where none is known. */
    describe(row, product) {
      const goods = row.querySelector(".lg-goods");
      if (!goods) return;
      const [name, specification, grey] = [goods.querySelector("span"), goods.querySelector("small"), goods.querySelector(".lg-beside")];
      name.textContent = product?.name ?? "";
      specification.textContent = product?.specification ?? "";
      name.parentElement.title = `${name.textContent} ${specification.textContent}`.trim();
      grey.textContent = grey.title = product ? this.beside(product) : "";
      this.warn(row, Boolean(product?.below_floor));
    }

    /* Mark a price that lies below the floor; it is allowed, but somebody has to approve it. */
    warn(row, isLow) {
      for (const place of [row.querySelector(".lg-goods"), this.cell(row, "price")?.closest("td")]) place?.classList.toggle("lg-warned", isLow);
    }

    beside(product) {
      const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");
      const parts = [];
      if (product.below_floor) parts.push(this.texts.below_floor);
      if (product.available) parts.push(fill(this.texts.available, product.available));
      if (product.last) parts.push(fill(this.texts.last, product.last));
      if (product.margin) parts.push(fill(this.texts.margin, product.margin));
      if (product.cost) parts.push(fill(this.texts.cost, product.cost));
      return parts.join(" · ");
    }

    /* One line to the person; with a verb and a deed it offers to take something back. */
    say(message, verb, deed) {
      this.status.textContent = message;
      if (!verb) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "lg-link";
      button.textContent = verb;
      button.addEventListener("click", () => { this.status.textContent = ""; deed(); });
      this.status.append(" ", button);
    }
  }

  globalThis.LineGrid = { Grid, shown, RULE };
})();
