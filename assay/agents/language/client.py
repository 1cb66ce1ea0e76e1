"""One chat completion over HTTP: deadline, back-off, and a sentence for whatever comes back."""

from __future__ import annotations

import email.utils
import http.client
import json
import logging
import math
import random
import ssl
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from assay.agents.language.link import Link, NoTrust
from assay.core.errors import PolicyError, PolicyUnavailable, shorten
from assay.evaluation.episode import ContextFull

log = logging.getLogger("assay.language")

_RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_FOR_ALL = frozenset({401, 402, 403, 404})  # say nothing about this one request
_MAX_BYTES = 32 << 20
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0
_SHORT_KEY = 8
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Completion:
    """A reply, and what the server says it took."""

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True)
class Address:
    """Where a server listens, without the last part of the path."""

    secure: bool
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """`http://host:8000/v1`; the scheme may be left out, and so may `/v1`.

        Raises:
            PolicyError: it is no address.
        """
        if "@" in text:
            raise PolicyError(
                "An address holds no user name or password: give the key by ASSAY_API_KEY."
            )
        bare = "://" not in text
        try:
            parts = urlsplit(f"//{text}" if bare else text)
            port = parts.port
        except ValueError as err:
            raise PolicyError(f"'{text}' is no address ({err}).") from err
        if not parts.hostname or parts.scheme not in ("", "http", "https") or parts.query:
            raise PolicyError(
                f"'{text}' is no address: expected one such as http://localhost:8000/v1."
            )
        secure = parts.scheme == "https" or (bare and parts.hostname not in _LOCAL)
        path = parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
        return cls(secure, parts.hostname, port or (443 if secure else 80), path)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}{self.path}"


class NoReply(PolicyError):
    """Every try failed in a way that another might have mended: the server's doing, if repeated."""


class _Again(Exception):
    """A failure that another try may mend, with the wait that the server asks for."""

    def __init__(self, what: str, wait_s: float = 0.0, *, gone: bool = False) -> None:
        super().__init__(what)
        self.wait_s = wait_s
        self.gone = gone  # nothing listens there, so the request had no part in it


