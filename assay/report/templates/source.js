// Where episodes come from: the page itself (and files beside it), or the server that sent it.
//
// A row: {env, episode, sample, difficulty, prompt, out: [one for each run, or null]}, an outcome
// {status, passed, reason, steps, ret, prompt_tokens, completion_tokens, ms, answer}.

const FIELDS = ["status", "passed", "reason", "steps", "ret", "prompt_tokens", "completion_tokens", "ms", "answer", "chunk", "place"];

function asOutcome(values) {
  if (!values) return null;
  const found = Object.fromEntries(FIELDS.map((name, i) => [name, values[i]]));
  found.kind = found.passed ? "passed" : about.statuses[found.status];
  found.counts = about.counted.includes(found.status);
  return found;
}

const flips = (row) => {
  const counted = row.out.filter((o) => o && o.counts);
  return counted.some((o) => o.passed) && counted.some((o) => !o.passed);
};

class FileSource {
  constructor() {
    this.loaded = new Map();
    this.ready = this.start();
  }

  async start() {
    const packed = await unpacked($("rows").textContent);
    const { texts, reasons } = packed;
    this.reasons = reasons;
    this.rows = packed.rows.map(([env, episode, sample, difficulty, prompt, out], place) => {
      const outcomes = out.map((values) => {
        const found = asOutcome(values);
        if (found) { found.reason = reasons[found.reason]; found.answer = texts[found.answer]; }
        return found;
      });
      const row = { env, episode, sample, difficulty, prompt: texts[prompt], out: outcomes, place };
      row.flipped = outcomes.length > 1 && flips(row);
      return row;
    });
    this.lowered = new Map(texts.map((text) => [text, null]));
  }

  low(text) {
    let found = this.lowered.get(text);
    if (found == null) this.lowered.set(text, found = text.toLowerCase());
    return found;
  }

  /** All reasons, for the filter. */
  async names() { await this.ready; return [...this.reasons].sort(); }

  async page(query, offset, limit) {
    await this.ready;
    const key = JSON.stringify(query);
    if (this.key !== key) [this.key, this.found] = [key, this.select(query)];
    return { total: this.found.length, rows: this.found.slice(offset, offset + limit), all: this.rows.length };
  }

  select(query) {
    const { run, env, status: wanted, reason, flipped, text, sort } = query;
    const needle = text.toLowerCase();
    const found = this.rows.filter((row) => {
      const o = row.out[run];
      if (!o || (env !== "" && row.env !== env)) return false;
      if (wanted && o.kind !== wanted) return false;
      if (reason && o.reason !== reason) return false;
      if (flipped && !row.flipped) return false;
      return !needle || this.low(row.prompt).includes(needle) || row.out.some((x) => x && this.low(x.answer).includes(needle));
    });
    const value = ORDERS[sort.name]?.of;
    if (value) {
      const way = sort.down ? -1 : 1;
      const none = (v) => v == null || v === "";
      found.sort((a, b) => {
        const x = value(a, run), y = value(b, run);
        if (none(x) || none(y)) return none(x) - none(y) || a.place - b.place;
        return (x < y ? -way : x > y ? way : 0) || a.place - b.place;
      });
    }
    return found;
  }

  async find(env, episode, sample) {
    await this.ready;
    return this.rows.find((r) => r.env === env && r.episode === episode && r.sample === sample) ?? null;
  }

  /** {row, payload, blobs} of one outcome. */
  async episode(row, run) {
    const { chunk, place } = row.out[run];
    const content = await this.chunk(chunk);
    const blobs = { ...content.blobs };
    await Promise.all(Object.entries(content.elsewhere).map(async ([digest, other]) => {
      blobs[digest] = (await this.chunk(other)).blobs[digest];
    }));
    return { ...content.episodes[place], blobs };
  }

  chunk(n) {
    if (!this.loaded.has(n)) {
      if (this.loaded.size > 12) this.loaded.delete(this.loaded.keys().next().value);
      this.loaded.set(n, this.packed(n).then(unpacked));
    }
    return this.loaded.get(n);
  }

  packed(n) {
    if (!about.files) return Promise.resolve($(`steps-${n}`).textContent);
    return new Promise((resolve, reject) => {
      const name = `${about.files}/${String(n).padStart(3, "0")}.js`;
      waiting.set(n, resolve);
      document.head.append(make("script", {
        src: name.split("/").map(encodeURIComponent).join("/"),
        onload() { this.remove(); },
        onerror() {
          this.remove();
          waiting.delete(n);
          reject(new Error(`The steps lie in ${name}, which is not beside this page: keep the two together.`));
        },
      }));
    });
  }
}

const waiting = new Map();
window.assay_steps = (n, packed) => { waiting.get(n)?.(packed); waiting.delete(n); };

class ServerSource {
  async ask(path, query) {
    const answer = await fetch(`api/${path}?${new URLSearchParams(query)}`);
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.error);
    return found;
  }

  async page(query, offset, limit, scan = 0) {
    const { run, env, status: wanted, reason, flipped, text, sort } = query;
    const found = await this.ask("rows", {
      run, env, status: wanted, reason, flipped: flipped ? 1 : "", text, sort: sort.name, down: sort.down ? 1 : "", offset, limit, scan,
    });
    return { ...found, rows: found.rows.map(this.row) };
  }

  row([env, episode, sample, difficulty, prompt, out]) {
    const row = { env, episode, sample, difficulty, prompt, out: out.map(asOutcome) };
    row.flipped = row.out.length > 1 && flips(row);
    return row;
  }

  async find(env, episode, sample) {
    const found = await this.ask("row", { env, episode, sample });
    return found.row && this.row(found.row);
  }

  episode(row, run) {
    return this.ask("episode", { run, env: row.env, episode: row.episode, sample: row.sample });
  }
}
