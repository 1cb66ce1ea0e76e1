// Starts the page: its source, its list, its player; addresses and keys.

const source = served ? new ServerSource() : new FileSource();
const list = new List(source);
const player = new Player(source, list);

/** Change the address without a step in the history that nobody asked for. */
function remember(hash) { history.replaceState(null, "", hash); }

async function follow() {
  const [kind, ...parts] = location.hash.slice(1).split("/");
  if (kind !== "e") return;
  let words;
  try { words = parts.map(decodeURIComponent); } catch { return; }
  const [slug, episode, sample, label, step] = words;
  const env = about.envs.findIndex((e) => e.slug === slug);
  const row = env < 0 ? null : await source.find(env, Number(episode), Number(sample));
  if (!row) {
    $("found").replaceChildren(make("span", { class: "bad" }, `This report holds no episode ${episode} of `), put(make("span", { class: "bad" }), String(slug)), ".");
    return;
  }
  let run = about.runs.indexOf(label);
  if (run < 0 || !row.out[run]) run = row.out.findIndex(Boolean);
  await player.open(row, run, Math.max(0, (Number(step) || 1) - 1));
}

const help = $("help");
$("help-open").onclick = () => help.showModal();
$("help-close").onclick = () => help.close();

const inPlayer = { j: () => player.move(1), k: () => player.move(-1), ArrowRight: () => player.to(player.step + 1), ArrowLeft: () => player.to(player.step - 1), Home: () => player.to(0), End: () => player.to(player.last), a: () => player.toggle() };
const inList = { j: () => list.step(1), k: () => list.step(-1) };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const typing = event.target.closest("input, select, textarea");
  if (typing || help.open) return;
  if (event.key === "?") { event.preventDefault(); help.showModal(); return; }
  if (event.key === "/" && !player.box.open) { event.preventDefault(); $("f-text").focus(); return; }
  const onRow = event.target.closest("#list tbody");
  const arrows = { ArrowDown: inList.j, ArrowUp: inList.k };
  const act = player.box.open ? player.sides && inPlayer[event.key] : inList[event.key] ?? (onRow && arrows[event.key]);
  if (act) { event.preventDefault(); act(); }
});

document.addEventListener("click", (event) => {
  const tally = event.target.closest(".tally");
  if (!tally) return;
  const { run, status: wanted, reason } = tally.dataset;
  list.choose({ run, status: wanted, reason, flipped: false });
});

/** The results above the list, which a server sends when it has read all rows. */
async function summary() {
  const place = $("summary");
  try {
    const { html, reasons } = await source.ask("summary", {});
    place.innerHTML = html; // the server's own template; what policies said is not in it
    list.offer(reasons);
  } catch (error) {
    place.replaceChildren(make("p", { class: "bad", role: "alert" }, `The results cannot be shown: ${error.message}`));
  }
  place.removeAttribute("aria-busy");
}

window.addEventListener("hashchange", follow);
if (served) summary();
list.start().then(follow).then(() => document.documentElement.setAttribute("data-ready", ""), (error) => {
  $("found").replaceChildren(make("span", { class: "bad", role: "alert" }, `The episodes cannot be shown: ${error.message}`));
});
