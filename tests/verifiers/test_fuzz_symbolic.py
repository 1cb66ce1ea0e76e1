"""Random and mutated mathematics through the whole of `MathVerifier`: no fault, no hang."""

import re
from random import Random

import pytest
from test_symbolic import (
    COLLECTIONS,
    EXPRESSIONS,
    NOT_COLLECTIONS,
    NOT_EXPRESSIONS,
    NOT_NUMBERS,
    NOT_RELATIONS,
    NUMBERS,
    RELATIONS,
)

from assay.verifiers import MathVerifier

MATH = MathVerifier()
TOKENS = (
    r"\frac { } 1 2 84 ^ _ \sqrt [ ] ( ) \{ \} = + - , \pm x y e i \pi \sin \ln \log \cup \cap "
    r"\infty < \le \ne \in \mathbb{R} | \lfloor \rfloor ! % \binom \sum_{k=1}^{3} k \int dx & \\ "
    r"\begin{pmatrix} \end{pmatrix} \cdot / : \text{cm} \text{or} and f( \angle AB \ldots \pmod "
    r"\equiv \bmod \gcd ' \lim_{x\to0} \frac{d}{dx} ^\circ \mid 0.5 10^{30} \arcsin \tan a_n "
    r"\overline{AB} sqrt \emptyset \setminus _2 0 \left( \right) \left| \right| \mathbf{i} \det "
    r"\vec{v} \langle \rangle 0.\overline{3} 1,234 \$ 3/4 \approx \to \prod \max U"
).split()
TEXTS = [
    text
    for pairs in (NUMBERS, NOT_NUMBERS, EXPRESSIONS, NOT_EXPRESSIONS, RELATIONS, NOT_RELATIONS,
                  COLLECTIONS, NOT_COLLECTIONS)
    for pair in pairs
    for text in pair
]  # fmt: skip
_PIECES = re.compile(r"\\[A-Za-z]+|\\.|[A-Za-z0-9.]+|.", re.S)


def mutated(text: str, random: Random) -> str:
    """A text with up to three of its pieces put in, taken out or exchanged."""
    pieces = _PIECES.findall(text)
    for _ in range(random.randint(1, 3)):
        place = random.randrange(len(pieces) + 1)
        cut = place + random.randint(0, 1)
        pieces[place:cut] = [random.choice(TOKENS)] if random.random() < 0.7 else []
    return "".join(pieces)


def candidates(random: Random, count: int) -> list[tuple[str, str]]:
    """Boxed answers with their references."""
    out: list[tuple[str, str]] = []
    for _ in range(count):
        gold = random.choice(TEXTS)
        if random.random() < 0.3:
            answer = "".join(random.choice(TOKENS) for _ in range(random.randint(1, 14)))
        else:
            answer = mutated(gold if random.random() < 0.5 else random.choice(TEXTS), random)
        out.append((f"\\boxed{{{answer}}}", gold))
    return out


def judge(seed: int, count: int) -> None:
    pairs = candidates(Random(seed), count)
    for pair, verdict in zip(pairs, MATH.verify_batch(pairs), strict=True):
        faulty_gold = verdict.status == "task_error" and MATH.verify("84", pair[1]).is_error
        assert not verdict.is_error or faulty_gold, (pair, verdict)
        assert verdict.cost.cpu_s <= MATH.limits.cpu_s + 0.5, pair


@pytest.mark.parametrize("seed", range(4))
def test_random_mathematics_never_errs(seed: int):
    judge(seed, 400)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_much_random_mathematics_never_errs(seed: int):
    judge(seed, 1_000)
