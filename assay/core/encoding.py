"""One canonical form of plain data, and the digests made from it.

`encode` gives the same bytes for equal data on every machine, Python version and hash seed: sorted
keys, arrays as dtype, shape and bytes, dataclasses as name and fields. It is never pickle, whose
bytes depend on object identity. `decode` builds only the types it is handed.
"""

import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from hashlib import blake2b
from typing import Any, cast

import numpy as np

from assay.core.errors import AssayError, shorten


class EncodingError(AssayError, TypeError):
    """A value outside the plain data that has a canonical form, or bytes that are not one."""


def digest(value: object, *, size: int = 16) -> str:
    """Hex blake2b digest of the canonical form, `size` bytes long."""
    return blake2b(encode(value), digest_size=size).hexdigest()


def derive_seed(*parts: object, bits: int = 63) -> int:
    """A stable seed for a named thing: blake2b over typed parts, `bits` wide (1..64).

    `derive_seed(7, "env", "test", "assay/Compare-v0", 3)` is the same in every process and version;
    `1`, `"1"`, `1.0` and `True` are different parts. Seeds are never made by arithmetic on seeds.
    """
    if not 1 <= bits <= 64:
        raise EncodingError(f"bits={bits} is not valid: expected an integer from 1 to 64.")
    return int.from_bytes(blake2b(encode(parts), digest_size=8).digest(), "little") >> (64 - bits)


def seed_series(*prefix: object, more: int = 1) -> Callable[..., int]:
    """`derive_seed(*prefix, *rest)` as a function of `rest`, which has `more` parts.

    For many seeds that begin alike: the prefix is written and hashed once.
    """
    head = b"(" + struct.pack("<I", len(prefix) + more) + b"".join(map(encode, prefix))
    start = blake2b(head, digest_size=8)

    def seed(*rest: object) -> int:
        if len(rest) != more:
            raise EncodingError(f"{len(rest)} parts are not valid: expected {more}.")
        state = start.copy()
        state.update(b"".join(map(encode, rest)))
        return int.from_bytes(state.digest(), "little") >> 1

    return seed


def encode(value: object) -> bytes:
    """Canonical bytes of plain data.

    Accepts None, bool, int, float, complex, str (lone surrogates included), bytes, tuples, lists,
    mappings, sets, NumPy arrays and scalars, and dataclass instances of these.

    Raises:
        EncodingError: something else, named in the message.
    """
    out: list[bytes] = []
    _write(value, out)
    return b"".join(out)


def _block(tag: bytes, payload: bytes) -> bytes:
    return tag + struct.pack("<I", len(payload)) + payload


def _write(value: Any, out: list[bytes]) -> None:
    kind = cast("type[Any]", type(value))
    raw: Any = value  # a second name that type narrowing leaves alone
    if value is None:
        out.append(b"N")
    elif kind is bool:
        out.append(b"T" if value else b"F")
    elif kind is int:
        size = value.bit_length() // 8 + 1
        out.append(_block(b"i", value.to_bytes(size, "little", signed=True)))
    elif kind is str:
        out.append(_block(b"s", value.encode("utf-8", "surrogatepass")))
    elif kind is float:
        out.append(b"f" + struct.pack("<d", value))
    elif kind is bytes:
        out.append(_block(b"b", value))
    elif kind is tuple or kind is list:
        out.append((b"(" if kind is tuple else b"[") + struct.pack("<I", len(raw)))
        for item in raw:
            _write(item, out)
    elif isinstance(value, tuple):  # a named tuple: its fields in order
        out.append(_block(b"d", kind.__qualname__.encode()))
        _write(tuple(raw), out)
    elif isinstance(value, Mapping):
        _write_sorted(b"{", ((encode(k), encode(v)) for k, v in raw.items()), out)
    elif isinstance(value, set | frozenset):
        tag = b"<" if isinstance(value, set) else b">"
        _write_sorted(tag, ((encode(item), b"") for item in raw), out)
    elif is_dataclass(value) and not isinstance(value, type):
        out.append(_block(b"d", kind.__qualname__.encode()))
        state = {f.name: getattr(value, f.name) for f in fields(value)}
        _write(state, out)
    elif isinstance(value, np.ndarray):
        if raw.dtype.hasobject:
            raise EncodingError("An array of objects has no canonical form: use a list.")
        little = np.ascontiguousarray(raw, dtype=raw.dtype.newbyteorder("<"))
        _write_array(b"a", little, raw.shape, out)
    elif isinstance(value, np.generic):
        little = np.asarray(raw, dtype=raw.dtype.newbyteorder("<"))
        _write_array(b"n", little, (), out)
    elif kind is complex:
        out.append(b"c" + struct.pack("<dd", raw.real, raw.imag))
    else:
        raise EncodingError(
            f"{shorten(value)} of type {kind.__name__} has no canonical form: use plain values, "
            "arrays or dataclasses of these."
        )


