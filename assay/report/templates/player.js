// One episode, step by step; with several runs two of them beside each other.

class Player {
  constructor(source, list) {
    Object.assign(this, { source, list, row: null, step: 0, all: false, runs: [0], turn: 0 });
    this.box = $("player");
    $("close").onclick = () => this.box.close();
    $("previous").onclick = () => this.move(-1);
    $("next").onclick = () => this.move(1);
    this.box.addEventListener("close", () => this.closed());
    this.box.addEventListener("click", (event) => { if (event.target === this.box) this.box.close(); });
  }

  /** Open an episode; `run` is the one whose outcome counts, `step` counts from 0. */
  async open(row, run, step = 0) {
    const turn = (this.turn += 1);
    const present = row.out.flatMap((o, i) => (o ? [i] : []));
    const other = this.row && this.runs.length > 1 ? this.runs[1] : null;
    const beside = present.includes(other) && other !== run ? other : present.find((i) => i !== run && row.out[i].passed !== row.out[run].passed) ?? present.find((i) => i !== run);
    this.runs = beside == null ? [run] : [run, beside];
    this.row = row;
    this.step = step;
    this.title();
    if (!this.box.open) { this.box.showModal(); $("player-title").focus(); }
    this.list.mark(row);
    await this.load(turn);
  }

  async load(turn = (this.turn += 1)) {
    try {
      const sides = await Promise.all(this.runs.map((run) => this.source.episode(this.row, run)));
      if (turn !== this.turn) return;
      this.sides = sides;
    } catch (error) {
      if (turn === this.turn) {
        $("stepper").replaceChildren();
        $("sides").replaceChildren(make("p", { class: "bad", role: "alert" }, error.message));
      }
      return;
    }
    this.step = Math.min(this.step, this.last);
    this.stepper();
    this.draw();
    this.box.scrollTop = 0;
  }

  get last() { return Math.max(0, ...this.sides.map((side) => (side.payload?.steps.length ?? 0) - 1)); }

  title() {
    const { env, episode, sample, difficulty } = this.row;
    $("player-title").replaceChildren(about.envs[env].label);
    const more = difficulty == null ? "" : `, difficulty ${brief(difficulty)}`;
    $("player-where").replaceChildren(`episode ${episode}, sample ${sample}${more}`, this.row.flipped ? make("span", { class: "flip" }, " ⇄ flipped") : "");
    this.box.classList.toggle("paired", this.runs.length > 1);
  }

  stepper() {
    const n = this.last + 1;
    const bar = $("stepper");
    if (n < 2) return bar.replaceChildren();
    const range = make("input", { type: "range", min: 1, max: n, value: this.step + 1, "aria-label": "Step", oninput: () => this.to(Number(range.value) - 1) });
    const button = (label, by, key) => make("button", { type: "button", onclick: () => this.to(this.step + by), "aria-keyshortcuts": key, "data-by": by }, label);
    bar.replaceChildren(
      button("← Step", -1, "ArrowLeft"), range, button("Step →", 1, "ArrowRight"), make("output", {}, ""),
      make("button", { type: "button", "aria-pressed": String(this.all), "aria-keyshortcuts": "a", id: "all-steps", onclick: () => this.toggle() }, "All steps"),
    );
    this.position();
  }

  position() {
    const bar = $("stepper");
    const range = bar.querySelector("input");
    if (!range) return;
    range.value = this.step + 1;
    range.disabled = this.all;
    bar.querySelector("output").textContent = this.all ? `${this.last + 1} steps` : `${this.step + 1} of ${this.last + 1}`;
    for (const button of bar.querySelectorAll("[data-by]")) {
      const to = this.step + Number(button.dataset.by);
      button.disabled = this.all || to < 0 || to > this.last;
    }
    $("all-steps").setAttribute("aria-pressed", String(this.all));
  }

  to(step) {
    if (!this.sides || this.all) return;
    this.step = Math.max(0, Math.min(this.last, step));
    this.position();
    this.sides.forEach((side, i) => this.steps(side, i));
    remember(address(this.row, this.runs[0], this.step));
  }

