"""The rows of the catalogue for verifiers of states, places and pictures."""

from collections.abc import Mapping

from assay.core.types import Problem
from assay.verifiers.entry import Entry, examples

_HERE = "assay.verifiers.states"

_ORDER = {"item": "tea", "n": 2}
_BUY = Problem(
    prompt="Order two packs of tea.",
    params={
        "predicate": {"exists": {"table": "orders", "row": _ORDER}},
        "changes": [["added", "orders", _ORDER]],
        "initial": {"orders": [], "users": [{"name": "ada"}]},
    },
)
_BEFORE = {"orders": [], "users": [{"name": "ada"}]}


def _after(*orders: Mapping[str, object], users: int = 1) -> tuple[object, object]:
    return _BEFORE, {"orders": list(orders), "users": [{"name": "ada"}] * users}


_STAND = Problem(
    prompt="Stand up within five actions, and do not touch the wall.",
    params={
        "reach": {"is": {"path": "height", "relation": "more than", "bound": 1.0}},
        "never": {"eq": {"path": "wall", "value": True}},
    },
)


def _walk(*heights: float, wall: bool = False) -> list[Mapping[str, object]]:
    last = len(heights) - 2
    return [{"height": h, "wall": wall and k == last} for k, h in enumerate(heights)]


_SEARCH = "https://shop.test/search?q=green+tea"
_OPEN = Problem(prompt="Who wrote it?", reference="Ada Byron")
_NEVER = Problem(prompt="Buy the moon.", params={"possible": False})
_LIST = Problem(prompt="Which teas are sold?", reference=["green tea", "black tea"])
_MASK = [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
_BOX = Problem(prompt="Where is the cat?", reference=(10, 10, 30, 30), params={"size": (64, 48)})


def _svg(body: str) -> str:
    return f'<svg width="32" height="32">{body}</svg>'


_DISC = _svg('<circle cx="16" cy="16" r="10" fill="red"/>')

ENTRIES: Mapping[str, Entry] = {
    "state": Entry(
        path=f"{_HERE}.state:StateVerifier",
        summary="The world at the end: a predicate holds, and nothing else was touched.",
        accepted=examples(_BUY, _after(_ORDER), _after({"n": 2, "item": "tea"})),
        rejected=examples(
            _BUY,
            _after(),
            _after({"item": "tea", "n": 3}),
            _after({"item": "tea", "n": True}),
            _after(_ORDER, _ORDER),
            _after(_ORDER, {"item": "cup", "n": 1}),
            _after(_ORDER, users=2),
            _after(_ORDER, users=0),
        ),
    ),
    "trajectory": Entry(
        path=f"{_HERE}.trajectory:TrajectoryVerifier",
        summary="Every state of an episode: reached, held, in time, and nothing forbidden before.",
        settings={"hold": 2, "budget": 5},
        accepted=examples(_STAND, _walk(0.1, 1.1, 1.2), _walk(0.1, 1.2, 0.5, 0.9, 1.1, 1.2)),
        rejected=examples(
            _STAND,
            _walk(0.1),
            _walk(0.1, 1.1),
            _walk(0.1, 1.1, 0.9, 1.1),
            _walk(0.1, 0.2, 0.3, 0.4, 0.5, 1.1, 1.2),
            _walk(0.1, 1.0, 1.0, 1.0),
            _walk(0.1, 1.1, 1.2, wall=True),
        ),
    ),
    "url": Entry(
        path=f"{_HERE}.url:UrlVerifier",
        summary="An address, part by part after parsing.",
        accepted=examples(
            _SEARCH, _SEARCH, "HTTPS://Shop.test:443/./search/?q=green%20tea", f"{_SEARCH}#top"
        ),
        rejected=examples(
            _SEARCH,
            "https://shop.test/search?q=tea",
            "https://shop.test/search",
            "http://shop.test/search?q=green+tea",
            "https://shop.test.other.test/search?q=green+tea",
            "https://shop.test@other.test/search?q=green+tea",
            f"https://other.test/?to={_SEARCH}",
            f"{_SEARCH}&q=tea",
            "/search?q=green+tea",
            "",
        ),
    ),
    "final_answer": Entry(
        path=f"{_HERE}.final_answer:FinalAnswerVerifier",
        summary="The answer that ends an information task, with its status.",
        accepted=examples(_OPEN, '{"status": "done", "answer": "ada byron"}')
        + examples(_NEVER, '{"status": "not_possible"}')
        + examples(_LIST, '{"status": "done", "answer": ["Black tea", "green tea"]}'),
        rejected=examples(
            _OPEN,
            '{"status": "done", "answer": "Ada"}',
            '{"status": "not_possible"}',
            '{"status": "done", "answer": ["Ada Byron", "Ada"]}',
            '{"answer": "Ada Byron"}',
            '{"status": "done", "answer": "x", "answer": "Ada Byron"}',
            "Ada Byron",
            "",
        )
        + examples(_NEVER, '{"status": "done", "answer": ""}', '{"status": "done"}')
        + examples(
            _LIST,
            '{"status": "done", "answer": ["green tea", "green tea"]}',
            '{"status": "done", "answer": ["green tea", "black tea", "white tea"]}',
            '{"status": "done", "answer": "green tea, black tea"}',
        ),
    ),
    "point": Entry(
        path=f"{_HERE}.place:PointVerifier",
        summary="One point inside a mask.",
        accepted=examples(_MASK, "(1, 2)", "2.9, 1.0", '{"x": 1, "y": 1}', r"\boxed{(2, 2)}")
        + examples(_MASK, (1, 1), "<answer>[2, 1]</answer>"),
        rejected=examples(_MASK, "(0, 0)", "(3, 1)", "(1, 4)", "(-1, 1)", "(1, 1), (2, 2)")
        + examples(_MASK, "1, 1, 2", "(1, 1]", "(nan, 1)", "all of it", "", (float("nan"), 1.0)),
    ),
    "box": Entry(
        path=f"{_HERE}.place:BoxVerifier",
        summary="One box that covers what the reference covers.",
        accepted=examples(_BOX, "[10, 10, 30, 30]", "(12, 10, 32, 30)", (10, 11, 30, 29)),
        rejected=examples(_BOX, "[0, 0, 64, 48]", "[30, 30, 10, 10]", "[10, 10, 10, 30]")
        + examples(_BOX, "[10, 10, 30]", "[10, 10, 30, 90]", "[40, 10, 60, 30]", "")
        + examples(_BOX, "[10, 10, 30, 30], [0, 0, 9, 9]"),
    ),
    "render": Entry(
        path=f"{_HERE}.render:RenderVerifier",
        summary="A drawing in a closed subset of SVG, against a picture.",
        accepted=examples(
            _DISC,
            _DISC,
            f"```svg\n{_DISC}\n```",
            _svg('<ellipse cx="16" cy="16" rx="10" ry="10" fill="#ff0000"/>'),
        ),
        rejected=examples(
            _DISC,
            _svg(""),
            _svg('<circle cx="16" cy="16" r="5" fill="red"/>'),
            _svg('<rect width="32" height="32" fill="red"/>'),
            _svg('<circle cx="8" cy="16" r="10" fill="red"/>'),
            _svg('<image href="file:///reference.png"/>'),
            _svg("<script>1</script>"),
            "a red disc",
            "",
        ),
    ),
}
