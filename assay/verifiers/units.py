"""Names of units and count nouns after a number (`verifiers.md` §6.2), read, not converted."""

import re
from collections.abc import Mapping

from assay.verifiers.trees import Node

_SYNONYMS = {
    "mm": "millimeter millimeters millimetre millimetres",
    "cm": "centimeter centimeters centimetre centimetres",
    "dm": "decimeter decimeters decimetre decimetres",
    "m": "meter meters metre metres",
    "km": "kilometer kilometers kilometre kilometres",
    "in": "inch inches",
    "ft": "foot feet",
    "yd": "yard yards yds",
    "mi": "mile miles",
    "mg": "milligram milligrams",
    "g": "gram grams",
    "kg": "kilogram kilograms kgs kilo kilos",
    "lb": "pound pounds lbs",
    "oz": "ounce ounces",
    "ml": "milliliter milliliters millilitre millilitres mL",
    "l": "liter liters litre litres L",
    "gal": "gallon gallons",
    "ms": "millisecond milliseconds",
    "s": "second seconds sec secs",
    "min": "minute minutes mins",
    "h": "hour hours hr hrs",
    "day": "days",
    "week": "weeks",
    "month": "months",
    "year": "years yr yrs",
    "mph": "",
    "kph": "kmh",
    "dollar": "dollars usd USD",
    "cent": "cents",
    "euro": "euros EUR",
    "deg": "degree degrees",
    "rad": "radian radians",
    "unit": "units",
    "J": "joule joules",
    "N": "newton newtons",
    "W": "watt watts",
    "V": "volt volts",
    "Hz": "hertz",
}
KNOWN_UNITS: Mapping[str, str] = {
    word: name for name, others in _SYNONYMS.items() for word in (name, *others.split())
}
# Short nouns that cannot be read as products of variables in an answer.
SHORT_NOUNS = frozenset(
    "men pens cows cats dogs eggs boys sets way ways cups bags toys rows".split()
)
# Words that change a number's value, so that they are no nouns after it.
SCALE_WORDS = frozenset(
    "percent percents percentage hundred hundreds thousand thousands million millions billion "
    "billions trillion trillions dozen dozens half halves third thirds quarter quarters fourths "
    "fifths sixths sevenths eighths ninths tenths hundredths thousandths squared cubed factorial "
    "plus minus divided over modulo point zero one two three four five six seven eight nine "
    "ten eleven twelve twenty thirty forty fifty sixty seventy eighty ninety score pi negative "
    "positive infinity infinite repeating recurring".split()
)
# Words that make of a value something else than the value.
_TURNING = frozenset(
    "and but from through until till than less more fewer least most about around roughly "
    "approximately nearly almost between if unless otherwise anything any all every everything "
    "none nothing something some number wrong incorrect false not never except without or either "
    "maybe possibly perhaps alternatively cannot neither nor approx up to is are was be equals "
    "equal greater smaller larger above below under beyond base mod error correct true "
    "unknown".split()
)
_LINKS = frozenset("of per a an the each square cubic sq cu".split())
_WORDS = re.compile(r"[A-Za-z]+(?:[-'][A-Za-z]+)*")
_SHAPE = re.compile(
    r"[A-Za-z]+(?:[-'][A-Za-z]+)*(?:[ /^.]+(?:[A-Za-z]+(?:[-'][A-Za-z]+)*|[23]))*\.?"
)
# "18 dollars every day" counts dollars per day.
_EVERY = re.compile(
    r"\b(?:every|each|an?) (?=(?:second|minute|hour|day|night|week|month|year|person|piece)\b)",
    re.I,
)
_ALTOGETHER = frozenset({"total", "in total", "in all", "altogether", "overall", "all together"})
_SAME = {"mph": "mi/h", "kph": "km/h"}
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}


def unit_of(text: str, *, spelled: bool = False) -> str | None:
    """The canonical name of a unit or count noun, or None where the words are none.

    `centimetres` is `cm`, `square feet` is `ft^2`, `miles per hour` is `mi/h`, `red apples` is
    itself. Words that hedge, deny, compare or scale ("84 or more", "84 million") are no nouns.

    Args:
        text: words, with `/` and small powers; at most 80 characters.
        spelled: they stand as plain letters, not in a text command: every word must then be
            too long for a product of variables, or a known unit.
    """
    text = _EVERY.sub("per ", text.strip(" .")[:100])
    if not text or len(text) > 80 or not _SHAPE.fullmatch(text):
        return None
    words = _WORDS.findall(text)
    lowered = [word.lower() for word in words]
    if len(words) > 6 or not _TURNING.isdisjoint(lowered) or not SCALE_WORDS.isdisjoint(lowered):
        return None
    if spelled and not all(_long_enough(word) for word in words):
        return None
    return _canonical(text)


def money_unit(currency: str, words: str, *, spelled: bool = False) -> str | None:
    """The unit of an amount with its currency before it and these words behind it, or None.

    `$18 per day` and `$18/day` are `dollar/day`; `$18 in total` is `dollar`.
    """
    text = " ".join(words.split()).strip(" .")
    if not text or text.lower() in _ALTOGETHER:
        return currency
    name = unit_of(text.removeprefix("/").strip(), spelled=spelled)
    if name is None or name == currency:
        return name
    if text.startswith("/") or name.startswith("per "):
        return f"{currency}/{name.removeprefix('per ')}"
    return f"{currency} {name}"


def letters_as_unit(node: Node) -> tuple[Node, str] | None:
    """`36 m^2` and `5 m/s` as a value and its unit, where they were read as a product of letters.

    Only for a reference that has a unit: elsewhere letters are names.
    """
    below = ""
    if node[0] == "div" and (letter := _letter(node[2])):
        node, below = node[1], f"/{letter}"
    if node[0] != "mul" or len(node) != 3 or not (above := _letter(node[2])):
        return None
    name = unit_of(above + below, spelled=False)
    return (node[1], name) if name else None


def _letter(node: Node) -> str:
    """A letter, or its square or cube, as the name of a unit would spell it; or nothing."""
    if node[0] == "sym" and len(node[1]) == 1:
        return node[1] if node[1] in KNOWN_UNITS else ""
    if node[0] == "pow" and node[2][0] == "num" and node[2][2] in ("2", "3"):
        letter = _letter(node[1])
        return f"{letter}^{node[2][2]}" if letter and "^" not in letter else ""
    return ""


def _long_enough(word: str) -> bool:
    known = len(word) > 1 and word in KNOWN_UNITS
    return len(word) >= 4 or known or word.lower() in SHORT_NOUNS or word in _LINKS


def _canonical(text: str) -> str:
    above, _, below = text.replace(" per ", "/").replace(" / ", "/").partition("/")
    parts = [_one(part) for part in (above, below) if part.strip()]
    return _SAME.get("/".join(parts), "/".join(parts))


def _one(text: str) -> str:
    words = [word for word in re.split(r"[ ^]+", text.strip(" .")) if word]
    power = 1
    if words and words[0].lower() in _POWERS:
        power = _POWERS[words.pop(0).lower()]
    if len(words) > 1 and words[-1] in {"2", "3"}:
        power = int(words.pop())
    names = [KNOWN_UNITS.get(word) or KNOWN_UNITS.get(word.lower(), word.lower()) for word in words]
    name = " ".join(names)
    return f"{name}^{power}" if power > 1 else name
