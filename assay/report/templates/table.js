// The list of episodes: filter, sort, search and pages.

const PAGE = 50;
const NUMBERS = ["steps", "time"];
const several = about.runs.length > 1;
const served = about.mode === "server";

// `of` gives what a row is sorted by; a served page sorts by the same names in SQL.
const ORDERS = {
  ...(several && !served ? { flips: { label: "flipped first", of: (row) => (row.flipped ? 0 : 1) } } : {}),
  plan: { label: "environment and episode" },
  ...(served ? {} : { env: { label: "environment", of: (row) => about.envs[row.env].label } }),
  status: { label: "outcome", of: (row, run) => (row.out[run].passed ? -1 : row.out[run].status) },
  reason: { label: "reason", of: (row, run) => row.out[run].reason },
  steps: { label: "steps", of: (row, run) => row.out[run].steps, down: true },
  ret: { label: "return", of: (row, run) => row.out[run].ret, down: true },
  difficulty: { label: "difficulty", of: (row) => row.difficulty, down: true },
  tokens: { label: "tokens written", of: (row, run) => row.out[run].completion_tokens, down: true },
  ms: { label: "time", of: (row, run) => row.out[run].ms, down: true },
};

class List {
  constructor(source) {
    this.source = source;
    this.rows = [];
    this.total = this.offset = this.turn = 0;
    this.sort = { name: Object.keys(ORDERS)[0], down: false };
    this.form = $("filters");
    this.field = Object.fromEntries(
      ["run", "env", "status", "reason", "text", "sort", "flipped"].map((name) => [name, $(`f-${name}`)]));
    for (const [name, order] of Object.entries(ORDERS)) this.field.sort.append(make("option", { value: name }, order.label));
    if (served && several) this.field.flipped.checked = true;
    this.listen();
  }

  async start() {
    this.form.hidden = false;
    if (!served) this.offer(await this.source.names());
    await this.show();
  }

  /** Reasons to choose from. */
  offer(names) {
    for (const name of names) this.field.reason.append(make("option", { value: name }, name));
  }

