"""The rows of the catalogue for verifiers of programs; strings only, nothing is loaded."""

from collections.abc import Mapping

from assay.core.types import Limits, Problem
from assay.verifiers.entry import Entry, examples

_HERE = "assay.verifiers.programs"
_BRIEF = {"limits": Limits(cpu_s=1.0, wall_s=20.0, memory_mb=512)}  # the examples take little
_SQUARE = Problem(
    prompt="Write a function square that gives the square of an integer.",
    params={"entry_point": "square", "tests": [[[3], 9], [[-4], 16], [[0], 0]]},
)
_HALF = Problem(
    prompt="Write a function half(x) that halves a number and refuses all else.",
    params={
        "entry_point": "half",
        "tests": [
            {"args": [0.2], "returns": 0.1, "tolerance": 1e-9},
            [[0.0], 0.0],
            {"args": [None], "raises": "TypeError"},
        ],
    },
)
_SUMS = Problem(
    prompt="Read a number n, then n lines with two integers each; write each line's sum.",
    params={"tests": [["2\n1 2\n-3 3\n", "3\n0\n"], ["1\n10 -20\n", "-10\n"]]},
)

ENTRIES: Mapping[str, Entry] = {
    "python_function": Entry(
        path=f"{_HERE}.function:PythonFunctionVerifier",
        summary="A submitted Python function, by tests in a sandbox.",
        settings=_BRIEF,
        accepted=examples(
            _SQUARE,
            "def square(n):\n    return n * n\n",
            "Here it is:\n```python\ndef square(n):\n    return n ** 2\n```\nIt multiplies.",
            "<think>n*n?</think>\n```\nimport math\n\ndef square(n):\n"
            "    return math.prod([n, n])\n```",
        )
        + examples(_HALF, "def half(x):\n    return x / 2\n", "def half(x):\n    return x * 0.5\n"),
        rejected=examples(
            _SQUARE,
            "def square(n):\n    return abs(n) * n\n",
            "def square(n):\n    return str(n * n)\n",
            "def square(n):\n    return float(n * n)\n",
            "import sys\nsys.exit(0)\n",
            "def square(n):\n    print(n * n)\n",
            "def squared(n):\n    return n * n\n",
            "def square(n) return n * n",
            "class A(int):\n    def __eq__(self, other):\n        return True\n"
            "    __hash__ = int.__hash__\n\n\ndef square(n):\n    return A(1)\n",
            "",
        )
        + examples(
            _HALF,
            "def half(x):\n    return x and x / 2\n",
            "def half(x):\n    return 0.1 if x else 0.0\n",
            "def half(x):\n    return round(x / 2, 3) if x is not None else TypeError\n",
        ),
    ),
    "stdio": Entry(
        path=f"{_HERE}.stdio:StdioVerifier",
        summary="A submitted program, by what it writes for each input, in a sandbox.",
        settings=_BRIEF,
        accepted=examples(
            _SUMS,
            "from math import fsum\ninput()\ntry:\n    while True:\n"
            "        print(int(fsum(map(int, input().split()))))\nexcept EOFError:\n    pass\n",
            "```python\nimport sys\nn, *rest = map(int, sys.stdin.read().split())\n"
            "print(*[a + b for a, b in zip(rest[::2], rest[1::2])], sep='\\n')\n```",
        ),
        rejected=examples(
            _SUMS,
            "for _ in range(int(input())):\n    print(sum(map(int, input().split())), end=' ')\n",
            "print('3\\n0')\n",
            "print('3\\n0\\n-10')\n",
            "for _ in range(int(input())):\n    print(sum(map(int, input().split())))\n"
            "print('ok')\n",
            "for _ in range(int(input())):\n    print(sum(map(int, input().split())))\n1 / 0\n",
            "import os\nos._exit(0)\n",
            "print(",
            "",
        ),
    ),
}