class ChatClient:
    """Asks one server; safe to use from several threads.

    Args:
        address: of the server. key: sent as a bearer token, if not empty; shown nowhere.
        timeout_s: for one request. deadline_s: for one reply, retries included.
        tries: requests for one reply.

    Raises:
        PolicyError: the key cannot be one.
    """

    def __init__(
        self, address: Address, *, key: str, timeout_s: float, deadline_s: float, tries: int
    ) -> None:
        self.address, self.timeout_s, self.deadline_s = address, timeout_s, deadline_s
        self.tries = tries
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        key = key.strip()
        if not (key.isascii() and key.isprintable()):
            raise PolicyError(
                "ASSAY_API_KEY holds characters that no key has, such as line breaks: set it to "
                "the key alone."
            )
        self._key = key.encode("ascii")
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._tls = ssl.create_default_context() if address.secure else None
        self._stopping = threading.Event()
        self._links: set[Link] = set()
        self._lock = threading.Lock()

    def knock(self) -> None:
        """Raise `PolicyError` unless something listens there, and speaks TLS where it should."""
        try:
            with self._link(min(10.0, self.timeout_s)) as link:
                link.open()
        except NoTrust as err:
            raise PolicyError(f"{self.address} {err}.") from err
        except OSError as err:
            raise PolicyError(
                f"Nothing answers at {self.address} ({err}): start the server, or mend the address."
            ) from err

    def stop(self) -> None:
        """Cut what is under way, in whatever thread: those who wait get `PolicyUnavailable`."""
        with self._lock:
            self._stopping.set()
            links = list(self._links)
        for link in links:
            link.cut()

    def go_on(self) -> None:
        """The end of a `stop`."""
        self._stopping.clear()

    def ask(self, body: dict[str, Any], within_s: float = math.inf) -> Completion:
        """The completion for a request's body.

        Args:
            body: the request. within_s: a deadline of the asker's own, if it comes before ours.

        Raises:
            PolicyError: none could be had; says what came instead. ContextFull: it is too long.
            PolicyUnavailable: the server is gone, or refuses us whatever we ask.
        """
        deadline_s = min(self.deadline_s, within_s)
        end = time.monotonic() + deadline_s
        raw = json.dumps(body).encode("ascii")  # escapes: a lone surrogate has no other form
        for number in range(1, self.tries + 1):
            self._refuse_to_go_on()
            try:
                return read_completion(self._exchange(raw, end), self.address)
            except PolicyError:
                self._refuse_to_go_on()  # an answer that we cut looks like a wrong one
                raise
            except _Again as err:
                self._refuse_to_go_on()
                wait = max(err.wait_s, backoff_s(number))
                left = end - time.monotonic()
                if number == self.tries or wait >= left:
                    kind = PolicyUnavailable if err.gone else NoReply
                    raise kind(
                        f"{self.address} gave no reply in {number} of {self.tries} tries and "
                        f"{deadline_s - left:.0f} s: {err}."
                    ) from None  # what came before may quote the server, and the server our key
                log.info("%s: %s; next try in %.1f s", self.address, err, wait)
                self._stopping.wait(wait)
        raise AssertionError("the loop above ends by returning or raising")

    def _refuse_to_go_on(self) -> None:
        if self._stopping.is_set():
            raise PolicyUnavailable(f"The connections to {self.address} were closed from our side.")

    @contextmanager
    def _link(self, limit_s: float) -> Generator[Link]:
        link = Link(self.address.host, self.address.port, self._tls, limit_s)
        with self._lock:
            self._links.add(link)
        try:
            with link:
                if self._stopping.is_set():
                    link.cut()
                yield link
        finally:
            with self._lock:
                self._links.discard(link)

    def _exchange(self, raw: bytes, end: float) -> bytes:
        """The body of a 200; `_Again` for what may pass, `PolicyError` for what will not."""
        budget = max(0.05, min(self.timeout_s, end - time.monotonic()))
        with self._link(budget) as link:
            try:
                response, data = self._talk(link, raw)
            except NoTrust as err:
                raise PolicyUnavailable(f"{self.address} {err}.") from err
            except ConnectionRefusedError as err:
                raise _Again(f"the connection failed: {err}", gone=True) from None
            except (OSError, http.client.HTTPException) as err:
                if link.late or isinstance(err, TimeoutError):
                    raise _Again(
                        f"the answer was not complete after {round(budget, 2):g} s"
                    ) from None
                said = self._hide(f"{type(err).__name__}: {err}".encode()).decode()
                raise _Again(f"the connection failed: {said}") from None
        if len(data) > _MAX_BYTES:
            raise PolicyError(f"{self.address} sent more than {_MAX_BYTES >> 20} MB for a reply.")
        data = self._hide(data)
        if response.status == 200:
            if _broke_off(response, data):
                raise _Again("the connection ended before the answer did")
            return data
        said = _error_text(data)
        reason = self._hide(response.reason.encode("latin-1", "replace")).decode("latin-1")
        if response.status in _RETRIED:
            wait = retry_after_s(response.getheader("Retry-After"))
            raise _Again(f"HTTP {response.status} {reason}: {said}", wait)
        raise _refusal(self.address, response.status, reason, said)

    def _talk(self, link: Link, raw: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        connection = link.open()
        connection.request("POST", f"{self.address.path}/chat/completions", raw, self._headers)
        response = connection.getresponse()
        data = response.read(_MAX_BYTES + 1)
        if response.length:  # fewer bytes than were announced, and no error from http.client
            raise http.client.IncompleteRead(b"", response.length)
        response.close()
        return response, data

    def _hide(self, data: bytes) -> bytes:
        """What a server sent, without our key: some quote it, and this may be stored."""
        if len(self._key) < _SHORT_KEY:  # a placeholder such as EMPTY, which is also a word
            return data
        return data.replace(self._key, b"***")


def _broke_off(response: http.client.HTTPResponse, data: bytes) -> bool:
    """Whether an answer of no announced length ends too early."""
    if response.getheader("Content-Length") is not None or response.chunked:
        return False
    text = data.strip()
    return not text or (text.startswith(b"{") and not text.endswith(b"}"))


def _refusal(address: Address, status: int, reason: str, said: str) -> Exception:
    if status == 400 and "context" in said.lower() and "length" in said.lower():
        return ContextFull(f"{address}: {said}")
    hint = {
        401: " Set ASSAY_API_KEY.",
        403: " Set ASSAY_API_KEY to a key that may use this model.",
        404: " Check the model's name and the address, which often ends in /v1.",
    }.get(status, "")
    kind = PolicyUnavailable if status in _FOR_ALL else PolicyError
    return kind(f"{address} refused: HTTP {status} {reason}: {said}.{hint}")


def backoff_s(number: int) -> float:
    """Seconds before try `number + 1`: doubled each time, with jitter so that threads part.

    The jitter decides no action, so it needs no seed of the policy's.
    """
    longest = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** (number - 1))
    return longest * (0.5 + 0.5 * _jitter.random())


_jitter = random.Random()


def retry_after_s(value: str | None) -> float:
    """Seconds that a Retry-After header asks for, in either of its forms; 0 for none."""
    if not value:
        return 0.0
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def read_completion(data: bytes, address: Address) -> Completion:
    """The reply in a response's body.

    Raises:
        PolicyError: it is something else; shows how it begins. _Again: an error that may pass.
    """
    try:
        found = json.loads(data)
        if isinstance(found, dict) and found.get("error") and not found.get("choices"):
            raise _error_in_disguise(found["error"], _error_text(data), address)
        message = found["choices"][0]["message"]
        content = message["content"] if "content" in message else message["refusal"]
        if isinstance(content, list):
            content = "".join(part["text"] for part in content if part.get("type") == "text")
        text = "" if content is None else content
        if not isinstance(text, str):
            raise TypeError(type(text).__name__)
        usage = found.get("usage") or {}
        counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
        n_prompt, n_completion = (n if type(n) is int and n >= 0 else 0 for n in counts)
        return Completion(text, n_prompt, n_completion)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as err:
        seen = shorten(data[:200].decode("utf-8", "replace"), 160) if data else "an empty body"
        raise PolicyError(
            f"{address} answered with something else than a chat completion: {seen}. "
            "Check that the address is that of an OpenAI-compatible server."
        ) from err


def _error_in_disguise(error: Any, said: str, address: Address) -> Exception:
    """For an error that a server sends with the status of success."""
    if isinstance(error, dict) and error.get("code") in _RETRIED:
        return _Again(f"the answer was an error: {said}")
    return PolicyError(f"{address} answered with an error: {said}.")


def _error_text(data: bytes) -> str:
    try:
        found = json.loads(data)
        error = found.get("error", found)
        text = error.get("message") if isinstance(error, dict) else error
        text = text if isinstance(text, str) else str(found)
    except (ValueError, AttributeError, RecursionError):
        text = data.decode("utf-8", "replace")
    return " ".join(text.split())[:300].rstrip(".") or "no further word"
