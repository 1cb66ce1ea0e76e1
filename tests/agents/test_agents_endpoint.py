"""Served models: a real HTTP server on this machine, which also misbehaves."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest
from chat_server import Handler, Key, Server, serving

from assay.agents.language import client
from assay.agents.language.client import Address, retry_after_s
from assay.agents.language.endpoint import EndpointPolicy
from assay.core.errors import OptionError, PolicyError, UnknownOption
from assay.evaluation.engine import evaluate
from assay.evaluation.episode import ContextFull


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


def test_a_request_says_what_is_wanted(server, monkeypatch):
    monkeypatch.setenv("ASSAY_API_KEY", "s3cret")
    policy = EndpointPolicy(
        server.where, temperature="0.5", top_p=0.9, max_new_tokens="48", stop=["\n"], system="Hi."
    )
    assert ask(policy, "Q: a\nA: b\n\nQ: c\nA:") == "c"
    body = server.requests[0]
    assert body["model"] == "toy"
    assert [m["role"] for m in body["messages"]] == ["system", "user", "assistant", "user"]
    assert (body["temperature"], body["top_p"], body["max_tokens"]) == (0.5, 0.9, 48)
    assert body["stop"] == ["\n"]
    assert 0 <= body["seed"] < 2**31
    assert server.headers[0]["Authorization"] == "Bearer s3cret"
    assert server.paths == ["/v1/chat/completions"]
    assert "s3cret" not in json.dumps(policy.describe())


def test_greedy_by_default_without_a_key(server):
    ask(EndpointPolicy(server.where, tokens_field="max_completion_tokens"))
    assert server.requests[0]["temperature"] == 0
    assert "max_completion_tokens" in server.requests[0]
    assert "seed" not in server.requests[0]
    assert "Authorization" not in server.headers[0]


def test_turns_are_remembered_and_tokens_counted(server):
    policy, key = EndpointPolicy(server.where), Key("a", 1)
    for text in ("one", "two"):
        assert policy.act_batch([text], [{}], [key]) == [text]
    said = [(m["role"], m["content"]) for m in server.requests[1]["messages"]]
    assert said == [("user", "one"), ("assistant", "one"), ("user", "two")]
    assert policy.take_usage(key) == {"prompt_tokens": 14, "completion_tokens": 4}
    assert policy.take_usage(key) == {"prompt_tokens": 0, "completion_tokens": 0}
    policy.end(key)
    policy.act_batch(["new"], [{}], [key])
    assert len(server.requests[2]["messages"]) == 1


def test_requests_run_side_by_side_and_no_more_than_allowed(server):
    lock, busy, most = threading.Lock(), 0, 0

    def slow(handler: Handler) -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.1)
        with lock:
            busy -= 1  # before the reply, which lets the next request begin
        handler.reply(handler.body["messages"][-1]["content"])

    server.always = slow
    policy = EndpointPolicy(server.where, concurrency=4)
    texts = [str(i) for i in range(12)]
    keys = [Key(i, i) for i in range(12)]
    assert policy.act_batch(texts, [{}] * 12, keys) == texts
    assert 2 <= most <= 4
    policy.close()


@pytest.mark.parametrize(
    "behave",
    [
        lambda h: h.send(429, b'{"error": {"message": "slow down"}}'),
        lambda h: h.send(500, b"oops"),
        lambda h: h.send(503, b"", Retry_After="0.02"),
        lambda h: h.connection.close(),
        lambda h: h.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"),
        lambda h: h.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le"),
    ],
    ids=["429", "500", "503 with a wait", "closed", "half a body", "half a header"],
)
def test_what_may_pass_is_tried_again(server, behave):
    server.script = [behave, behave]
    assert ask(EndpointPolicy(server.where)) == "hello"
    assert len(server.requests) == 3


def test_retry_after_is_honoured(server):
    server.script = [lambda h: h.send(429, b"", Retry_After="0.4")]
    begin = time.monotonic()
    assert ask(EndpointPolicy(server.where)) == "hello"
    assert time.monotonic() - begin >= 0.4


def test_a_wait_beyond_the_deadline_is_not_begun(server):
    server.script = [lambda h: h.send(429, b'{"error": "quota"}', Retry_After="3600")]
    begin = time.monotonic()
    with pytest.raises(PolicyError, match=r"1 of 6 tries.*HTTP 429.*quota"):
        ask(EndpointPolicy(server.where))
    assert time.monotonic() - begin < 5


def test_trying_ends(server):
    server.always = lambda h: h.send(502, b"<html>bad gateway</html>")
    with pytest.raises(PolicyError, match=r"3 of 3 tries.*HTTP 502 Bad Gateway: <html>bad"):
        ask(EndpointPolicy(server.where, tries=3))
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("behave", "said"),
    [
        (lambda h: h.send(200, b"<html>a portal</html>"), "a chat completion: '<html>a portal"),
        (lambda h: h.send(200, b""), "a chat completion: an empty body"),
        (lambda h: h.send(200, b"[1, 2]"), "OpenAI-compatible"),
        (lambda h: h.send(200, b'{"choices": []}'), "OpenAI-compatible"),
        (lambda h: h.send(200, b'{"choices": [{"message": {"content": 5}}]}'), "chat completion"),
        (lambda h: h.send(200, b"\xff\xfe\x00"), "chat completion"),
        (lambda h: h.send(200, b"[" * 100_000), "chat completion"),
        (lambda h: h.send(401, b'{"error": {"message": "bad key"}}'), "bad key. Set ASSAY_API_KEY"),
        (lambda h: h.send(404, b'{"message": "no model toy"}'), "no model toy.*model's name"),
        (lambda h: h.send(302, b"", Location="http://elsewhere/"), "HTTP 302"),
        (lambda h: h.send(400, b'{"error": {"message": ["odd"]}}'), "HTTP 400"),
    ],
)
def test_what_will_not_pass_is_said_at_once(server, behave, said):
    server.always = behave
    with pytest.raises(PolicyError, match=said) as error:
        ask(EndpointPolicy(server.where))
    assert len(server.requests) == 1
    assert "\n" not in str(error.value)


def test_a_reply_without_content_or_usage_is_empty(server):
    server.script = [
        lambda h: h.reply(None, prompt_tokens="many"),
        lambda h: h.reply([{"type": "text", "text": "in "}, {"type": "text", "text": "parts"}]),
        lambda h: h.send(200, b'{"choices": [{"message": {"refusal": "no"}}]}'),
    ]
    policy, key = EndpointPolicy(server.where), Key("k", 0)
    assert [policy.act_batch(["x"], [{}], [key])[0] for _ in range(3)] == ["", "in parts", "no"]


def test_a_server_that_drips_is_cut_off(server):
    def drip(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        for _ in range(100):
            handler.wfile.write(b" ")
            time.sleep(0.05)

    server.always = drip
    begin = time.monotonic()
    with pytest.raises(PolicyError, match="was not complete after"):
        ask(EndpointPolicy(server.where, timeout_s=0.3, tries=2))
    assert time.monotonic() - begin < 4


def test_a_silent_server_meets_the_deadline(server):
    server.always = lambda h: time.sleep(3)
    begin = time.monotonic()
    with pytest.raises(PolicyError, match="no reply"):
        ask(EndpointPolicy(server.where, timeout_s=5.0, deadline_s=0.5))
    assert time.monotonic() - begin < 2.5


def test_a_full_context_is_no_error_of_the_policy(server):
    text = "This model's maximum context length is 8 tokens."
    server.always = lambda h: h.send(400, json.dumps({"error": {"message": text}}).encode())
    policy = EndpointPolicy(server.where)
    with pytest.raises(ContextFull):
        ask(policy)
    assert isinstance(policy.act_batch(["x"], [{}], [Key("k", 0)])[0], ContextFull)


def test_one_failure_costs_the_others_nothing(server):
    def picky(handler: Handler) -> None:
        text = handler.body["messages"][-1]["content"]
        handler.send(422, b"no") if text == "bad" else handler.reply(text)

    server.always = picky
    policy, keys = EndpointPolicy(server.where), [Key(i, i) for i in range(4)]
    texts = ["a", "bad", "c", "d"]
    first, failed, *rest = policy.act_batch(texts, [{}] * 4, keys)
    assert (first, rest) == ("a", ["c", "d"])
    assert type(failed) is PolicyError and "HTTP 422" in str(failed)
    assert len(server.requests) == 4, "nobody was asked twice"


def test_evaluated_through_the_engine(server):
    def flaky(handler: Handler) -> None:
        first = len(server.requests) % 3 == 1
        handler.send(503, b"") if first else handler.reply("5", completion_tokens=1)

    server.always = flaky
    spec = f"endpoint:{server.where}"
    found = evaluate(spec, "assay/Compare-v0", n=10, policy_settings={"max_new_tokens": "5"})
    assert found[0].counts["finished"] == 10
    assert found[0].completion_tokens == 10


def test_lone_surrogates_travel(server):
    assert ask(EndpointPolicy(server.where), "a\ud800b") == "a\ud800b"


# ---------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://localhost:8000/v1", "http://localhost:8000/v1"),
        ("localhost:8000", "http://localhost:8000/v1"),
        ("127.0.0.1:1/api/", "http://127.0.0.1:1/api"),
        ("api.example.com", "https://api.example.com:443/v1"),
        ("https://api.example.com/v2/chat/completions", "https://api.example.com:443/v2"),
        ("http://[::1]:9", "http://[::1]:9/v1"),
    ],
)
def test_addresses(text, expected):
    assert str(Address.parse(text)) == expected


@pytest.mark.parametrize("text", ["", "ftp://x", "http://", "http://x:99999", "http://x/?q=1"])
def test_what_is_no_address(text):
    with pytest.raises(PolicyError, match="is no address"):
        Address.parse(text)


def test_misuse_is_said():
    with pytest.raises(PolicyError, match="endpoint:MODEL@ADDRESS"):
        EndpointPolicy("just-a-model")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(PolicyError, match="Nothing answers"):
        EndpointPolicy(f"m@localhost:{port}")
    with pytest.raises(UnknownOption, match="concurrency"):
        EndpointPolicy("m@localhost:1", concurency=3)
    with pytest.raises(OptionError, match="tries"):
        EndpointPolicy("m@localhost:1", tries=0)


def test_model_names_may_hold_the_sign(server):
    policy = EndpointPolicy(f"team@{server.where}")
    assert policy.model == "team@toy"


def test_both_forms_of_retry_after():
    assert retry_after_s("2.5") == 2.5
    assert 8 < retry_after_s(formatdate(time.time() + 10, usegmt=True)) <= 10
    assert [retry_after_s(v) for v in (None, "", "soon", "-4", "Mon, 99")] == [0.0] * 5
