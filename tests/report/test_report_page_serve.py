"""The served page: what is answered, what is refused, and that nothing can be changed."""

from __future__ import annotations

import csv
import http.client
import io
import json
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from subprocess import PIPE
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest
from report_runs import ENVS, episode, key, make_two_runs, write_run

from assay.core.errors import OptionError, StoreError
from assay.evaluation.record import to_row
from assay.evaluation.runs import open_runs
from assay.evaluation.store import Store
from assay.report import queries
from assay.report.serve import make_server

pytestmark = pytest.mark.core


class Client:
    """Asks a server, over a connection of its own each time."""

    def __init__(self, server) -> None:
        self.server = server
        self.place = urlsplit(server.address)

    def ask(self, path, method="GET", headers=None, body=None):
        link = http.client.HTTPConnection(self.place.hostname, self.place.port, timeout=30)
        try:
            link.request(method, path, body=body, headers=headers or {})
            answer = link.getresponse()
            return answer, answer.read()
        finally:
            link.close()

    def json(self, path, /, expected=200, **query):
        answer, body = self.ask(f"{path}?{urlencode(query)}" if query else path)
        assert answer.status == expected, body
        return json.loads(body)


@contextmanager
def served(paths):
    with open_runs(paths) as runs:
        server = make_server(runs, port=0)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield Client(server)
        finally:
            server.shutdown()
            thread.join()
            server.close()


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    with served(make_two_runs(tmp_path_factory.mktemp("served"))) as client:
        yield client


def keys(found):
    return [tuple(row[:3]) for row in found["rows"]]


def test_the_page_and_its_summary_are_sent_with_a_strict_policy(serving):
    answer, body = serving.ask("/")
    assert answer.status == 200 and b"<title>" in body
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'") and "connect-src 'self'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    found = serving.json("/api/summary")
    assert 'id="results"' in found["html"] and 'id="comparison"' in found["html"]
    assert found["reasons"] == ["number.different", "policy.raised"]


def test_rows_are_paged_filtered_and_sorted_as_asked(serving):
    first = serving.json("/api/rows", limit=20)
    assert first["total"] == 60 and len(first["rows"]) == 20
    rest = [serving.json("/api/rows", limit=20, offset=at) for at in (20, 40)]
    everything = keys(first) + keys(rest[0]) + keys(rest[1])
    assert everything == [(env, e, 0) for env in (0, 1) for e in range(30)]
    labels = [run.label for run in serving.server.runs]
    old = labels.index("old")
    passed = serving.json("/api/rows", run=old, env=0, status="passed", limit=200)
    assert keys(passed) == [(0, e, 0) for e in range(30) if e % 3]
    failed = serving.json("/api/rows", run=old, status="policy_error")
    assert keys(failed) == [(1, 5, 0)] and failed["total"] == 1
    named = serving.json("/api/rows", run=old, env=1, reason="number.different")
    assert keys(named) == [(1, e, 0) for e in range(0, 30, 3)]
    longest = serving.json("/api/rows", run=old, sort="steps", down=1, limit=3)
    assert [row[5][old][3] for row in longest["rows"]] == [4, 4, 4]
    hard = serving.json("/api/rows", run=old, sort="difficulty", limit=200)
    difficulties = [row[3] for row in hard["rows"]]
    assert difficulties == sorted(difficulties)


def test_flipped_episodes_are_found_and_stand_beside_each_other(serving):
    for run in (0, 1):
        found = serving.json("/api/rows", run=run, flipped=1, env=0)
        assert keys(found) == [(0, e, 0) for e in (0, 6, 12, 18, 24)]
        assert all(row[5][0][1] != row[5][1][1] for row in found["rows"])


def test_a_search_reads_prompts_and_answers_and_says_how_far_it_came(serving, monkeypatch):
    found = serving.json("/api/rows", text="WHAT IS 7 +")
    assert keys(found) == [(0, 7, 0)]
    assert found["scanned"] == found["total"] == 60 and found["next"] is None
    monkeypatch.setattr(queries, "SEARCH_S", 0.0)
    seen, at, calls = [], 0, 0
    while at is not None:
        found = serving.json("/api/rows", text="is 4", scan=at)
        assert found["from"] == at
        seen += keys(found)
        at, calls = found["next"], calls + 1
    assert calls == 60
    assert sorted(seen) == sorted(set(seen)) and (0, 4, 0) in seen


