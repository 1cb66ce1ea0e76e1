"""Plain values as text and back: what may pass between a submission and the verifier.

None, bool, int, float and complex (finite), str, bytes, list, tuple, set, frozenset and dict, by
exact type. JSON where JSON has the type, else an object with one key, the tag.
"""

from __future__ import annotations

import json.encoder
import math
from collections.abc import Callable
from typing import Any, cast

MAX_CHARS = 1_000_000  # of one encoded value
MAX_DEPTH = 64
_MAX_BITS = 4 * MAX_CHARS  # of one integer; it is written in hexadecimal


class Unsendable(Exception):
    """A value that is not plain, or too big. `args`: the kind of trouble, what it is about."""


def make_encoder() -> Callable[[Any], str]:
    """The encoder, with all that it uses captured before a submission can put it elsewhere."""
    get_type: Any = type
    none, true = None, True
    type_name = type.__dict__["__name__"].__get__
    bool_, int_, float_, complex_, str_, bytes_ = bool, int, float, complex, str, bytes
    list_, tuple_, set_, frozenset_, dict_ = list, tuple, set, frozenset, dict
    items = cast(Any, dict).items
    to_hex, float_text, int_text = hex, float.__repr__, int.__repr__
    finite, quote = math.isfinite, json.encoder.encode_basestring_ascii
    bits, bytes_hex, length, join = int.bit_length, bytes.hex, len, ",".join
    unsendable = Unsendable
    tags = {tuple: "t", set: "s", frozenset: "z"}
    max_chars, max_depth, max_bits = MAX_CHARS, MAX_DEPTH, _MAX_BITS

    def number(value: float) -> str:
        if not finite(value):
            raise unsendable("not_plain", "a float that is not finite")
        return float_text(value)

    def scalar(value: Any, kind: Any) -> str | None:
        if value is none:
            return "null"
        if kind is bool_:
            return "true" if value is true else "false"
        if kind is int_:
            size = bits(value)
            if size > max_bits:
                raise unsendable("too_big", "an integer")
            return int_text(value) if size < 1024 else '{"i":"' + to_hex(value) + '"}'
        if kind is float_:
            return number(value)
        if kind is str_:
            if length(value) > max_chars:
                raise unsendable("too_big", "a text")
            return quote(value)
        if kind is bytes_:
            return '{"b":"' + bytes_hex(value) + '"}'
        if kind is complex_:
            return '{"c":[' + number(value.real) + "," + number(value.imag) + "]}"
        return none

    def encode(value: Any, depth: int, room: list[int]) -> str:
        kind = get_type(value)
        text: Any = scalar(value, kind)
        if text is none:
            if depth > max_depth:
                raise unsendable("too_big", "deeper nesting than is read")
            if kind is list_:
                text = "[" + join([encode(item, depth + 1, room) for item in value]) + "]"
            elif kind is tuple_ or kind is set_ or kind is frozenset_:
                inner = join([encode(item, depth + 1, room) for item in value])
                text = '{"' + tags[kind] + '":[' + inner + "]}"
            elif kind is dict_:
                pairs = [
                    "[" + encode(k, depth + 1, room) + "," + encode(v, depth + 1, room) + "]"
                    for k, v in items(value)
                ]
                text = '{"d":[' + join(pairs) + "]}"
            else:
                raise unsendable("not_plain", type_name(kind))
            room[0] -= 3
        else:
            room[0] -= length(text) + 1
        if room[0] < 0:
            raise unsendable("too_big", "the value")
        return text

    return lambda value: encode(value, 0, [max_chars])


ENCODE = make_encoder()


def decode(tree: Any) -> Any:
    """A value from what `json.loads` makes of an encoded one."""
    if type(tree) is list:
        return [decode(item) for item in cast(list[Any], tree)]
    if type(tree) is not dict:
        return tree
    ((tag, body),) = cast(dict[str, Any], tree).items()
    if tag == "i":
        return int(body, 16)
    if tag == "b":
        return bytes.fromhex(body)
    if tag == "c":
        return complex(*body)
    if tag == "d":
        return {decode(key): decode(value) for key, value in body}
    return {"t": tuple, "s": set, "z": frozenset}[tag](decode(item) for item in body)
