"""The report page in a real browser: what it shows, asks for and lets a reader do."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import contextmanager

import numpy as np
import pytest
from report_runs import ENVS, episode, key, make_two_runs, picture, write_run

from assay.evaluation.runs import open_runs
from assay.report import page as page_module
from assay.report.page import write_page
from assay.report.serve import make_server
from benchmarks.browser import launched, missing

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(missing()), reason=missing())]

WIDTHS = (360, 768, 1280)
SCRIPT = "</script><script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>"
HOSTILE = [
    f"{SCRIPT} {{{{ 7 * 7 }}}}",
    "before\0after \x1b[31m \u202e right to left",
    "emoji \U0001f600 \U0001f468\u200d\U0001f469",
    "alone \ud800 and \udc00.",
    "two that JSON would join: \ud83d" + "\ude00",
    "x" * 999_990 + "y" * 10,
    "line one\n  line two\ttab",
]


@pytest.fixture(scope="module")
def browser():
    with launched() as browser:
        yield browser


@contextmanager
def opened(browser, address, width=1280, height=900, **settings):
    """A page with an eye on all that it must not do."""
    context = browser.new_context(viewport={"width": width, "height": height}, **settings)
    context.add_init_script(
        "window.broken = []; addEventListener('securitypolicyviolation',"
        " (e) => window.broken.push(`${e.violatedDirective} ${e.blockedURI}`));"
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    try:
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        yield page
        assert said == []
        assert page.evaluate("window.broken") == []
        base = address.partition("#")[0].rpartition("/")[0]
        assert [url for url in asked if not url.startswith((base, "data:"))] == []
        assert page.evaluate("window.pwned") is None
    finally:
        context.close()


def write(paths, out):
    with open_runs(paths) as runs:
        return write_page(runs, out).as_uri()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """One run, two runs, and one with hostile texts, as pages."""
    folder = tmp_path_factory.mktemp("pages")
    old, new = make_two_runs(folder)
    (folder / "metrics.jsonl").write_text(
        "\n".join(json.dumps({"step": i, "loss": 3 / (i + 1)}) for i in range(50))
    )
    rows = [
        episode(key(SCRIPT, ENVS[0][0], e), False, seen=[f"seen {t}"], done=[t])
        for e, t in enumerate(HOSTILE)
    ]
    rows[0].error = SCRIPT
    hostile = write_run(
        folder / "hostile.db", SCRIPT, envs=ENVS[:1], episodes=rows, planned=len(rows)
    )
    return {
        "one": write([old], folder / "one.html"),
        "two": write([old, new], folder / "two.html"),
        "hostile": write([hostile], folder / "hostile.html"),
    }


def overflow(page, selector="html"):
    return page.evaluate(
        "(s) => { const e = document.querySelector(s); return e.scrollWidth - e.clientWidth; }",
        selector,
    )


def numbers(page):
    """The episodes of the list, as shown."""
    return page.locator("#list tbody a").all_inner_texts()


# ---------------------------------------------------------------------- what is shown


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["one", "two", "hostile"])
def test_nothing_is_wider_than_the_screen(browser, pages, name, width):
    with opened(browser, pages[name], width) as page:
        assert overflow(page) == 0
        page.locator("#list tbody a").first.click()
        page.wait_for_selector("#sides article")
        assert overflow(page, "#player") == 0
        page.locator(".json summary").first.click()
        assert overflow(page, "#player") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["two", "hostile"])
def test_every_text_has_enough_contrast(browser, pages, name, scheme):
    with opened(browser, pages[name], color_scheme=scheme) as page:
        page.locator("#list tbody a").nth(1).click()
        page.wait_for_selector("#sides article")
        found = page.evaluate(CONTRASTS)
        assert len(found) > 50
        assert [line for ratio, line in found if ratio < 4.5] == []


CONTRASTS = """() => {
  const parts = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
    if (!own || !node.getClientRects().length) continue;
    const style = getComputedStyle(node);
    const colour = node.namespaceURI.endsWith("svg") ? style.fill : style.color;
    const [a, b] = [light(parts(colour)), light(ground(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const words = `${node.tagName} ${node.className} ${node.textContent.slice(0, 30)}`;
    found.push([ratio, `${ratio.toFixed(2)} ${words}`]);
  }
  return found;
}"""


def test_hostile_texts_are_shown_as_they_are(browser, pages):
    with opened(browser, pages["hostile"]) as page:
        assert page.locator("h1").inner_text().startswith(SCRIPT)

        def replied(e):
            page.evaluate("(h) => { location.hash = h; }", f"e/{ENV_SLUG}/{e}/0")
            page.wait_for_selector(f"#player-where:has-text('episode {e},')")
            page.wait_for_selector("pre.action")
            page.wait_for_timeout(50)
            return page.locator("pre.action")

        for e in (0, 2, 6):
            assert replied(e).evaluate("(pre) => pre.textContent") == HOSTILE[e]
        assert (
            page.locator("#sides").evaluate("(s) => s.querySelectorAll('script, img').length") == 0
        )
        named = replied(1)
        assert named.locator(".ctl").all_inner_texts() == ["␀", "␛", "U+202E"]
        assert named.locator(".ctl").first.get_attribute("title") == "character U+0000"
        assert replied(3).locator(".ctl").all_inner_texts() == ["U+D800", "U+DC00"]
        assert replied(4).evaluate("(pre) => pre.textContent") == f"{HOSTILE[4][:-2]}\U0001f600"
        long = replied(5)
        assert len(long.evaluate("(pre) => pre.textContent")) == 20_000
        page.get_by_role("button", name="Show all 1,000,000 characters").click()
        assert long.evaluate("(pre) => pre.textContent") == HOSTILE[5]
        replied(1)
        page.locator(".json summary").click()
        raw = json.loads(page.locator("pre.raw").evaluate("(pre) => pre.textContent"))
        assert raw["payload"]["steps"][0]["action"] == HOSTILE[1]


ENV_SLUG = "assay%2FArithmetic-v0%3Fdigits%3D2"


def test_an_episode_shows_verdict_answer_seeds_and_the_command(browser, pages):
    with opened(browser, f"{pages['one']}#e/{ENV_SLUG}/4/0") as page:
        page.wait_for_selector("#sides article")
        assert page.locator("pre.action mark").inner_text() == "42"
        text = page.locator("#sides").inner_text()
        seed = 7_000_000_000_000_000_004
        for part in (
            "passed: Read 42.",
            "number.equal",
            "number@1",
            str(seed),
            str(seed + 1),
            "1004",
        ):
            assert part in text
        command = page.locator(".command pre").inner_text()
        assert command == (
            f"assay play 'assay/Arithmetic-v0?digits=2' --seed {seed} --split test --index 1004"
        )


def test_pictures_are_shown_step_by_step(browser, tmp_path):
    frames = [picture(shade) for shade in (10, 120, 250)]
    seen = [np.full((8, 8, 3), shade, np.uint8) for shade in (30, 60)]
    row = episode(key("p", ENVS[0][0], 0), True, seen=seen, done=[1, np.int64(2)], frames=frames)
    path = write_run(tmp_path / "run.db", "p", envs=ENVS[:1], episodes=[row], planned=1)
    with opened(browser, f"{write([path], tmp_path / 'r.html')}#e/{ENV_SLUG}/0/0") as page:
        page.wait_for_selector("#sides img")
        shade = """() => { const c = document.querySelector('#sides canvas');
            return c.getContext('2d').getImageData(0, 0, 1, 1).data[0]; }"""
        assert page.evaluate(shade) == 30
        assert page.locator("#sides img").count() == 1
        assert page.evaluate("document.querySelector('#sides img').naturalWidth") == 6
        page.keyboard.press("ArrowRight")
        assert page.evaluate(shade) == 60
        assert page.locator("#sides img").count() == 2  # the last step, and where it led
        assert page.locator("pre.action").inner_text() == "2"


def test_two_runs_show_what_flipped_first_and_stand_side_by_side(browser, pages):
    with opened(browser, pages["two"]) as page:
        flips = page.locator("#list tbody tr").evaluate_all(
            "(rows) => rows.map((row) => Boolean(row.querySelector('.flip')))"
        )
        assert flips == sorted(flips, reverse=True) and sum(flips) == 10
        page.check("#f-flipped")
        page.wait_for_selector("#found:has-text('1 to 10 of 10')")
        page.locator("#list tbody a").first.click()
        page.wait_for_selector("#sides article:nth-child(2)")
        sides = page.locator("#sides article").all_inner_texts()
        assert "not passed" in sides[0] and "number.equal" in sides[1]
        boxes = [side.bounding_box() for side in page.locator("#sides article").all()]
        assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]


def test_a_reason_shows_its_episodes(browser, pages):
    with opened(browser, pages["two"]) as page:
        label = "Show the 10 episodes of new with number.different"
        page.get_by_role("button", name=label).click()
        page.wait_for_selector("#found:has-text('1 to 10 of 10')")
        assert page.locator("#f-reason").input_value() == "number.different"
        assert page.locator("#f-run option:checked").inner_text() == "new"


def test_filter_sort_search_and_pages(browser, pages):
    with opened(browser, pages["one"]) as page:
        assert len(numbers(page)) == 50
        page.get_by_role("button", name="Next", exact=True).click()
        page.wait_for_selector("#found:has-text('51 to 60 of 60')")
        page.fill("#f-text", "is 17 +")
        page.wait_for_selector("#found:has-text('1 to 1 of 1 episode')")
        assert numbers(page) == ["17"]
        page.get_by_role("button", name="Clear").click()
        page.wait_for_selector("#found:has-text('1 to 50 of 60')")
        page.select_option("#f-status", "policy_error")
        page.wait_for_selector("#found:has-text('1 to 1 of 1')")
        assert numbers(page) == ["5"]
        page.get_by_role("button", name="Clear").click()
        page.wait_for_selector("#found:has-text('1 to 50 of 60')")
        page.locator("#list thead button", has_text="Steps").click()
        page.wait_for_selector("th[aria-sort=descending]")
        steps = page.locator("#list td.c-steps").all_inner_texts()
        assert steps == sorted(steps, reverse=True) and steps[0] == "4"


# ---------------------------------------------------------------------- how it is used


def test_everything_can_be_done_with_the_keyboard(browser, pages):
    with opened(browser, pages["one"]) as page:
        focus = "document.activeElement"
        page.keyboard.press("/")
        assert page.evaluate(f"{focus}.id") == "f-text"
        page.keyboard.type("guess")
        page.wait_for_selector("#found:has-text('1 to 30 of 30')")
        page.keyboard.press("Tab")
        page.keyboard.press("j")
        page.keyboard.press("ArrowDown")
        assert page.evaluate(f"{focus}.textContent") == "1"
        assert page.evaluate(f"getComputedStyle({focus}).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        page.wait_for_selector("#stepper output:has-text('1 of 4')")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert page.locator("#stepper output").inner_text() == "3 of 4"
        assert "Guess 2." in page.locator("#sides").inner_text()
        page.keyboard.press("a")
        assert page.locator(".step").count() == 4
        page.keyboard.press("a")
        page.keyboard.press("j")
        page.wait_for_selector("#player-where:has-text('episode 2,')")
        page.wait_for_selector("#stepper output:has-text('1 of 4')")
        assert page.evaluate("location.hash").endswith("/2/0/old")
        page.keyboard.press("k")
        page.wait_for_selector("#player-where:has-text('episode 1,')")
        for _ in range(30):  # the focus stays in the open episode
            page.keyboard.press("Tab")
            assert page.evaluate(
                f"{focus} === document.body || {focus}.closest('#player') !== null"
            )
        page.keyboard.press("Escape")
        page.wait_for_selector("#player", state="hidden")
        assert page.evaluate(f"{focus}.textContent") == "1"
        page.keyboard.press("?")
        page.wait_for_selector("#help", state="visible")
        page.keyboard.press("Escape")
        page.wait_for_selector("#help", state="hidden")


def test_a_keyboard_quicker_than_the_search_keeps_its_place(browser, pages):
    with opened(browser, pages["one"]) as page:
        page.keyboard.press("/")
        page.keyboard.type("guess")
        page.keyboard.press("Tab")
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement.closest('#list') !== null")
        page.wait_for_selector("#found:has-text('1 to 30 of 30')")
        assert page.evaluate("document.activeElement.closest('#list') !== null")


def test_every_control_has_a_name_and_every_picture_a_text(browser, pages):
    with opened(browser, pages["two"]) as page:
        page.locator("#list tbody a").first.click()
        page.wait_for_selector("#sides article")
        nameless = page.evaluate(
            """() => [...document.querySelectorAll('button, a, select, input, [role=img], summary')]
              .filter((e) => !(e.textContent.trim() || e.getAttribute('aria-label')
                || e.closest('label')?.textContent.trim()))
              .map((e) => e.outerHTML)"""
        )
        assert nameless == []


def test_what_does_not_belong_to_the_page_neither_runs_nor_loads(browser, pages):
    """The watch over all these tests sees what it must see."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(pages["one"])
    page.wait_for_selector("html[data-ready]")
    refused = page.evaluate(
        """async () => {
          const found = [];
          addEventListener("securitypolicyviolation", (e) => found.push(e.effectiveDirective));
          const script = document.createElement("script");
          script.textContent = "window.pwned = 1";
          const picture = document.createElement("img");
          picture.src = "https://assay.invalid/pixel.png";
          const frame = document.createElement("iframe");
          frame.src = "https://assay.invalid/";
          document.body.append(script, picture, frame);
          await fetch("https://assay.invalid/").catch(() => null);
          await new Promise((done) => setTimeout(done, 100));
          return found;
        }"""
    )
    assert set(refused) == {"script-src-elem", "img-src", "frame-src", "connect-src"}
    assert page.evaluate("window.pwned") is None
    context.close()


def test_the_command_can_be_copied(browser, pages):
    address = f"{pages['one']}#e/{ENV_SLUG}/4/0"
    with opened(browser, address, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.locator(".command button").click()
        page.wait_for_selector(".command button:has-text('Copied')")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == page.locator(".command pre").inner_text()


def test_print_has_the_tables_and_no_controls(browser, pages):
    with opened(browser, pages["two"], 690, color_scheme="dark") as page:
        page.emulate_media(media="print")
        for hidden in ("#filters", ".top nav", "#player", "figure details"):
            assert not page.locator(hidden).first.is_visible(), hidden
        for shown in (
            "#results table",
            "#comparison table",
            "#reasons table",
            "#list",
            "figure svg",
        ):
            assert page.locator(shown).first.is_visible(), shown
        assert overflow(page) == 0
        assert (
            page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        )


def test_without_javascript_the_tables_are_there(browser, pages):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages["two"])
    assert page.locator("#results table").is_visible()
    assert "needs JavaScript" in page.locator("noscript").inner_text()
    context.close()


# ---------------------------------------------------------------------- where steps come from


def test_steps_in_files_are_loaded_when_an_episode_is_opened(browser, tmp_path, monkeypatch):
    monkeypatch.setattr(page_module, "INLINE_BYTES", 1000)
    monkeypatch.setattr("assay.report.episodes.CHUNK_EPISODES", 16)
    address = write(make_two_runs(tmp_path), tmp_path / "a page.html")
    (tmp_path / "a page_files" / "001.js").unlink()
    with opened(browser, address) as page:
        page.select_option("#f-sort", "plan")
        page.wait_for_selector("#found:not(:has-text('flipped first'))")
        page.locator("#list tbody a").first.click()
        page.wait_for_selector("#sides article:nth-child(2)")
        assert page.locator("pre.action").first.inner_text() == "It is 41."
    context = browser.new_context()  # the file that is gone is an error in the console as well
    page = context.new_page()
    page.goto(f"{address}#e/{ENV_SLUG}/20/0")
    page.wait_for_selector("#sides [role=alert]")
    assert "001.js, which is not beside this page" in page.locator("#sides").inner_text()
    context.close()


def test_a_served_page_asks_its_server_for_rows_and_episodes(browser, tmp_path):
    with open_runs(make_two_runs(tmp_path)) as runs:
        server = make_server(runs, port=0)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            with opened(browser, server.address) as page:
                page.wait_for_selector("#summary #results")
                page.wait_for_selector("#found:has-text('1 to 10 of 10')")  # flipped only
                page.uncheck("#f-flipped")
                page.wait_for_selector("#found:has-text('1 to 50 of 60')")
                page.get_by_role("button", name="Next", exact=True).click()
                page.wait_for_selector("#found:has-text('51 to 60 of 60')")
                page.fill("#f-text", "is 17 +")
                page.wait_for_selector("#found:has-text('1 found; searched: episodes 1 to 60')")
                assert numbers(page) == ["17"]
                page.locator("#list tbody a").first.click()
                page.wait_for_selector("#sides article:nth-child(2)")
                assert "What is 17 + 25?" in page.locator("#sides").inner_text()
                assert overflow(page) == 0
        finally:
            server.shutdown()
            thread.join()
            server.close()


def test_the_benchmark_measures_both():
    words = ["--episodes", "60", "--rows", "90", "--played", "20", "--json"]
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.report_page", *words],
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    figures = json.loads(ran.stdout)["figures"]
    missed = [f for f in figures if f["target"] and f["value"] >= f["target"]]
    assert ran.returncode == bool(missed), ran.stderr
    assert [f["what"] for f in figures if f["target"]] == [
        "file, 60 episodes: opened",
        "served, 90 rows: opened, from the command on",
    ]
    assert all(f["value"] > 0 for f in figures)