  listen() {
    let timer = 0;
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", (event) => {
      clearTimeout(timer);
      if (event.target === this.field.sort) {
        const name = this.field.sort.value;
        this.sort = { name, down: Boolean(ORDERS[name].down) };
      }
      timer = setTimeout(() => this.show(), event.target === this.field.text ? (served ? 350 : 120) : 0);
    });
    this.form.addEventListener("reset", () => setTimeout(() => {
      this.sort = { name: this.field.sort.value, down: false };
      this.show();
    }));
  }

  get run() { return Number(this.field.run?.value ?? 0); }

  query() {
    const { env, status: wanted, reason, text, flipped } = this.field;
    return {
      run: this.run, env: env.value === "" ? "" : Number(env.value), status: wanted.value, reason: reason.value,
      text: text.value, flipped: Boolean(flipped?.checked), sort: this.sort,
    };
  }

  /** Set some filters, clear the others, and go to the list. */
  async choose(values) {
    this.form.reset();
    for (const [name, value] of Object.entries(values)) {
      if (name === "flipped") { if (this.field.flipped) this.field.flipped.checked = value; }
      else if (this.field[name]) this.field[name].value = value;
    }
    await new Promise((done) => setTimeout(done)); // after what a reset does by itself
    await this.show();
    $("episodes").focus({ preventScroll: true });
    $("episodes").scrollIntoView();
  }

  /** Show the page of rows that begins at `offset`. */
  async show(offset = 0, scan = 0) {
    const turn = (this.turn += 1);
    const query = this.query();
    if (served) $("found").textContent = "Looking …";
    let found;
    try {
      found = await this.source.page(query, offset, PAGE, scan);
    } catch (error) {
      if (turn === this.turn) $("found").replaceChildren(make("span", { class: "bad" }, error.message));
      return;
    }
    if (turn !== this.turn) return; // a later question was asked meanwhile
    Object.assign(this, { offset, rows: found.rows, total: found.total, run_shown: query.run, query_shown: query });
    this.draw();
    this.tell(found, query);
    this.pager(found);
  }

  tell(found, query) {
    const line = $("found");
    line.replaceChildren();
    const last = this.offset + this.rows.length;
    const range = this.rows.length ? `${number(this.offset + 1)} to ${number(last)} of ` : "";
    if (found.scanned != null) {
      const places = `${number(found.from + 1)} to ${number(found.scanned)} of ${number(found.total)}`;
      line.append(`${number(this.rows.length)} found; searched: episodes ${places}.`);
      if (found.next) line.append(make("button", { type: "button", onclick: () => this.show(0, found.next) }, "Search further"));
      return;
    }
    const some = found.total === 1 ? "1 episode" : `${found.capped ? "more than " : ""}${number(found.total)} episodes`;
    const order = this.sort.name === "flips" ? ", flipped first" : "";
    line.append(found.total ? `${range}${some}${order}.` : "No episode matches.");
    if (query.text && about.text_chars) line.append(` Prompts and answers are searched in their first and last parts, ${about.text_chars} characters each.`);
  }

  /** [name, heading, what it sorts by, run]. */
  columns() {
    const outcomes = several
      ? [["flip", "Flip", served ? null : "flips"],
        ...about.runs.map((label, run) => ["outcome", label, run === this.run ? "status" : null, run])]
      : [["outcome", "Outcome", "status", 0], ["reason", "Reason", "reason"]];
    return [
      ...(about.envs.length > 1 ? [["env", "Environment", served ? null : "env"]] : []),
      ["episode", "Episode", "plan"], ...outcomes, ["prompt", "Prompt", null],
      ...(several ? [] : [["answer", "Answer", null]]),
      ["steps", "Steps", "steps"], ["time", "Time", "ms"],
    ];
  }

  draw() {
    const columns = this.columns();
    const head = make("tr", {}, columns.map(([name, label, order]) => this.heading(name, label, order)));
    const body = make("tbody", {}, this.rows.map((row) => {
      const link = make("a", { href: address(row, this.run) }, row.sample ? `${row.episode}.${row.sample}` : `${row.episode}`);
      const line = make("tr", {
        onclick: (event) => { if (!event.target.closest("a") && !String(getSelection())) link.click(); },
      }, columns.map(([name, , , run]) => this.cell(row, name, link, run)));
      return line;
    }));
    const held = [...$("list").querySelectorAll("tbody a")].indexOf(document.activeElement);
    $("list").replaceChildren(make("thead", {}, head), body);
    if (held >= 0) { // a keyboard that was quicker than the search keeps its place
      const links = body.querySelectorAll("a");
      links[Math.min(held, links.length - 1)]?.focus({ preventScroll: true });
    }
    this.mark();
  }

  heading(name, label, order) {
    const cell = make("th", { scope: "col", class: `c-${name}${NUMBERS.includes(name) ? " num" : ""}` });
    if (!order) return put(cell, label) && cell;
    const sorted = this.sort.name === order;
    if (sorted) cell.setAttribute("aria-sort", this.sort.down ? "descending" : "ascending");
    cell.append(make("button", { type: "button", onclick: () => this.order(order) }, `${label}${sorted ? (this.sort.down ? " ↓" : " ↑") : ""}`));
    return cell;
  }

  order(name) {
    this.sort = this.sort.name === name
      ? { name, down: !this.sort.down } : { name, down: Boolean(ORDERS[name].down) };
    this.field.sort.value = name;
    this.show().then(() => $("list").querySelector("[aria-sort] button")?.focus());
  }

  cell(row, name, link, run) {
    const own = row.out[this.run];
    const texts = {
      env: () => SHORT[row.env],
      reason: () => own.reason,
      prompt: () => lastLines(row.prompt),
      answer: () => own.answer.slice(0, 200).replace(/\s+/g, " "),
      steps: () => number(own.steps),
      time: () => duration(own.ms),
    };
    const cell = make(name === "episode" ? "th" : "td", {
      class: `c-${name}${NUMBERS.includes(name) ? " num" : ""}`, scope: name === "episode" ? "row" : null,
    });
    if (name === "episode") cell.append(link);
    else if (name === "flip") cell.append(row.flipped ? make("span", { class: "flip", role: "img", "aria-label": "flipped" }, "⇄") : "");
    else if (name === "outcome") {
      const found = row.out[run];
      cell.append(found ? status(found.kind) : make("span", { class: "none" }, "not played"));
      if (several) cell.dataset.label = about.runs[run];
      if (found && several && found.reason) cell.title = found.reason;
    } else {
      put(cell, texts[name]());
      if (name === "env") cell.title = about.envs[row.env].label;
      else if (cell.textContent.length > 14) cell.title = cell.textContent.slice(0, 400);
    }
    return cell;
  }

  pager(found) {
    const nav = $("pager");
    nav.hidden = found.scanned != null || found.total <= PAGE;
    if (nav.hidden) return;
    const go = (label, offset, able) =>
      make("button", { type: "button", disabled: !able, onclick: () => this.show(offset).then(() => $("episodes").scrollIntoView()) }, label);
    const pages = Math.ceil(found.total / PAGE), page = Math.floor(this.offset / PAGE) + 1;
    nav.replaceChildren(
      go("First", 0, this.offset > 0), go("Previous", Math.max(0, this.offset - PAGE), this.offset > 0),
      make("span", {}, `page ${number(page)} of ${number(pages)}`),
      go("Next", this.offset + PAGE, page < pages), go("Last", (pages - 1) * PAGE, page < pages),
    );
  }

  place(row) {
    return this.rows.findIndex((r) => r.env === row.env && r.episode === row.episode && r.sample === row.sample);
  }

  /** The row `by` places after this one, turning pages as needed; null at either end. */
  async beside(row, by) {
    const at = row ? this.place(row) : -1;
    if (at < 0) return this.rows[0] ?? null;
    if (this.rows[at + by]) return this.rows[at + by];
    const offset = this.offset + by * PAGE;
    if (offset < 0 || offset >= this.total || $("pager").hidden) return null;
    await this.show(offset);
    return (by > 0 ? this.rows[0] : this.rows.at(-1)) ?? null;
  }

  /** Move the focus from row to row, for the keyboard. */
  async step(by) {
    const links = () => [...$("list").querySelectorAll("tbody a")];
    const at = links().indexOf(document.activeElement);
    if (at < 0) return links()[by > 0 ? 0 : links().length - 1]?.focus();
    const row = await this.beside(this.rows[at], by);
    if (row) links()[this.place(row)]?.focus();
  }

  mark(row = this.opened) {
    this.opened = row;
    const at = row ? this.place(row) : -1;
    $("list").querySelectorAll("tbody tr").forEach((line, i) => line.classList.toggle("open", i === at));
  }

  focus(row) { $("list").querySelectorAll("tbody a")[this.place(row)]?.focus(); }
}

/** Labels of environments as they fit in a column: without what all of them share. */
const SHORT = (() => {
  const labels = about.envs.map((env) => env.label);
  const bare = labels.map((label) => label.replace(/^assay\//, ""));
  const names = bare.map((label) => label.split("?")[0]);
  if (new Set(names).size === names.length) return names;
  return new Set(bare).size === bare.length ? bare : labels;
})();
const lastLines = (text) => text.split("\n").filter((line) => line.trim()).slice(-2).join(" ").slice(-300);
const duration = (ms) => (ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 1e5 ? 1 : 0)} s`);

/** The hash of an episode: #e/environment/episode/sample/run/step. */
function address(row, run, step = null) {
  const parts = [about.envs[row.env].slug, row.episode, row.sample, about.runs[run]];
  if (step) parts.push(step + 1);
  return `#e/${parts.map(encodeURIComponent).join("/")}`;
}