  toggle() {
    if (!this.sides || this.last < 1) return;
    this.all = !this.all;
    this.position();
    this.sides.forEach((side, i) => this.steps(side, i));
  }

  async move(by) {
    const row = await this.list.beside(this.row, by);
    if (row) { remember(address(row, this.list.run)); await this.open(row, this.list.run); }
    else $("player-where").replaceChildren(by > 0 ? "This is the last episode of the list." : "This is the first episode of the list.");
  }

  closed() {
    this.turn += 1;
    const row = this.row;
    this.row = this.sides = null;
    $("sides").replaceChildren();
    remember("#episodes");
    if (row) this.list.focus(row);
  }

  // ---- drawing

  draw() {
    $("sides").replaceChildren(...this.sides.map((side, i) => this.side(side, i)));
    this.sides.forEach((side, i) => this.steps(side, i));
  }

  side(side, i) {
    const run = this.runs[i];
    const outcome = this.row.out[run];
    const head = several ? make("h3", {}, this.chooser(i), status(outcome.kind)) : null;
    return make("article", { class: "side", "aria-label": about.runs[run] }, head,
      make("div", { class: "split" },
        make("div", {}, make("div", { "data-side": i }), exception(side)),
        make("div", {}, verdict(side, outcome), facts(side), this.again(side), rawJson(side))));
  }

  /** Which run stands here. */
  chooser(i) {
    const present = this.row.out.flatMap((o, run) => (o ? [run] : []));
    if (present.length < 3) return about.runs[this.runs[i]];
    const choice = make("select", { "aria-label": i ? "run on the right" : "run on the left", onchange: () => {
      const wanted = Number(choice.value);
      this.runs = this.runs.map((run, k) => (k === i ? wanted : run === wanted ? this.runs[i] : run));
      this.load();
    } }, present.map((run) => make("option", { value: run, selected: run === this.runs[i] }, about.runs[run])));
    return choice;
  }

  steps(side, i) {
    const box = $("sides").querySelector(`[data-side="${i}"]`);
    const steps = side.payload?.steps ?? [];
    if (!side.payload) return box.replaceChildren(make("p", { class: "none" }, "No steps are stored of this episode."));
    if (!steps.length) return box.replaceChildren(...this.ending(side, "It ended before the first step."));
    const numbers = this.all ? steps.map((_, k) => k) : [Math.min(this.step, steps.length - 1)];
    box.replaceChildren(...numbers.map((k) => this.one(side, k)));
    if (!this.all && this.step >= steps.length && this.last >= steps.length) {
      box.prepend(make("p", { class: "fine" }, `This run ended after ${steps.length} steps; its last one is shown.`));
    }
  }

  one(side, k) {
    const { steps, frames = [], verdict: judged, final_observation: final } = side.payload;
    const step = steps[k], last = k === steps.length - 1;
    const span = last && judged?.span ? judged.span : null;
    const ends = [step.terminated && "ended", step.truncated && "cut by a limit"].filter(Boolean).join(", ");
    const status = said(step.action_status, side.blobs);
    return make("section", { class: "step", "aria-label": `step ${k + 1}` },
      this.frame(side, frames.length === 1 ? (last ? 0 : -1) : k, frames.length === 1 ? "Last picture" : "Picture"),
      make("h4", {}, steps.length > 1 ? `Observation, step ${k + 1}` : "Prompt"), shown(step.observation, side.blobs),
      make("h4", {}, steps.length > 1 ? "Action" : "Reply"), shown(step.action, side.blobs, "action", span),
      make("dl", { class: "pairs" }, pair("reward", said(step.reward, side.blobs)),
        pair("action status", ["ok", "noop"].includes(status) ? status : put(make("span", { class: "bad" }), status)), ends ? pair("then", ends) : null),
      last ? this.ending(side, "Afterwards") : null);
  }

  ending(side, title) {
    const { steps, frames = [], final_observation: final } = side.payload;
    const same = steps.length && JSON.stringify(final) === JSON.stringify(steps.at(-1).observation);
    const parts = frames.length > 1 && frames.length > steps.length ? [this.frame(side, frames.length - 1, "Last picture")] : [];
    if (!same && final !== null) parts.push(make("h4", {}, title), shown(final, side.blobs));
    return parts;
  }

