"""Results files damaged by hand, under every verb that reads one: a sentence, no wrong figure."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import urllib.error
import urllib.request
import zlib

import pytest

from assay.core.errors import AssayError
from assay.evaluation.compare import compare
from assay.evaluation.runs import open_runs
from assay.report.serve import make_server

pytestmark = pytest.mark.core

ENVS = ("--envs", "assay/FirstLetter-v0", "-n", "6")
BASIC = (
    ("report", "{run}"),
    ("report", "{other}", "{run}"),
    ("verify", "{run}"),
    ("merge", "{run}", "--out", "{folder}/merged.db"),
    ("evaluate", "random", *ENVS, "--backend", "inline", "--out", "{run}"),
)
VERBS = (
    *BASIC,
    ("report", "{run}", "--json"),
    ("report", "{run}", "--export", "csv", "--to", "{folder}/rows.csv"),
    ("report", "{run}", "--export", "jsonl", "--steps", "--to", "{folder}/rows.jsonl"),
    ("report", "{run}", "--leaderboard", "{folder}/board.jsonl"),
    ("verify", "{run}", "--rescore", "exact_text"),
)
PAGE = ("report", "{run}", "-o", "{folder}/page.html")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    import assay

    folder = tmp_path_factory.mktemp("sound")
    for policy in ("random", "scripted"):
        assay.evaluate(policy, "assay/FirstLetter-v0", n=6, out=folder / f"{policy}.db",
                       backend="inline")  # fmt: skip
    return folder


@pytest.fixture
def places(sound, tmp_path):
    for policy in ("random", "scripted"):
        shutil.copy(sound / f"{policy}.db", tmp_path)
    return {"run": tmp_path / "random.db", "other": tmp_path / "scripted.db", "folder": tmp_path}


def edit(path, *statements):
    with sqlite3.connect(path) as db:
        for sql, *values in statements:
            db.execute(sql, values)


def row(column, value, where="episode = 3"):
    return (f'UPDATE episodes SET "{column}" = ? WHERE {where}', value)


def run_text(column, value):
    return (f"UPDATE runs SET {column} = ?", value)


def plan(path, value):
    return (f"UPDATE runs SET identity = json_set(identity, '$.{path}', json(?))", value)


def steps(value):
    return ("UPDATE trajectories SET steps = ? WHERE episode = 3", value)


def packed(value):
    return steps(zlib.compress(json.dumps(value).encode()))


WHOLE = {"observation": "x", "action": "a", "reward": 0.0, "terminated": True, "truncated": False,
         "action_status": "ok"}  # fmt: skip


def payload(step=None, verdict=None, **more):
    return packed({"steps": [WHOLE if step is None else step], "final_observation": "",
                   "verdict": verdict, **more})  # fmt: skip


PLANS = [
    *(run_text(column, text) for column in ("identity", "settings") for text in ("[]", "{", "5")),
    run_text("identity", "{}"),
    run_text("identity", b"\x80"),
    run_text("settings", '{"shard": "5/3"}'),
    run_text("settings", '{"shards": [5]}'),
    run_text("settings", "[" * 100_000),
    plan("envs", "{}"),
    plan("envs[0]", "7"),
    plan("envs[0].n", '"6"'),
    plan("envs[0].n", "-1"),
    plan("envs[0].n", "1e400"),
    plan("envs[0].options", "[]"),
    plan("policy", '"random"'),
    plan("policy.id", "5"),
    plan("samples", "0"),
    plan("split", '"best"'),
    plan("limits", "null"),
    plan("versions", '{"numpy": 2}'),
    plan("until_ci", '"wide"'),
    ("UPDATE runs SET identity = json_remove(identity, '$.seed')",),
    ("UPDATE runs SET identity = json_remove(identity, '$.envs[0].digest')",),
    ("DROP TABLE findings",),
    ("ALTER TABLE episodes DROP COLUMN world",),
]
ROWS = [
    row("passed", "yes"), row("passed", 2), row("passed", -1),
    row("status", "done"), row("status", b"finished"),
    row("return", "much"), row("n_steps", "two"), row("wall_ms", "long"),
    row("prompt_tokens", b"1"), row("completion_tokens", "none"), row("difficulty", "hard"),
    row("reason", b"\x00\xff"), row("episode", "three"), row("episode", 99), row("episode", -3),
    row("sample", 1), row("sample", "one"), row("sample", -1),
    row("env_digest", "0" * 32), row("env_id", "assay/Nothing-v0"), row("policy_id", "nobody"),
    row("split", "train"),
]  # fmt: skip
PAYLOADS = [
    steps(b"not zlib"), steps("a text"), steps(zlib.compress(b"\xff\xfe")), packed([]), packed("x"),
    steps(zlib.compress(b'{"steps":')), steps(zlib.compress(b"[" * 100_000)), packed({"steps": []}),
    payload(step=[]), payload(step={"action": 1}), payload(step={**WHOLE, "reward": "high"}),
    payload(step={**WHOLE, "reward": {"$float": "big"}}), payload(step={**WHOLE, "terminated": 1}),
    payload(step={**WHOLE, "action": {"$long": 5}}), payload(step={**WHOLE, "action": {"$no": 1}}),
    payload(step={**WHOLE, "action": {"$long": "0" * 32}}),
    payload(step={**WHOLE, "observation": {"$array": "<f8", "shape": "x", "data": "!"}}),
    payload(step={**WHOLE, "action": {"$scalar": "<f8", "data": ""}}),
    payload(verdict=[]), payload(verdict={"passed": "no", "status": "x", "code": "y"}),
    payload(verdict={"passed": True, "status": "incorrect", "code": "c", "reason": "r"}),
    payload(verdict=["passed", "status", "code"]), payload(frames="all"), payload(frames=[{}]),
    payload(frames=["0" * 32]), payload(error=5), payload(error={"$text": 5}),
    steps(zlib.compress(b'{"steps": [], "final_observation": NaN, "verdict": null}')),
    ("UPDATE trajectories SET codec = 'msgpack' WHERE episode = 3",),
]  # fmt: skip


def words_of(verb, places):
    return [word.format(**places) for word in verb]


def told(ran):
    """Every word of it is ours."""
    assert ran.code in (0, 1, 2), ran.err
    assert "Traceback" not in ran.err + ran.out
    return ran


@pytest.mark.parametrize("damage", PLANS)
def test_a_damaged_plan_is_one_sentence(assay_command, places, damage):
    edit(places["run"], damage)
    for verb in BASIC:
        ran = told(assay_command(*words_of(verb, places)))
        assert ran.code == 2 and ran.out == "", verb
        assert ran.err.count("\n") == 1 and str(places["run"]) in ran.err, ran.err
    with pytest.raises(AssayError, match=r"random\.db"):
        compare(places["other"], places["run"])


@pytest.mark.parametrize("damage", ROWS)
def test_no_figure_is_made_of_a_damaged_row(assay_command, places, damage):
    edit(places["run"], damage)
    for verb in VERBS:
        ran = told(assay_command(*words_of(verb, places)))
        if verb[0] == "verify":
            if "--rescore" not in verb:
                assert ran.code == 1 and "5 of 6 episodes replay" in ran.out
        else:
            assert ran.code == 2 and ran.out == "", (verb, ran.out, ran.err)
            assert "random.db" in ran.err and "`assay verify`" in ran.err, ran.err


@pytest.mark.parametrize("damage", PAYLOADS)
def test_a_damaged_payload_is_named_by_who_reads_it(assay_command, places, damage):
    edit(places["run"], damage)
    codes = {verb: told(assay_command(*words_of(verb, places))).code for verb in (*VERBS, PAGE)}
    assert codes["report", "{run}"] == 0, "the figures are in the rows"
    if "codec" not in damage[0]:
        ran = assay_command("verify", str(places["run"]))
        assert ran.code == 1 and "FirstLetter-v0 test/3, sample 0" in ran.out


@pytest.mark.parametrize(
    ("damage", "bad"),
    [(row("passed", "yes"), "summary"), (row("status", "done"), "rows"), (steps(b"x"), "rows"),
     (payload(step=[]), "episode"), (row("n_steps", "two"), "rows")],
)  # fmt: skip
def test_a_served_page_says_what_is_damaged(places, damage, bad):
    edit(places["run"], damage)
    with open_runs([places["run"]]) as runs:
        server = make_server(runs, port=0)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            for question in ("rows", "summary", "episode?episode=3", "row?episode=3"):
                try:
                    with urllib.request.urlopen(f"{server.address}api/{question}") as answer:
                        assert answer.status == 200 and not question.startswith(bad)
                except urllib.error.HTTPError as err:
                    assert err.code == 500 and json.load(err)["error"].endswith(".")
        finally:
            server.shutdown()
            server.close()