def test_an_episode_comes_with_its_steps_its_seeds_and_its_blobs(serving):
    found = serving.json("/api/episode", run=0, env=1, episode=3, sample=0)
    assert found["row"]["env_seed"] == str(7_000_000_000_000_000_003)
    assert len(found["payload"]["steps"]) == 4 and found["blobs"] == {}
    assert serving.json("/api/row", env=1, episode=3)["row"][:3] == [1, 3, 0]
    assert serving.json("/api/row", env=1, episode=300)["row"] is None


def test_all_rows_can_be_taken_away_as_csv_and_json(serving):
    answer, body = serving.ask("/data/episodes.csv?run=1")
    assert answer.status == 200 and "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    _, body = serving.ask("/data/episodes.jsonl?run=1")
    objects = [json.loads(line) for line in body.decode().splitlines()]
    assert len(rows) == len(objects) == 60
    assert [int(r["env_seed"]) for r in rows] == [o["env_seed"] for o in objects]
    table = serving.json("/data/summary.json")
    assert [row["n"] for row in table] == [30] * 4


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/old.db", "/api/", "/data"],
)
def test_no_path_is_a_path_on_disk(serving, path):
    answer, body = serving.ask(path)
    assert answer.status == 404 and json.loads(body) == {"error": "There is no such page here."}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_get_and_head_are_answered(serving, method):
    answer, _ = serving.ask("/api/rows", method, body=b"x" * 100)
    assert answer.status == 405 and answer.headers["Allow"] == "GET, HEAD"


def test_head_has_the_headers_and_no_body(serving):
    for path in ("/", "/api/rows", "/data/episodes.csv"):
        answer, body = serving.ask(path, "HEAD")
        assert answer.status == 200 and body == b"" and answer.headers["Content-Type"]


def test_a_name_that_leads_here_from_elsewhere_is_refused(serving):
    for host, status in (("evil.example", 403), ("localhost:1", 200), ("127.0.0.1", 200)):
        answer, _ = serving.ask("/api/rows", headers={"Host": host})
        assert answer.status == status


@pytest.mark.parametrize(
    "query",
    [
        {"run": 9}, {"run": "-1"}, {"env": 9}, {"limit": 0}, {"limit": 100000}, {"offset": "1e3"},
        {"sort": "n_steps; DROP TABLE episodes"}, {"status": "' OR 1"}, {"offset": "9" * 40},
    ],
)  # fmt: skip
def test_a_bad_question_is_a_sentence(serving, query):
    found = serving.json("/api/rows", 400, **query)
    assert "expected" in found["error"]


def test_values_are_bound_and_never_read_as_sql(serving):
    for name in ("reason", "text"):
        found = serving.json("/api/rows", **{name: "x' OR '1'='1"})
        assert found["rows"] == []


def test_many_readers_at_once_get_the_same(serving):
    answers: list[object] = []

    def read():
        answers.append(serving.json("/api/rows", sort="reason", limit=200))

    threads = [threading.Thread(target=read) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 12 and all(answer == answers[0] for answer in answers)


def test_a_store_is_served_while_its_run_is_still_being_written(tmp_path):
    path = write_run(tmp_path / "run.db", "p", n=3, planned=5)
    with served([path]) as client:
        assert client.json("/api/rows")["total"] == 6
        with Store(path) as store:
            store.add(1, [to_row(episode(key("p", ENVS[0][0], 3), True))])
            store.flush()
            assert client.json("/api/rows")["total"] == 7


def test_a_taken_port_and_too_many_files_are_one_sentence(serving, tmp_path):
    port = serving.place.port
    with pytest.raises(OptionError, match=f"cannot be served at 127.0.0.1:{port}"):
        make_server(serving.server.runs, port=port)
    paths = [write_run(tmp_path / f"{i}.db", f"p{i}", n=1) for i in range(11)]
    with open_runs(paths) as runs, pytest.raises(StoreError, match="11 results files"):
        make_server(runs, port=0)


def test_the_command_serves_at_once_and_ends_with_an_interrupt(two_runs):
    """Without the tables, which take a while for a big run."""
    command = [sys.executable, "-m", "assay.cli.main", "report", *map(str, two_runs)]
    process = subprocess.Popen(
        [*command, "--serve", "--port", "0"], stdout=PIPE, stderr=PIPE, text=True
    )
    try:
        address = re.search(r"http://127\.0\.0\.1:\d+/", process.stderr.readline())[0]
        with urlopen(f"{address}api/rows", timeout=30) as answer:
            assert json.load(answer)["total"] == 60
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out) == (0, "")
    assert err == "assay: The report is no longer served.\n"