  frame(side, k, title) {
    const digest = side.payload.frames?.[k];
    if (!digest) return null;
    const image = make("img", { alt: `${title.toLowerCase()} of the environment`, src: `data:image/png;base64,${side.blobs[digest].base64}` });
    image.onload = () => image.classList.toggle("tiny", image.naturalWidth < 200);
    return make("div", {}, make("h4", {}, title), image);
  }

  again({ row }) {
    const command = `${about.envs[this.row.env].play} --seed ${row.env_seed} --split ${row.split} --index ${row.problem}`;
    return make("div", {}, make("h4", {}, "Play this episode"),
      make("div", { class: "command" }, make("pre", { tabindex: 0 }, command), copier(() => command)));
  }
}

function pair(name, value) {
  if (value == null || value === "") return null;
  const content = value instanceof Node ? value : put(document.createDocumentFragment(), String(value));
  return make("div", {}, make("dt", {}, name), make("dd", {}, content));
}

function exception({ payload, blobs }) {
  return payload?.error == null ? null : make("div", {}, make("h4", {}, "Exception"), block(said(payload.error, blobs)));
}

/** What was decided and why. */
function verdict({ payload, blobs }, outcome) {
  return make("div", {}, make("h4", {}, "Verdict"), judgement(payload?.verdict, outcome, blobs));
}

const PLAIN = ["code", "status", "extracted", "canonical", "expected_canonical", "method", "certainty", "verifier"];
const WORDS = { canonical: "read as", expected_canonical: "expected", extracted: "answer read" };

function judgement(judged, outcome, blobs) {
  if (!judged) return make("p", { class: "verdict" }, status(outcome.kind), " ", make("code", {}, outcome.reason));
  const kind = judged.passed ? "passed" : ["task_error", "verifier_error"].includes(judged.status) ? "verifier_error" : outcome ? outcome.kind : "finished";
  const line = make("p", { class: "verdict" }, status(kind), ": ");
  put(line, said(judged.reason ?? "", blobs));
  const list = make("dl", { class: "pairs" },
    PLAIN.map((name) => judged[name] != null && pair(WORDS[name] ?? name, said(judged[name], blobs))).filter(Boolean),
    Object.entries(judged.details ?? {}).map(([name, value]) => pair(name, said(value, blobs) ?? "picture")));
  const children = judged.children?.length
    ? [make("h4", {}, "Made up of"), make("ul", { class: "children" }, judged.children.map((child) => make("li", {}, judgement(child, null, blobs))))] : [];
  return make("div", {}, line, list, children);
}

function facts({ row }) {
  return make("div", {}, make("h4", {}, "Episode"), make("dl", { class: "pairs" },
    pair("status", `${row.status}${row.cut ? `, ${row.cut}` : ""}`), pair("steps", row.n_steps), pair("return", brief(row.return)),
    pair("tokens", row.prompt_tokens + row.completion_tokens ? `${number(row.prompt_tokens)} read, ${number(row.completion_tokens)} written` : ""),
    pair("time", duration(row.wall_ms)), pair("attempts", row.attempts > 1 ? row.attempts : ""), pair("world", row.world),
    pair("problem", `${row.split}/${row.problem}`), pair("environment seed", row.env_seed), pair("policy seed", row.policy_seed)));
}

function rawJson(side) {
  const text = () => JSON.stringify({ row: side.row, payload: side.payload }, null, 2)
    .replace(FAINT, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const box = make("details", { class: "json" }, make("summary", {}, "Raw JSON"));
  box.addEventListener("toggle", () => {
    if (box.open && box.children.length === 1) box.append(block(text(), "raw"), copier(text));
  });
  return box;
}

function copier(text) {
  const button = make("button", { type: "button", onclick: async () => {
    button.textContent = (await copied(text())) ? "Copied" : "Not copied: select it and press Ctrl+C";
    setTimeout(() => { button.textContent = "Copy"; }, 1800);
  } }, "Copy");
  return button;
}

/** The clipboard, also on a page from a file, where browsers may refuse the newer way. */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", { class: "hidden", "aria-hidden": "true" });
    area.value = text;
    ($("player").open ? $("player") : document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
