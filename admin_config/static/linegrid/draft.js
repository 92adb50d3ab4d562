"use strict";
/* Unsaved entries survive a closed browser: a snapshot of the form on this computer, under the person and the document.
 *
 * The snapshot carries the form's token. The server sends the token of a saved form back in a cookie; that drops the snapshot.
 * A restored form is sent with the snapshot's token, so that one saved before its answer got lost is not saved twice.
 */
(function () {
  const { LineGrid } = globalThis;
  const PAUSE_MS = 500, KEPT_DAYS = 14, COOKIE = "saved_drafts", PREFIX = "draft";
  const IGNORED = new Set(["csrfmiddlewaretoken", "next", "_popup"]);

  function newToken() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /* A moment as the page writes it: its language, the day before the month in English, 24 hours. */
  const language = document.documentElement.lang || "en";
  const clock = { timeStyle: "short", hourCycle: "h23" };
  const spoken = (moment, how) => new Date(moment).toLocaleString(language === "en" ? "en-GB" : language, { ...clock, ...how });

  const stored = (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
  const keys = () => { try { return Object.keys(localStorage).filter((key) => key.startsWith(`${PREFIX}:`)); } catch { return []; } };
  const drop = (key) => { try { localStorage.removeItem(key); } catch { /* nothing is kept where storage is forbidden */ } };

  /* Drop what the server says is saved, and what is too old to matter. */
  function clean() {
    const saved = new Set((new RegExp(`(?:^|; )${COOKIE}=([^;]*)`).exec(document.cookie)?.[1] ?? "").split("."));
    const oldest = Date.now() - KEPT_DAYS * 86400000;
    for (const key of keys()) {
      const draft = stored(key);
      if (!draft || saved.has(draft.token) || draft.time < oldest) drop(key);
    }
    document.cookie = `${COOKIE}=; path=/; max-age=0; samesite=lax`;
  }

  class Draft {
    constructor(form, grids) {
      Object.assign(this, { form, grids, config: grids[0].config, isChanged: false });
      const { name, value } = this.config.token;
      this.token = form.elements[name];
      if (!this.token) {
        this.token = Object.assign(document.createElement("input"), { type: "hidden", name });
        form.append(this.token);
      }
      this.token.value ||= value || newToken();
      const { user, document: of, version } = this.config.draft;
      this.version = version;
      this.place = `${PREFIX}:${user}:${of}`;
      clean();
      if (!this.config.bound) this.offer();
      form.addEventListener("input", () => this.later());
      form.addEventListener("change", () => this.later());
      for (const grid of grids) grid.changed.push(() => this.later());
      addEventListener("pagehide", () => this.keepNow());
      addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") this.keepNow(); });
      addEventListener("beforeunload", (event) => { this.keepNow(); if (this.isRefused) event.preventDefault(); });
      document.addEventListener("click", (event) => { if (event.target.closest("[data-discard]")) this.forget(); });
      form.addEventListener("submit", () => { this.keepNow(); this.isRefused = false; });
    }

    get key() { return `${this.place}:${this.token.value}`; }

    /* ---- keeping ---- */

    later() {
      if (this.isPaused) return;
      this.isChanged = true;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.keepNow(), PAUSE_MS);
    }

    /* The person threw the entries away. */
    forget() {
      clearTimeout(this.timer);
      Object.assign(this, { isChanged: false, isRefused: false });
      drop(this.key);
    }

    keepNow() {
      clearTimeout(this.timer);
      if (!this.isChanged) return;
      this.isChanged = false;
      try {
        localStorage.setItem(this.key, JSON.stringify(this.snapshot()));
        const time = spoken(Date.now());
        if (!this.grids[0].status.textContent) this.grids[0].say(this.config.texts.saved_here.replace("{time}", time));
      } catch {
        this.isRefused = true;
        this.grids[0].say(this.config.texts.not_kept);
      }
    }

    snapshot() {
      return {
        token: this.token.value,
        version: this.version,
        time: Date.now(),
        head: this.headControls().map((control) => [control.name, this.valueOf(control)]),
        grids: Object.fromEntries(this.grids.map((grid) => [grid.prefix, this.rowsOf(grid)])),
      };
    }

    /* The controls of the form outside the grids. */
    headControls() {
      const prefixes = this.grids.map((grid) => `${grid.prefix}-`);
      return [...this.form.elements].filter((control) => control.name && control !== this.token && !IGNORED.has(control.name)
        && !["submit", "button", "file", "password"].includes(control.type) && !prefixes.some((prefix) => control.name.startsWith(prefix)));
    }

    valueOf(control) {
      if (control.type === "checkbox" || control.type === "radio") return [control.value, control.checked];
      if (control.tagName === "SELECT") return [...control.selectedOptions].map((option) => [option.value, option.text]);
      if (control.matches("[data-key]")) return [control.value, control.parentElement.querySelector("[data-picker]")?.value ?? ""];
      return control.value;
    }

    rowsOf(grid) {
      const names = [...grid.entered.map((column) => column.name), "price_source"];
      return [...grid.body.rows].filter((row) => !grid.isBlank(row) && !(grid.isNew(row) && row.hidden)).map((row) => ({
        id: grid.isNew(row) ? "" : grid.text(row, "id"),
        isDeleted: row.hidden,
        cells: names.map((name) => [name, grid.text(row, name)]),
      }));
    }

    /* ---- bringing back ---- */

    offer() {
      const drafts = keys().filter((key) => key.startsWith(`${this.place}:`)).map((key) => ({ key, ...stored(key) }));
      const newest = drafts.sort((one, other) => other.time - one.time)[0];
      if (!newest) return;
      const { texts } = this.config, banner = this.grids[0].root.querySelector(".lg-banner");
      const count = Object.values(newest.grids).reduce((sum, rows) => sum + rows.length, 0);
      const time = spoken(newest.time, { dateStyle: "medium" });
      banner.textContent = texts.draft.replace("{time}", time).replace("{count}", count);
      if (newest.version !== this.version) banner.append(` ${texts.draft_outdated}`);
      const answer = (label, deed) => {
        const button = Object.assign(document.createElement("button"), { type: "button", className: "lg-button", textContent: label });
        button.addEventListener("click", () => { banner.hidden = true; deed(); });
        banner.append(button);
      };
      answer(texts.restore, () => this.restore(newest));
      answer(texts.discard, () => { drop(newest.key); this.offer(); });
      banner.hidden = false;
    }

    restore(draft) {
      this.isPaused = true;
      this.token.value = draft.token;
      for (const control of this.headControls()) this.writeHead(control, draft.head);
      for (const grid of this.grids) if (draft.grids[grid.prefix]) this.writeRows(grid, draft.grids[grid.prefix]);
      this.isPaused = false;
      this.later();
    }

    writeHead(control, head) {
      const isTick = control.type === "checkbox" || control.type === "radio";
      const kept = head.find(([name, value]) => name === control.name && (!isTick || value[0] === control.value));
      if (!kept) return;
      const [, value] = kept;
      if (control.matches("[data-key]")) return globalThis.backoffice?.take(control.name, ...value, this.form);   // a key with its text
      if (isTick) control.checked = value[1];
      else if (control.tagName === "SELECT") {
        const chosen = new Set(value.map(([key]) => key));
        for (const [key, text] of value) if (![...control.options].some((option) => option.value === key)) control.add(new Option(text, key));
        for (const option of control.options) option.selected = chosen.has(option.value);
      } else control.value = value;
      control.dispatchEvent(new Event("change", { bubbles: true }));
      globalThis.django?.jQuery?.(control).trigger("change.select2");
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