def _write_sorted(tag: bytes, pairs: Iterable[tuple[bytes, bytes]], out: list[bytes]) -> None:
    ordered = sorted(pairs)
    out.append(tag + struct.pack("<I", len(ordered)))
    for key, value in ordered:
        out.append(key + value)


def _write_array(tag: bytes, array: Any, shape: tuple[int, ...], out: list[bytes]) -> None:
    out.append(_block(tag, array.dtype.str.encode()))
    _write(tuple(shape), out)
    out.append(_block(b"b", array.tobytes()))


def decode(data: bytes, types: Iterable[type] = ()) -> Any:
    """The value that `encode` was given.

    Args:
        data: canonical bytes.
        types: dataclasses and named tuples that may occur, found by their qualified name.

    Raises:
        EncodingError: bytes that `encode` did not make, or a type that was not handed over.
    """
    reader = _Reader(data, {kind.__qualname__: kind for kind in types})
    try:
        value = reader.read()
    except (struct.error, IndexError, KeyError, UnicodeDecodeError, ValueError, TypeError) as err:
        if isinstance(err, EncodingError):
            raise
        raise EncodingError(f"These bytes are no canonical encoding ({err}).") from err
    if reader.at != len(data):
        raise EncodingError("These bytes hold more than one canonical encoding.")
    return value


class _Reader:
    def __init__(self, data: bytes, types: dict[str, type]) -> None:
        self.data, self.types, self.at = data, types, 0
        self.kinds: dict[bytes, Callable[[], Any]] = {
            b"N": lambda: None,
            b"T": lambda: True,
            b"F": lambda: False,
            b"i": lambda: int.from_bytes(self.block(), "little", signed=True),
            b"s": lambda: self.block().decode("utf-8", "surrogatepass"),
            b"f": lambda: struct.unpack("<d", self.take(8))[0],
            b"c": lambda: complex(*struct.unpack("<dd", self.take(16))),
            b"b": self.block,
            b"(": lambda: tuple(self.items()),
            b"[": self.items,
            b"{": lambda: {self.read(): self.read() for _ in range(self.count())},
            b"<": lambda: set(self.items()),
            b">": lambda: frozenset(self.items()),
            b"d": self.instance,
            b"a": self.array,
            b"n": lambda: self.array()[()],
        }

    def take(self, n: int) -> bytes:
        if self.at + n > len(self.data):
            raise EncodingError("These bytes end in the middle of a value.")
        self.at += n
        return self.data[self.at - n : self.at]

    def count(self) -> int:
        return struct.unpack("<I", self.take(4))[0]

    def block(self) -> bytes:
        return self.take(self.count())

    def items(self) -> list[Any]:
        return [self.read() for _ in range(self.count())]

    def read(self) -> Any:
        return self.kinds[self.take(1)]()

    def instance(self) -> Any:
        name = self.block().decode()
        state = self.read()
        if name not in self.types:
            raise EncodingError(f"Type '{name}' is not one of {sorted(self.types)}.")
        kind: Any = self.types[name]
        if isinstance(state, tuple):
            return kind(*cast("tuple[Any, ...]", state))
        value: Any = object.__new__(kind)  # fields are set as stored; __post_init__ ran before
        for key, item in state.items():
            object.__setattr__(value, key, item)
        return value

    def array(self) -> np.ndarray:
        dtype = np.dtype(self.block().decode())
        shape = self.read()
        raw = self.read()
        return np.frombuffer(raw, dtype=dtype).reshape(shape).astype(dtype.newbyteorder("="))
