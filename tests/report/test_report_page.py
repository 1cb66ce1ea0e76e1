"""What the page says and how it is written; how it behaves is in test_report_browser.py."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import shlex

import numpy as np
import pytest
from report_runs import ENVS, episode, identity, key, picture, write_run

import assay
from assay.core.errors import StoreError
from assay.evaluation import stats
from assay.evaluation.compare import compare_runs
from assay.evaluation.merge import merged
from assay.evaluation.record import to_row
from assay.evaluation.runs import open_runs
from assay.evaluation.store import Store
from assay.report import page as page_module
from assay.report.charts import MAX_SAMPLES, curve_chart, difficulty_chart
from assay.report.data import page_data
from assay.report.episodes import shortened
from assay.report.metrics import parse_metrics
from assay.report.page import write_page
from assay.report.serve import make_server

pytestmark = pytest.mark.core


def written(paths, out):
    with open_runs(paths) as runs:
        return write_page(runs, out).read_text("utf-8")


def unpacked(html: str, element: str):
    packed = re.search(rf'id="{element}">([^<]*)<', html)[1]
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def about(html: str):
    return json.loads(re.search(r'id="about">([^<]*)<', html)[1])


def summary(paths):
    with open_runs(paths) as runs:
        return page_data(runs)


# ---------------------------------------------------------------------- what it says


def test_every_row_is_in_the_page_once_with_its_outcome_and_its_steps(tmp_path, two_runs):
    html = written(two_runs, tmp_path / "report.html")
    rows = unpacked(html, "rows")
    assert [(r[0], r[1], r[2]) for r in rows["rows"]] == [
        (e, i, 0) for e in (0, 1) for i in range(30)
    ]
    assert about(html)["runs"] == ["new", "old"] or about(html)["runs"] == ["old", "new"]
    old = about(html)["runs"].index("old")
    for env, number, _, difficulty, prompt, outcomes in rows["rows"]:
        status, passed, reason, n_steps, _, read, wrote, ms, answer, chunk, place = outcomes[old]
        failed = (env, number) == (1, 5)
        assert bool(passed) == (number % 3 != 0 and not failed)
        assert about(html)["statuses"][status] == ("policy_error" if failed else "finished")
        assert difficulty == 1 + number % 4
        assert (n_steps, read, wrote, ms) == ((4, 9, 12, 12.5) if env else (1, 9, 3, 12.5))
        assert rows["texts"][prompt] == (
            "Guess 0." if env else f"What is {number} + {42 - number}?\nAnswer:"
        )
        assert rows["texts"][answer] in ("The answer is 42.", "It is 41.")
        assert rows["reasons"][reason] in ("number.equal", "number.different", "policy.raised")
        kept = unpacked(html, f"steps-{chunk}")["episodes"][place]
        assert (kept["row"]["episode"], kept["row"]["policy_id"]) == (number, "old")
        assert kept["row"]["env_seed"] == str(7_000_000_000_000_000_000 + number)
        assert len(kept["payload"]["steps"]) == n_steps


def test_the_table_shows_rates_intervals_and_every_count(tmp_path):
    path = tmp_path / "run.db"
    place = [key("some", ENVS[0][0], e) for e in range(12)]
    faults = [("policy_error", 2), ("timeout", 1), ("env_error", 1), ("crashed", 2)]
    rows = [episode(place[e], e < 4) for e in range(6)]
    at = 6
    for status, n in faults:
        rows += [episode(place[at + i], False, status=status) for i in range(n)]
        at += n
    write_run(path, "some", envs=ENVS[:1], episodes=rows, planned=15)
    html = written([path], tmp_path / "report.html")
    low, high = stats.wilson(4, 9)[1:]
    assert f"[{low:.3f}, {high:.3f}]" in html and "0.444" in html
    for status, n in faults:
        assert re.search(rf'>{n} <span class="status {status}">', html), status
    assert "verifier error</span></span>" not in html  # no episode has it
    assert "0.333 to 0.583 if all errors had failed or passed" in html  # 4/12 and 7/12
    assert "12 of 15 planned episodes are stored" in html
    assert "3 not stored" in html
    assert "3 episodes ended in env_error, verifier_error, crashed" in html


def test_reasons_are_counted_for_each_run_most_frequent_first(two_runs):
    data = summary(two_runs)
    old = [run.label for run in data.runs].index("old")
    counts = {(r.status, r.code): r.counts for r in data.reasons}
    assert counts["finished", "number.different"][old] == 20
    assert counts["finished", "number.different"][1 - old] == 10
    assert counts["policy_error", "policy.raised"] == (1, 1)
    totals = [sum(r.counts) for r in data.reasons]
    assert totals == sorted(totals, reverse=True)


def test_pass_rate_by_difficulty_has_the_intervals_of_the_statistics(two_runs):
    data = summary(two_runs)
    curve = next(c for c in data.curves if c.env.startswith(ENVS[0][0]))
    line = next(line for line in curve.lines if line.label == "old")
    assert [p.label for p in line.points] == ["1", "2", "3", "4"]
    for d, point in enumerate(line.points):
        episodes = [e for e in range(30) if e % 4 == d]
        passed = sum(e % 3 != 0 for e in episodes)
        assert point[1:] == (len(episodes), *stats.wilson(passed, len(episodes)))


def test_many_difficulties_are_put_together_and_none_is_lost(tmp_path):
    rows = []
    for e in range(100):
        row = episode(key("p", ENVS[0][0], e), e < 50)
        row.difficulty = e / 7
        rows.append(row)
    write_run(tmp_path / "run.db", "p", envs=ENVS[:1], episodes=rows, planned=100)
    (curve,) = summary([tmp_path / "run.db"]).curves
    points = curve.lines[0].points
    assert 4 <= len(points) <= 7 and sum(p.n for p in points) == 100
    assert max(p.n for p in points) - min(p.n for p in points) <= 5


def test_comparison_is_paired_by_episode(two_runs):
    data = summary(two_runs)
    (pair,) = data.comparisons
    row = next(r for r in pair.rows if r.env.startswith(ENVS[0][0]))
    better = row.only_second if pair.second == "new" else row.only_first
    worse = row.only_first if pair.second == "new" else row.only_second
    assert (better, worse, row.n_tasks) == (5, 0, 30)  # 0, 6, 12, 18, 24
    assert abs(row.difference) == pytest.approx(5 / 30)
    assert row.low <= row.difference <= row.high
    assert row.p == pytest.approx(stats.mcnemar(5, 0))
    assert row.p_holm == pytest.approx(min(1.0, 2 * stats.mcnemar(5, 0)))


def test_a_comparison_made_elsewhere_is_shown_as_it_is(tmp_path, two_runs):
    with open_runs(two_runs) as runs:
        made = compare_runs(runs[1], runs[:1])
        html = write_page(runs, tmp_path / "report.html", comparisons=made).read_text("utf-8")
        labels = [run.label for run in runs]
    assert f"{labels[0]} − {labels[1]}, on the same episodes" in html
    assert f"{labels[1]} − {labels[0]}, on the same episodes" not in html


def test_runs_that_share_no_episode_are_told_apart_in_a_sentence(tmp_path):
    paths = [write_run(tmp_path / f"{i}.db", f"p{i}", envs=[ENVS[i]], n=3) for i in range(2)]
    html = written(paths, tmp_path / "report.html")
    assert "p0 and p1 cannot be compared: they have no environment in common." in html


def test_shards_are_shown_as_one_run(tmp_path):
    env = ["assay/Arithmetic-v0"]
    for i in (1, 2):
        assay.evaluate("random", env, n=10, shard=f"{i}/2", out=tmp_path / f"{i}.db")
    with open_runs([tmp_path]) as parts, merged(parts) as runs:
        html = write_page(runs, tmp_path / "report.html").read_text("utf-8")
        with pytest.raises(StoreError, match="assay merge"):
            make_server(runs, port=0)
    assert len(unpacked(html, "rows")["rows"]) == 10
    assert about(html)["runs"] == ["random (1)"]


def test_an_interval_that_stopped_its_run_says_so(tmp_path):
    path = tmp_path / "run.db"
    assay.evaluate("scripted", ["assay/Arithmetic-v0"], n=400, until_ci=0.3, out=path)
    html = written([path], tmp_path / "report.html")
    assert html.count(">stopped early<") == 1 and "not one of a fixed number" in html
    assert "not finished, and" not in html


def test_settings_that_differ_between_runs_stand_beside_each_other(two_runs):
    data = summary(two_runs)
    names = {line.name: line for line in data.settings["Policy"]}
    assert not names["id"].same and set(names["id"].values) == {"old", "new"}
    assert all(line.same for line in data.settings["Plan"])
    everything = {line.name for lines in data.settings.values() for line in lines}
    assert {"split", "seed", "samples", "fingerprint", "python", "file"} <= everything


def test_second_rows_that_disagreed_are_told(tmp_path):
    path = tmp_path / "run.db"
    write_run(path, "p", envs=ENVS[:1], n=3)
    with Store(path) as store:
        store.add(1, [to_row(episode(key("p", ENVS[0][0], 1), False))])
    assert "1 episode came out differently" in written([path], tmp_path / "report.html")


def test_two_environments_of_one_name_are_told_apart(tmp_path):
    path = write_run(tmp_path / "run.db", "p", n=2)
    with Store(path) as store:  # a later version of an environment: other defaults, other digest
        other = identity("p", ENVS[:1], n=2)
        other["envs"][0]["digest"] = "f" * 32
        store.new_run("another", other, {})
    data = summary([path])
    labels = [env.label for env in data.envs]
    assert len(labels) == len(set(labels)) == 3
    assert len({env.slug for env in data.envs}) == 3


def test_the_play_command_shows_the_recorded_episode(tmp_path, monkeypatch, capsys):
    from assay.cli.main import main

    env = "assay/Arithmetic-v0?digits=3&n_shots=1"
    assay.evaluate("random", [env], n=3, seed=5, out=tmp_path / "run.db")
    html = written([tmp_path / "run.db"], tmp_path / "report.html")
    (play,) = (e["play"] for e in about(html)["envs"])
    assert shlex.split(play) == ["assay", "play", env]
    kept = unpacked(html, "steps-0")["episodes"][2]
    row = kept["row"]
    words = f"{play} --seed {row['env_seed']} --split {row['split']} --index {row['problem']}"
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(shlex.split(words)[1:]) == 0
    assert kept["payload"]["steps"][0]["observation"] in capsys.readouterr().out


# ---------------------------------------------------------------------- how it is written

HOSTILE = "</script><script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>"


def test_texts_of_policies_and_environments_are_in_no_markup(tmp_path):
    texts = [HOSTILE, "nul \0 here", "\U0001f600", "\ud800 alone", "x" * 1_000_000 + "haystack"]
    rows = [
        episode(
            key("p", ENVS[0][0], e), False, seen=[f"secret-seen {t}"], done=[f"secret-done {t}"]
        )
        for e, t in enumerate(texts)
    ]
    path = write_run(tmp_path / "run.db", "p", envs=ENVS[:1], episodes=rows, planned=5)
    html = written([path], tmp_path / "report.html")
    for word in ("secret-", "pwned", "haystack"):
        assert word not in html
    kept = unpacked(html, "steps-0")
    for e, text in enumerate(texts):
        stored = kept["episodes"][e]["payload"]["steps"][0]["observation"]
        if isinstance(stored, dict):
            stored = kept["blobs"][stored["$long"]]["text"]
        assert stored == f"secret-seen {text}"


def test_names_are_escaped_where_they_are_markup(tmp_path):
    path = write_run(tmp_path / "run.db", HOSTILE, envs=ENVS[:1], n=2)
    html = written([path], tmp_path / "report.html")
    assert "<img src=x" not in html and "<script>window" not in html
    assert about(html)["runs"] == [HOSTILE]


def test_the_page_asks_for_nothing_and_its_policy_allows_nothing(tmp_path, two_runs):
    html = written(two_runs, tmp_path / "report.html")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none'")
    assert "connect-src" not in policy and "unsafe-eval" not in policy
    scripts = dict(part.split(" ", 1) for part in policy.split("; "))["script-src"]
    assert "unsafe-inline" not in scripts
    outside = re.sub(r'xmlns(:xlink)?="[^"]*"', "", html)
    assert not re.search(r"https?://", outside)
    assert not re.search(r'(src|href)="(?!#|data:)', outside)


def test_blobs_are_kept_once_however_many_episodes_share_them(tmp_path, monkeypatch):
    monkeypatch.setattr("assay.report.episodes.CHUNK_EPISODES", 2)
    text = "a long prompt " * 1000
    rows = [episode(key("p", ENVS[0][0], e), True, seen=[text]) for e in range(6)]
    path = write_run(tmp_path / "run.db", "p", envs=ENVS[:1], episodes=rows, planned=6)
    html = written([path], tmp_path / "report.html")
    first, second, third = (unpacked(html, f"steps-{i}") for i in range(3))
    (digest,) = first["blobs"]
    assert first["blobs"][digest]["text"] == text
    assert not second["blobs"] and second["elsewhere"] == third["elsewhere"] == {digest: 0}


def test_an_action_that_looks_like_a_blob_is_only_data(tmp_path):
    row = episode(key("p", ENVS[0][0], 0), False, done=[{"blob": "a" * 32, "$long": "b" * 32}])
    path = write_run(tmp_path / "run.db", "p", envs=ENVS[:1], episodes=[row], planned=1)
    kept = unpacked(written([path], tmp_path / "report.html"), "steps-0")
    assert kept["blobs"] == {}


def test_pictures_and_arrays_are_in_the_page(tmp_path):
    frames = [picture(shade) for shade in (10, 200)]
    seen = [np.zeros((8, 8, 3), np.uint8)]
    row = episode(key("p", ENVS[0][0], 0), True, seen=seen, frames=frames)
    path = write_run(tmp_path / "run.db", "p", envs=ENVS[:1], episodes=[row], planned=1)
    kept = unpacked(written([path], tmp_path / "report.html"), "steps-0")
    (only,) = kept["episodes"]
    pictures = [base64.b64decode(kept["blobs"][f]["base64"]) for f in only["payload"]["frames"]]
    assert len(pictures) == 2 and all(p.startswith(b"\x89PNG") for p in pictures)


def test_many_steps_lie_in_files_beside_the_page(tmp_path, two_runs, monkeypatch):
    out = tmp_path / "out" / "my report.html"
    folder = out.parent / "my report_files"
    monkeypatch.setattr(page_module, "INLINE_BYTES", 1000)
    monkeypatch.setattr("assay.report.episodes.CHUNK_EPISODES", 16)
    html = written(two_runs, out)
    assert about(html)["files"] == "my report_files" and 'id="steps-' not in html
    names = sorted(p.name for p in folder.iterdir())
    assert names == [f"{i:03}.js" for i in range(len(names))] and len(names) == 8
    assert (folder / "003.js").read_text().startswith('assay_steps(3,"')
    (folder / "notes.txt").write_text("mine")
    (folder / "999.js").write_text("also mine")
    monkeypatch.setattr(page_module, "INLINE_BYTES", 20_000_000)
    html = written(two_runs, out)
    assert about(html)["files"] == "" and 'id="steps-0"' in html
    assert sorted(p.name for p in folder.iterdir()) == ["999.js", "notes.txt"]
    assert sorted(p.name for p in out.parent.iterdir()) == ["my report.html", "my report_files"]


def test_an_earlier_page_stays_when_a_new_one_cannot_be_made(tmp_path, two_runs):
    out = tmp_path / "report.html"
    before = written(two_runs, out)
    with Store(two_runs[0]) as store:
        store._db.execute("UPDATE trajectories SET steps = x'0102' WHERE episode = 7")
    with pytest.raises(StoreError, match=r"episode 7 of .* damaged"):
        written(two_runs, out)
    assert out.read_text("utf-8") == before
    assert not [p for p in tmp_path.iterdir() if p.name.endswith(".part")]


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path, two_runs):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be written: .*Give another path"):
        written(two_runs, tmp_path / "file" / "report.html")


def test_a_run_without_episodes_has_a_page(tmp_path):
    path = tmp_path / "run.db"
    with Store(path) as store:
        store.new_run("x", identity("nobody", n=4), {})
    html = written([path], tmp_path / "report.html")
    assert unpacked(html, "rows")["rows"] == []
    assert "0 of 8 planned episodes are stored" in html and ">–<" in html


# ---------------------------------------------------------------------- pieces


def test_long_prompts_keep_their_end_where_the_question_stands():
    text = f"begin {'x' * 5000} the question?"
    assert shortened(text, 90).startswith("begin") and shortened(text, 90).endswith("the question?")
    assert len(shortened(text, 90)) <= 93
    assert shortened("short", 90) == "short"


def test_metrics_are_read_line_by_line_and_bad_lines_counted(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text(
        '{"step": 1, "loss": 2.5, "note": "warm", "ok": true}\n'
        '{"step": 2, "loss": NaN, "rate": 0.5}\n'
        "\n[1, 2]\n"
        '{"loss": 1}\n'
        f'{{"step": 3, "loss": 1.5, "huge": {"9" * 400}}}\n'
        '{"step": 4, "lo'
    )
    metrics = parse_metrics(path, "run")
    assert metrics.series == {"loss": ([1, 3], [2.5, 1.5]), "rate": ([2], [0.5])}
    assert metrics.unread == 3


def test_learning_curves_beside_a_run_are_drawn(tmp_path, two_runs):
    lines = [json.dumps({"step": i, "<b>loss</b>": 1 / (1 + i)}) for i in range(1000)]
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines))
    html = written(two_runs, tmp_path / "report.html")
    assert html.count('id="learning-title"') == 1
    assert "&lt;b&gt;loss&lt;/b&gt;" in html and "1,000 points" in html


def test_charts_take_the_colours_of_the_page_and_have_ids_of_their_own(two_runs):
    data = summary(two_runs)
    svgs = [difficulty_chart(curve, f"d{i}") for i, curve in enumerate(data.curves)]
    svgs.append(curve_chart(range(5000), np.sin(np.arange(5000)), "m0"))
    ids = [name for svg in svgs for name in re.findall(r'\bid="([^"]+)"', svg)]
    assert len(ids) == len(set(ids))
    for svg in svgs:
        assert svg.startswith("<svg") and "<style" not in svg and "<text" in svg
        used = set(re.findall(r"(?:url\(|href=\")#([^)\"]+)", svg))
        assert used <= set(ids)
        assert not re.search(r"#[0-9a-f]{6}\b", re.sub(r"#\w+-\w+", "", svg))
    assert svgs[-1].count(" L ") < 3 * MAX_SAMPLES
