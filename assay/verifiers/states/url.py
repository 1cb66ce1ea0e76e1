"""An address, compared in its parts after parsing; substrings decide nothing."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple, cast
from urllib.parse import SplitResult, parse_qsl, quote, unquote_to_bytes, urlsplit

from assay.core.errors import TaskError, shorten
from assay.core.types import Limits, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, unusable
from assay.verifiers.tasks import reference_of

_PORTS = {"http": 80, "https": 443, "ftp": 21}
_UNFIT = re.compile(r"[\x00-\x20\x7f\\<>\"{}|^`]|[^\x00-\x7f]")
_MAX_PARAMETERS = 200


class Address(NamedTuple):
    """The parts that are compared."""

    scheme: str
    host: str
    port: int | None
    path: str
    query: tuple[tuple[str, str], ...]
    fragment: str


@dataclass(frozen=True, kw_only=True)
class UrlVerifier(BaseVerifier):
    """Whether an address, as the environment read it, is the one that the task wants.

    Scheme, host, port and path must be the same after normalising (case of scheme and host, the
    default port, dots and percent-escapes in the path); so must every declared query parameter,
    with all its values. An address with a user name in it is never accepted.

    Attributes:
        query: parameters that count; None: all of them, and no others.
        fragment: what stands behind `#` counts too.
        trailing_slash: False: `/a` and `/a/` are the same path.

    Example:
        >>> wanted = "https://shop.test/s?q=tea"
        >>> UrlVerifier(query=("q",)).verify("https://shop.test/s?ad=7&q=tea", wanted).passed
        True
        >>> UrlVerifier().verify("https://other.test/?to=https://shop.test/s?q=tea", wanted).passed
        False
    """

    name = "url"
    version = "1.0"
    claim = "url"

    query: tuple[str, ...] | None = None
    fragment: bool = False
    trailing_slash: bool = False
    limits: Limits = DEFAULT_LIMITS

    def judge(self, outcome: object, task: object) -> Verdict:
        """Parse both; compare part by part."""
        reference = reference_of(task)
        gold = _parsed(reference) if type(reference) is str else None
        if gold is None:
            raise TaskError(f"The reference {shorten(reference)} is no absolute address.")
        refused = unusable(outcome, self.limits)
        if refused is not None:
            return refused
        text = cast("str", outcome).strip()
        if not text:
            return Verdict.reject("url.none", "There is no address.", status="no_answer")
        if len(text) > self.limits.answer_chars:
            return Verdict.reject(
                "limit.size",
                f"The address is {len(text)} characters long; {self.limits.answer_chars} are read.",
                status="over_limit",
            )
        side = _parsed(text)
        if side is None:
            return Verdict.reject(
                "url.unparsable", "This is no absolute address that can be compared.",
                status="unparsable", extracted=text,
            )  # fmt: skip
        differs = self._first_difference(gold, side)
        common: dict[str, Any] = {
            "extracted": text,
            "canonical": _shown(side),
            "expected_canonical": _shown(gold),
        }
        if differs:
            return Verdict.reject("url.different", f"Another {differs}.", **common)
        return Verdict.accept("url.same", "The address is the one that was wanted.", **common)

    def _first_difference(self, gold: Address, side: Address) -> str:
        for name in ("scheme", "host", "port"):
            if getattr(gold, name) != getattr(side, name):
                return name
        if self._path(gold) != self._path(side):
            return "path"
        wanted = (
            {name for name, _ in (*gold.query, *side.query)} if self.query is None else self.query
        )
        for name in sorted(wanted):
            left = Counter(value for key, value in gold.query if key == name)
            if left != Counter(value for key, value in side.query if key == name):
                return f"query parameter '{name}'"
        return "fragment" if self.fragment and gold.fragment != side.fragment else ""

    def _path(self, address: Address) -> str:
        return address.path if self.trailing_slash else address.path.rstrip("/")


def _parsed(text: str) -> Address | None:
    """The parts of an absolute address, or None for what is none or hides something."""
    if _UNFIT.search(text):
        return None
    try:
        split: SplitResult = urlsplit(text)
        port = split.port
        query = tuple(
            parse_qsl(split.query, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
        )
    except ValueError:
        return None
    host = (split.hostname or "").rstrip(".")
    if not split.scheme or not host or split.username is not None or split.password is not None:
        return None
    scheme = split.scheme.lower()
    path = _normal_path(split.path)
    return Address(scheme, host, port or _PORTS.get(scheme), path, query, split.fragment)


def _normal_path(path: str) -> str:
    """Percent-escapes in one spelling, and no dot segments (RFC 3986 §6.2.2)."""
    parts: list[str] = []
    for part in (path or "/").split("/")[1:]:
        # A slash inside an escape stays escaped: `a%2Fb` is one segment.
        plain = quote(unquote_to_bytes(part), safe="-._~!$&'()*+,;=:@")
        if plain == "..":
            parts = parts[:-1]
        elif plain != ".":
            parts.append(plain)
    return "/" + "/".join(parts)


def _shown(address: Address) -> str:
    query = "&".join(f"{name}={value}" for name, value in address.query)
    port = "" if address.port == _PORTS.get(address.scheme) else f":{address.port}"
    shown = f"{address.scheme}://{address.host}{port}{address.path}" + (
        f"?{query}" if query else ""
    )
    return shown + (f"#{address.fragment}" if address.fragment else "")
