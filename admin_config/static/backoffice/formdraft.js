"use strict";
/* Unsaved entries survive a closed browser: a snapshot of the form on this computer, under the person and the record.
 *
 * The snapshot carries the form's token. The server sends the token of a saved form back in a cookie; that drops the snapshot.
 * A restored form is sent with the snapshot's token, so that one saved before its answer got lost is not saved twice.
 */
(() => {
  const PAUSE_MS = 500, KEPT_DAYS = 14, COOKIE = "saved_drafts", PREFIX = "draft";
  const IGNORED = new Set(["csrfmiddlewaretoken", "next", "_popup", "_then"]);
  const IGNORED_TYPES = new Set(["submit", "button", "reset", "file", "password"]);

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

  const isTick = (control) => control.type === "checkbox" || control.type === "radio";
  /* A password stays one while it is shown. */
  const isPassword = (control) => /password/.test(control.autocomplete ?? "") || control.parentElement?.querySelector(":scope > [data-show-password]");
  const isKept = (control) => control.name && !control.disabled && !IGNORED.has(control.name) && !IGNORED_TYPES.has(control.type) && !isPassword(control);

  function read(control) {
    if (isTick(control)) return [control.value, control.checked];
    if (control.tagName === "SELECT") return [...control.selectedOptions].map((option) => [option.value, option.text]);
    if (control.matches("[data-key]")) return [control.value, control.parentElement.querySelector("[data-picker]")?.value ?? ""];
    return control.value;
  }

  function write(control, value) {
    if (control.matches("[data-key]")) globalThis.backoffice?.take(control.name, ...value, control.form);   // a key with its text
    else if (isTick(control)) control.checked = value[1];
    else if (control.tagName === "SELECT") {
      const chosen = new Set(value.map(([key]) => key));
      for (const [key, text] of value) if (![...control.options].some((option) => option.value === key)) control.add(new Option(text, key));
      for (const option of control.options) option.selected = chosen.has(option.value);
      control.dataset.touched = "1";
    } else control.value = value;
  }

  /* What every kept form does. A kind of form says `snapshot()`, `bring(draft)`, `told(draft)`, and where it speaks: `say(text)`. */
  class KeptForm {
    constructor(form, { user, document: record, version }, token, texts, banner) {
      Object.assign(this, { form, token, version, texts, banner, isChanged: false, place: `${PREFIX}:${user}:${record}` });
    }

    start(isBound) {
      const { form } = this;
      clean();
      if (!isBound) this.offer();
      form.addEventListener("input", () => this.later());
      form.addEventListener("change", () => this.later());
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
        const draft = { token: this.token.value, version: this.version, time: Date.now(), ...this.snapshot() };
        localStorage.setItem(this.key, JSON.stringify(draft));
        this.say(this.texts.saved_here.replace("{time}", spoken(draft.time)), true);
      } catch {
        this.isRefused = true;
        this.say(this.texts.not_kept);
      }
    }

    /* The controls outside the rows whose names begin with one of the prefixes. */
    headControls(prefixes) {
      const isHead = (control) => isKept(control) && control !== this.token && !prefixes.some((prefix) => control.name.startsWith(`${prefix}-`));
      return [...this.form.elements].filter(isHead);
    }

    headOf(prefixes) { return this.headControls(prefixes).map((control) => [control.name, read(control)]); }

    /* ---- bringing back ---- */

    offer() {
      const drafts = keys().filter((key) => key.startsWith(`${this.place}:`)).map((key) => ({ key, ...stored(key) }));
      const newest = drafts.sort((one, other) => other.time - one.time)[0];
      if (!newest || !this.banner) return;
      const { texts, banner } = this;
      banner.textContent = this.told(newest, spoken(newest.time, { dateStyle: "medium" }));
      if (newest.version !== this.version) banner.append(` ${texts.draft_outdated}`);
      const answer = (label, look, deed) => {
        const button = Object.assign(document.createElement("button"), { type: "button", className: look, textContent: label });
        button.addEventListener("click", () => { banner.hidden = true; deed(); });
        banner.append(" ", button);
      };
      answer(texts.restore, this.buttonLook, () => this.restore(newest));
      answer(texts.discard, this.buttonLook, () => { drop(newest.key); this.offer(); });
      banner.hidden = false;
    }

    restore(draft) {
      this.isPaused = true;
      this.token.value = draft.token;
      this.bring(draft);
      this.isPaused = false;
      this.later();
    }

    /* Write the head, and do `then` with every control that was written. */
    writeHead(prefixes, head, then) {
      for (const control of this.headControls(prefixes)) {
        const kept = head.find(([name, value]) => name === control.name && (!isTick(control) || value[0] === control.value));
        if (!kept) continue;
        write(control, kept[1]);
        then?.(control);
      }
    }
  }

  /* A record: its fields, and the rows of its parts. Stored rows are known by their id, new ones are added again. */
  class RecordDraft extends KeptForm {
    buttonLook = "button";

    constructor(form) {
      const config = JSON.parse(form.dataset.draft);
      super(form, config, form.elements[config.token], config.texts, document.querySelector("[data-draft-banner]"));
      this.state = document.querySelector("[data-unsaved-text]");
      form.addEventListener("click", (event) => { if (event.target.closest("[data-add-row], [data-drop-row]")) this.later(); });
      this.start(config.bound);
    }

    say(text, isKeptHere) {
      if (!this.state) return;
      if (isKeptHere) this.state.title = text;
      else Object.assign(this.state, { textContent: text, hidden: false });
    }

    told(_draft, time) { return this.texts.draft_of_form.replace("{time}", time); }

    get parts() { return [...this.form.querySelectorAll("[data-rows]")]; }
    get prefixes() { return this.parts.map((part) => part.dataset.rows); }

    /* [[row, [[name within the row, control]]]] of a part, without what was dropped. */
    rowsOf(part) {
      const start = part.dataset.rows.length + 1, found = [];
      for (const row of part.querySelectorAll("tbody tr:not([hidden])")) {
        const controls = [...row.querySelectorAll("[name]")].filter(isKept);
        if (controls.length) found.push([row, controls.map((control) => [control.name.slice(start).replace(/^\d+-/, ""), control])]);
      }
      return found;
    }

    isNew(row) { return row.classList.contains("is-new"); }
    keyOf(controls) { return controls.find(([name]) => name === "id")?.[1].value ?? ""; }

    snapshot() {
      const rows = this.parts.map((part) => [part.dataset.rows, this.rowsOf(part).map(([row, controls]) => ({
        id: this.isNew(row) ? "" : this.keyOf(controls),
        isNew: this.isNew(row),
        cells: controls.map(([name, control]) => [name, read(control), control.dataset.typed ?? ""]),
      }))]);
      return { head: this.headOf(this.prefixes), rows: Object.fromEntries(rows) };
    }

    bring(draft) {
      this.writeHead(this.prefixes, draft.head);
      for (const part of this.parts) this.writeRows(part, draft.rows[part.dataset.rows] ?? []);
      this.form.dispatchEvent(new CustomEvent("backoffice:restored", { bubbles: true }));
      this.form.dispatchEvent(new Event("change", { bubbles: true }));
      document.body.classList.add("is-changed");
      if (this.state) this.state.hidden = false;
    }

    writeRows(part, kept) {
      const present = this.rowsOf(part);
      for (const [row] of present) if (this.isNew(row)) row.querySelector("[data-drop-row]")?.click();
      for (const { id, isNew, cells } of kept) {
        if (isNew) part.querySelector("[data-add-row]")?.click();
        const [row, controls] = (isNew ? this.rowsOf(part).filter(([one]) => this.isNew(one)).at(-1)
          : present.find(([one, its]) => !this.isNew(one) && this.keyOf(its) === id)) ?? [];
        if (!row) continue;
        for (const [name, value, typed] of cells) {
          const control = controls.find(([its, one]) => its === name && (one.type !== "radio" || one.value === value[0]))?.[1];
          if (!control || (!isNew && name === "id")) continue;
          write(control, value);
          if (typed) control.dataset.typed = typed;
          if (isTick(control)) control.dispatchEvent(new Event("change", { bubbles: true }));
        }
      }
    }
  }

  globalThis.backoffice = Object.assign(globalThis.backoffice || {}, { KeptForm });
  clean();
  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector(".record-form[data-draft]");
    if (form && !form.querySelector("[data-linegrid]")) new RecordDraft(form);
  });
})();
