"""Served models that fail in every way: each episode ends in the right status, and none hangs."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_server import Handler, Key, Server, serving

from assay.agents.language import client
from assay.agents.language.endpoint import EndpointPolicy
from assay.core.errors import AssayError, PolicyError, PolicyUnavailable
from assay.evaluation.engine import evaluate
from assay.evaluation.record import read_payload
from assay.evaluation.store import Store

HERE = Path(__file__).parent
SECRET = "sk-9f8e7d6c5b4a-very-secret"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_FIRST_WAIT_S", 0.01)
    monkeypatch.delenv("ASSAY_API_KEY", raising=False)


def ask(policy: EndpointPolicy, text: str = "hello") -> str:
    policy.reset(seed=3)
    return policy.act(text, {})


# ---------------------------------------------------------------------- the key


def echo_key(handler: Handler) -> str:
    return handler.headers["Authorization"]


def close_with_key(handler: Handler) -> None:
    handler.wfile.write(f"{echo_key(handler)}\r\n\r\n".encode())


LEAKS = {
    "in a refusal": lambda h: h.send(401, f"bad key {echo_key(h)}".encode()),
    "in JSON": lambda h: h.send(403, json.dumps({"error": {"message": echo_key(h)}}).encode()),
    "where it is cut": lambda h: h.send(400, b"x" * 285 + echo_key(h).encode()),
    "in a failure": lambda h: h.send(500, echo_key(h).encode()),
    "in garbage": lambda h: h.send(200, f"<html>{echo_key(h)}</html>".encode()),
    "as a status line": close_with_key,
    "as a reply": lambda h: h.reply(f"Your key is {echo_key(h)}."),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_the_key_stands_in_no_file_log_or_error(server, tmp_path, monkeypatch, caplog, leak):
    monkeypatch.setenv("ASSAY_API_KEY", SECRET)
    server.always = LEAKS[leak]
    out = tmp_path / "run.db"
    with caplog.at_level(logging.DEBUG):
        try:
            found = evaluate(
                f"endpoint:{server.where}", "assay/Compare-v0", n=2, out=out,
                policy_settings={"tries": 2},
            )  # fmt: skip
        except PolicyUnavailable as err:
            assert leak in ("in a refusal", "in JSON")
            said = [caplog.text, str(err), repr(err.__cause__)]
        else:
            expected = "finished" if leak == "as a reply" else "policy_error"
            assert found[0].counts[expected] == 2
            said = [caplog.text, repr(found), str(found.faults())]
    assert server.headers[0]["Authorization"] == f"Bearer {SECRET}"
    with Store(out) as store:
        said += store.query("SELECT settings, identity FROM runs")[0]
        for _, steps in store.query("SELECT episode, steps FROM trajectories"):
            said.append(repr(read_payload(steps, store.blob)))
    for path in tmp_path.iterdir():
        said.append(path.read_bytes().decode("latin-1"))
    for text in said:
        assert "secret" not in str(text)
        assert SECRET[:8] not in str(text)


@pytest.mark.parametrize("key", [f"{SECRET}\n", f"  {SECRET} "])
def test_space_around_the_key_is_none_of_it(server, monkeypatch, key):
    monkeypatch.setenv("ASSAY_API_KEY", key)
    assert ask(EndpointPolicy(server.where)) == "hello"
    assert server.headers[0]["Authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("key", ["very-secret\nX-Other: 1", "very-secret\u2026", "very-secret\x7f"])
def test_a_key_that_is_none_is_refused_unseen(server, monkeypatch, key):
    monkeypatch.setenv("ASSAY_API_KEY", key)
    with pytest.raises(PolicyError, match="ASSAY_API_KEY") as error:
        EndpointPolicy(server.where)
    assert "secret" not in str(error.value)


def test_no_password_rides_on_an_address(server):
    where = f"toy@http://me:very-secret@127.0.0.1:{server.server_address[1]}/v1"
    with pytest.raises(PolicyError, match="ASSAY_API_KEY") as error:
        EndpointPolicy(where)
    assert "secret" not in str(error.value)


# ---------------------------------------------------------------------- answers that are none


def cut_json(handler: Handler) -> None:
    handler.wfile.write(b'HTTP/1.1 200 OK\r\n\r\n{"choices": [{"message": {"content": "he')


def cut_chunks(handler: Handler) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    handler.wfile.write(head + b'20\r\n{"choices": [{"message"')


def half_close(handler: Handler) -> None:
    handler.connection.shutdown(socket.SHUT_WR)
    time.sleep(0.2)


def overloaded(handler: Handler) -> None:
    handler.send(200, b'{"error": {"message": "overloaded", "code": 503}}')


@pytest.mark.parametrize("behave", [cut_json, cut_chunks, half_close, overloaded])
def test_what_broke_off_is_tried_again(server, behave):
    server.script = [behave, behave]
    assert ask(EndpointPolicy(server.where)) == "hello"
    assert len(server.requests) == 3


def test_an_error_that_calls_itself_ok_is_said(server):
    server.always = lambda h: h.send(200, b'{"error": {"message": "no such model", "code": 404}}')
    with pytest.raises(PolicyError, match="no such model"):
        ask(EndpointPolicy(server.where))
    assert len(server.requests) == 1


def test_a_listener_that_never_speaks_meets_the_time_limit():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        policy = EndpointPolicy(
            f"toy@127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.2, tries=2, deadline_s=20.0
        )
        with pytest.raises(PolicyError, match=r"2 of 2 tries.*not complete after"):
            ask(policy)


def test_an_episode_has_a_deadline_over_all_its_turns(server):
    policy, key = EndpointPolicy(server.where, episode_deadline_s=2.0), Key("a", 1)
    assert policy.act_batch(["one"], [{}], [key]) == ["one"]
    server.always = lambda h: time.sleep(30)
    (late,) = policy.act_batch(["two"], [{}], [key])
    assert isinstance(late, PolicyError)
    assert re.search(r"no reply in 1 of 6 tries|episode_deadline_s", str(late))
    n = len(server.requests)
    (late,) = policy.act_batch(["three"], [{}], [key])
    assert isinstance(late, PolicyError) and "episode_deadline_s" in str(late)
    assert len(server.requests) == n, "nothing is asked after the deadline"
    policy.end(key)
    server.always = lambda h: h.reply("fresh")
    assert policy.act_batch(["new"], [{}], [key]) == ["fresh"], "another episode has its own"


# ---------------------------------------------------------------------- TLS


def test_a_plain_server_asked_for_tls_is_said_at_once(server):
    where = server.where.replace("http://", "https://")
    with pytest.raises(PolicyError, match=r"does not speak TLS.*http://"):
        EndpointPolicy(where)
    assert server.requests == []


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[Server]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext"
    subprocess.run(
        [*words.split(), "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with serving() as made:
        made.socket = context.wrap_socket(made.socket, server_side=True)
        made.cert = cert
        yield made


def test_an_unknown_certificate_is_refused_at_once_and_a_known_one_works(tls_server, monkeypatch):
    where = f"toy@https://localhost:{tls_server.server_address[1]}/v1"
    with pytest.raises(PolicyError, match="not to be trusted"):
        EndpointPolicy(where)
    monkeypatch.setenv("SSL_CERT_FILE", str(tls_server.cert))
    assert ask(EndpointPolicy(where)) == "hello"


# ---------------------------------------------------------------------- through the engine


def test_sixteen_requests_are_under_way_together(server):
    together = threading.Barrier(16, timeout=20)

    def meet(handler: Handler) -> None:
        try:
            together.wait()
            handler.reply("5", completion_tokens=3, prompt_tokens=9)
        except threading.BrokenBarrierError:
            handler.send(403, b"too few came together")

    server.always = meet
    found = evaluate(
        f"endpoint:{server.where}", "assay/Compare-v0", n=32, batch=16,
        policy_settings={"concurrency": 16},
    )[0]  # fmt: skip
    assert found.counts["finished"] == 32
    assert (found.prompt_tokens, found.completion_tokens) == (32 * 9, 32 * 3)


@pytest.mark.parametrize("backend", ["inline", "process"])
def test_a_server_that_leaves_stops_the_run_and_fails_no_episode(tmp_path, backend):
    out = tmp_path / "run.db"
    with serving() as server:

        def leave(handler: Handler) -> None:
            handler.reply("5")
            if len(server.requests) >= 6:  # another may have come meanwhile
                server.socket.close()

        server.always = leave
        with pytest.raises(PolicyUnavailable, match=r"gave no reply in 2 of 2.*run the same again"):
            evaluate(
                f"endpoint:{server.where}", "assay/Compare-v0", n=12, batch=2, out=out,
                backend=backend, policy_settings={"tries": 2, "concurrency": 2},
            )  # fmt: skip
    with Store(out) as store:
        statuses = [status for (status,) in store.query("SELECT status FROM episodes")]
    assert 5 <= len(statuses) < 12 and set(statuses) == {"finished"}


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_a_refusal_of_all_requests_stops_the_run(server, tmp_path, status):
    server.always = lambda handler: handler.send(status, b"not for you")
    with pytest.raises(PolicyUnavailable, match=rf"HTTP {status}.*not for you") as caught:
        evaluate(f"endpoint:{server.where}", "assay/Compare-v0", n=5, out=tmp_path / "run.db")
    assert caught.value.exit_code == 3
    server.always = lambda handler: handler.reply("5")
    found = evaluate(f"endpoint:{server.where}", "assay/Compare-v0", n=5, out=tmp_path / "run.db")
    assert found[0].counts["finished"] == 5


def test_failures_in_a_row_are_the_servers(server):
    server.always = lambda handler: handler.send(500, b"overloaded")
    settings = {"tries": 1, "concurrency": 2}
    with pytest.raises(PolicyUnavailable, match=r"replies in a row.*--retry policy_error"):
        evaluate(
            f"endpoint:{server.where}", "assay/Compare-v0", n=40, batch=2, policy_settings=settings
        )
    assert len(server.requests) < 20


EVERYWHERE = {
    "inline": {"backend": "inline"},
    "one": {"workers": 1},
    "served": {"workers": 1, "policy_server": "on"},
}


@pytest.mark.parametrize("place", EVERYWHERE)
def test_replies_beside_a_refusal_are_kept(server, tmp_path, place):
    out, turned_away = tmp_path / "run.db", []

    def refuse_one(handler: Handler) -> None:
        with server.lock:
            mine = len(server.requests) and not turned_away
            turned_away[:] = turned_away or [True]
        handler.send(402, b"your credit is used up") if mine else handler.reply("5")

    server.always = refuse_one
    with pytest.raises(PolicyUnavailable, match="credit is used up"):
        evaluate(
            f"endpoint:{server.where}", "assay/Compare-v0", n=6, batch=6, unit=6, out=out,
            **EVERYWHERE[place],
        )  # fmt: skip
    with Store(out) as store:
        statuses = [status for (status,) in store.query("SELECT status FROM episodes")]
    assert statuses == ["finished"] * 5


@pytest.mark.parametrize(("batch", "stored"), [(16, 0), (5, 5)])
def test_what_is_said_of_stored_rows_is_so(server, tmp_path, batch, stored):
    server.always = lambda handler: handler.send(500, b"overloaded")
    out = tmp_path / "run.db"
    with pytest.raises(PolicyUnavailable, match="replies in a row") as caught:
        evaluate(
            f"endpoint:{server.where}", "assay/Compare-v0", n=16, batch=batch, out=out,
            policy_settings={"tries": 1},
        )  # fmt: skip
    with Store(out) as store:
        statuses = [status for (status,) in store.query("SELECT status FROM episodes")]
    assert statuses == ["policy_error"] * stored
    said = f"{stored} of them" if stored else "--retry"
    assert (said in str(caught.value)) == bool(stored)


def test_an_episode_that_fails_leaves_the_others_alone(server):
    unlucky = []

    def fail_one(handler: Handler) -> None:
        text = handler.body["messages"][-1]["content"]
        with server.lock:
            unlucky[:] = unlucky or [text]
        handler.send(500, b"no") if text == unlucky[0] else handler.reply("5")

    server.always = fail_one
    found = evaluate(
        f"endpoint:{server.where}", "assay/Compare-v0", n=20, policy_settings={"tries": 3}
    )[0]
    assert (found.counts["finished"], found.counts["policy_error"]) == (19, 1)
    assert len(server.requests) == 19 + 3


# ---------------------------------------------------------------------- stopping


def test_closing_cuts_what_is_under_way(server):
    begun = threading.Event()

    def hang(handler: Handler) -> None:
        begun.set()
        time.sleep(30)

    server.always = hang
    policy, raised = EndpointPolicy(server.where), []

    def play() -> None:
        try:
            ask(policy)
        except AssayError as err:
            raised.append(str(err))

    thread = threading.Thread(target=play, daemon=True)
    thread.start()
    assert begun.wait(10)
    policy.close()
    thread.join(10)
    assert not thread.is_alive()
    assert "closed" in raised[0]
    server.always = lambda h: h.reply("again")
    assert ask(policy) == "again"


def interrupted(server: Server, waits: str, *words: object) -> subprocess.Popen[str]:
    """An evaluation whose server answers three of eight, and that gets one SIGINT after that."""
    stalled = threading.Semaphore(0)

    def stall(handler: Handler) -> None:
        with server.lock:
            answered = len(server.requests) <= 3
        if answered:
            handler.reply("5")
            return
        if waits == "to try again":
            handler.send(429, b"", Retry_After="300")
        stalled.release()
        if waits == "for a reply":
            time.sleep(100)

    server.always = stall
    process = subprocess.Popen(
        [sys.executable, str(HERE / "endpoint_script.py"), server.where, *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(HERE.parent.parent)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for _ in range(5):
        assert stalled.acquire(timeout=30)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    return process


@pytest.mark.parametrize("backend", ["inline", "process"])
@pytest.mark.parametrize("waits", ["for a reply", "to try again"])
def test_an_interrupt_does_not_wait_and_keeps_what_was_answered(server, tmp_path, waits, backend):
    process = interrupted(server, waits, tmp_path / "run.db", backend)
    try:
        _, errors = process.communicate(timeout=20)  # the server would take 100 s
    finally:
        process.kill()
    assert (process.returncode, errors) == (3, "")
    with Store(tmp_path / "run.db", read_only=True) as store:
        assert store.query("SELECT status FROM episodes") == [("finished",)] * 3


def test_an_interrupted_policy_can_be_asked_again(server):
    policy = EndpointPolicy(server.where)
    policy.interrupt()
    (cut,) = policy.act_batch(["x"], [{}], [Key("a", 1)])
    assert isinstance(cut, PolicyUnavailable) and server.requests == []
    policy.go_on()
    assert policy.act_batch(["x"], [{}], [Key("a", 1)]) == ["x"]
