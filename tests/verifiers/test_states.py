"""Verifiers of states, addresses, places and pictures: their rules, and what must not fool them."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from assay.core.errors import AssayError, TaskError
from assay.core.types import Problem
from assay.verifiers import NumberVerifier
from assay.verifiers.states import (
    Absent,
    All,
    Any,
    BoxVerifier,
    Change,
    Count,
    Eq,
    Exists,
    FinalAnswer,
    FinalAnswerVerifier,
    ImageVerifier,
    In,
    Is,
    PointVerifier,
    RenderVerifier,
    Snapshots,
    StateVerifier,
    TrajectoryVerifier,
    UrlVerifier,
    from_data,
    to_data,
)
from assay.verifiers.states.changes import differences
from assay.verifiers.states.drawing import NotDrawn, painted, read_svg
from assay.verifiers.states.likeness import structural

pytestmark = pytest.mark.core

# ---------------------------------------------------------------------- predicates

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
WORLD = {
    "cart": {"total": Decimal("9.50"), "items": [{"name": "tea", "n": 2}]},
    "orders": [{"id": 1, "paid": True, "at": NOON}, {"id": 2, "paid": False, "at": NOON}],
    "height": 0.7,
    "empty": [],
}


@pytest.mark.parametrize(
    ("predicate", "holds"),
    [
        (Eq("cart.total", Decimal("9.5")), True),
        (Eq("cart.total", 9.5), False),
        (Eq("cart.total", "9.50"), False),
        (Eq("cart.items.0.name", "tea"), True),
        (Eq("cart.items.1.name", "tea"), False),
        (Eq("cart.items.0.n", True), False),
        (Eq("orders.0.paid", 1), False),
        (Eq("orders.0.at", NOON.astimezone(timezone(timedelta(hours=5)))), True),
        (Eq("orders.0.at", NOON.replace(tzinfo=None)), False),
        (Eq("nowhere", None), False),
        (Eq("height.nowhere", 1), False),
        (In("cart.items.0.n", (1, 2)), True),
        (In("cart.items.0.n", ("2",)), False),
        (Is("height", "more than", 0.5), True),
        (Is("height", "at most", 0.5), False),
        (Is("nowhere", "less than", 5), False),
        (Exists("orders", {"id": 2, "paid": False}), True),
        (Exists("orders", {"id": 2, "paid": True}), False),
        (Exists("orders", {"no": 2}), False),
        (Absent("orders", {"id": 3}), True),
        (Absent("empty", {}), True),
        (Count("orders", {}, "exactly", 2), True),
        (Count("orders", {"paid": True}, "at least", 2), False),
        (All(Eq("height", 0.7), Exists("orders", {"id": 1})), True),
        (All(Eq("height", 0.7), Exists("orders", {"id": 9})), False),
        (Any(Eq("height", 0.1), Exists("orders", {"id": 1})), True),
        (Any(Eq("height", 0.1)), False),
    ],
)
def test_predicates(predicate, holds):
    assert predicate.holds(WORLD) is holds
    assert from_data(json.loads(json.dumps(to_data(predicate)))).holds(WORLD) is holds


def test_nan_and_missing_fields_meet_no_bound():
    for relation in ("at least", "at most", "less than", "more than", "exactly"):
        assert not Is("x", relation, 0).holds({"x": float("nan")})
        assert not Is("x", relation, 0).holds({"x": "0"})
        assert not Is("x", relation, 0).holds({"x": True})
    assert not Eq("x", float("nan")).holds({"x": float("nan")})


@pytest.mark.parametrize(
    "data",
    [
        {}, {"eq": {"path": "a"}}, {"eq": {"path": "a", "value": 1, "more": 2}}, {"like": {}},
        {"all": {}}, {"all": []}, [], "height > 1", {"eq": 1, "in": 2},
        {"eq": {"path": "a", "value": {"decimal": "nine"}}},
        {"eq": {"path": "a", "value": {"datetime": "noon"}}},
        {"is": {"path": "a", "relation": "about", "bound": 1}},
    ],
)  # fmt: skip
def test_what_is_no_predicate_is_the_tasks_fault(data):
    with pytest.raises(AssayError):
        from_data(data)


def test_a_table_that_is_not_there_is_the_tasks_fault():
    for predicate in (Absent("offers", {}), Count("height", {}, "exactly", 0), Exists("cart", {})):
        with pytest.raises(TaskError, match="no table"):
            predicate.holds(WORLD)
    goal = StateVerifier(predicate=Absent("offers", {}))
    assert goal.verify(Snapshots(WORLD, WORLD)).status == "task_error"


# ---------------------------------------------------------------------- states and differences

BEFORE = {
    "orders": [{"id": 1, "item": "cup", "at": "9:00"}],
    "mail": {"sent": 0, "inbox": [{"from": "ada"}, {"from": "ada"}]},
}


def after(**changes):
    return {**BEFORE, **changes}


NEW = {"id": 2, "item": "tea", "at": "9:30"}


def buys_tea(**more):
    wanted = {"id": 2, "item": "tea"}
    return StateVerifier(
        predicate=Exists("orders", {"item": "tea"}),
        changes=(Change("added", "orders", wanted),),
        volatile=("orders.*.at",),
        **more,
    )


def test_a24_exactly_the_wanted_difference():
    judge = buys_tea()
    assert judge.verify(Snapshots(BEFORE, after(orders=[*BEFORE["orders"], NEW]))).passed
    moved = [{**BEFORE["orders"][0], "at": "later"}, NEW]
    assert judge.verify(Snapshots(BEFORE, after(orders=moved))).passed
    for name, final in {
        "bought twice": after(orders=[*BEFORE["orders"], NEW, NEW]),
        "bought something else too": after(orders=[*BEFORE["orders"], NEW, {**NEW, "item": "x"}]),
        "deleted another order": after(orders=[NEW]),
        "edited another order": after(orders=[{**BEFORE["orders"][0], "item": "pot"}, NEW]),
        "sent mail": after(orders=[*BEFORE["orders"], NEW], mail={**BEFORE["mail"], "sent": 1}),
        "lost one of two equal mails": after(
            orders=[*BEFORE["orders"], NEW], mail={"sent": 0, "inbox": [{"from": "ada"}]}
        ),
        "another number": after(orders=[*BEFORE["orders"], {**NEW, "id": 3}]),
        "a new table": after(orders=[*BEFORE["orders"], NEW], extra=[]),
        "a table gone": {"orders": [*BEFORE["orders"], NEW]},
    }.items():
        verdict = judge.verify(Snapshots(BEFORE, final))
        assert verdict.code == "state.collateral", name
        assert verdict.status == "incorrect"


def test_a23_nothing_done_never_passes():
    assert buys_tea().verify(Snapshots(BEFORE, BEFORE)).code == "state.not_reached"
    there = after(orders=[NEW])
    assert buys_tea().verify(Snapshots(there, there)).status == "task_error"
    problem = Problem(prompt="", params={"initial": there})
    assert [p.code for p in buys_tea().check_task(problem)] == [
        "task.faulty"
    ] or buys_tea().task_problems(problem)
    missing = StateVerifier(
        predicate=Exists("orders", {"item": "tea"}),
        changes=(Change("added", "orders", NEW), Change("changed", "mail.sent", 1)),
    )
    verdict = missing.verify(Snapshots(BEFORE, after(orders=[*BEFORE["orders"], NEW])))
    assert verdict.code == "state.collateral" and verdict.details["missing"]


def test_only_named_paths_may_be_watched():
    reach = Eq("mail.sent", 1)
    final = after(mail={"sent": 1, "inbox": []}, orders=[])
    assert StateVerifier(predicate=reach, unchanged=None).verify(Snapshots(BEFORE, final)).passed
    watched = StateVerifier(predicate=reach, unchanged=("mail.inbox",))
    assert watched.verify(Snapshots(BEFORE, final)).code == "state.collateral"
    kept = after(mail={**BEFORE["mail"], "sent": 1}, orders=[])
    assert watched.verify(Snapshots(BEFORE, kept)).passed


def test_a25_what_an_agent_says_is_no_state():
    for said in ("I did it", '{"orders": ["tea"]}', None, (1, 2), [BEFORE, BEFORE], BEFORE):
        assert buys_tea().verify(said).status == "unparsable"


rows = st.lists(st.fixed_dictionaries({"a": st.integers(0, 2), "b": st.booleans()}), max_size=4)


@given(rows, rows)
def test_differences_are_none_exactly_for_equal_multisets(one, other):
    found = differences({"t": one}, {"t": other})
    plain = [sorted(json.dumps(row, sort_keys=True) for row in side) for side in (one, other)]
    assert (not found) == (plain[0] == plain[1])
    back = differences({"t": other}, {"t": one})
    assert len(found) == len(back)


# ---------------------------------------------------------------------- trajectories


def walk(*heights, **more):
    return [{"h": h, **more} for h in heights]


HIGH = Is("h", "at least", 1)


@pytest.mark.parametrize(
    ("settings", "heights", "code"),
    [
        ({}, (0, 1), "held"),
        ({}, (0, 0.5), "not_reached"),
        ({"hold": 2}, (0, 1, 1), "held"),
        ({"hold": 2}, (0, 1, 0, 1), "not_held"),
        ({"hold": 2, "budget": 2}, (0, 0, 1, 1), "late"),
        ({"budget": 3}, (0, 0, 0, 1), "held"),
        ({"budget": 3}, (0, 0, 0, 0, 1), "late"),
        ({"to_the_end": True}, (0, 1, 0), "lost"),
        ({"to_the_end": True}, (0, 1, 0, 1), "held"),
        ({"never": Is("h", "less than", 0)}, (0, -1, 1), "violated"),
        ({"never": Is("h", "less than", 0)}, (0, 1, -1), "held"),
        ({"never": Is("h", "less than", 0), "to_the_end": True}, (0, 1, -1, 1), "violated"),
        ({"never": Is("h", "less than", 0)}, (0, -1), "violated"),
    ],
)
def test_trajectories(settings, heights, code):
    verdict = TrajectoryVerifier(reach=HIGH, **settings).verify(walk(*heights))
    assert verdict.code == f"trajectory.{code}"
    assert verdict.passed is (code == "held")


def test_a_start_at_the_goal_or_in_the_forbidden_is_the_tasks_fault():
    assert TrajectoryVerifier(reach=HIGH).verify(walk(1, 1)).status == "task_error"
    never = TrajectoryVerifier(reach=HIGH, never=Is("h", "less than", 5))
    assert never.verify(walk(0, 1)).status == "task_error"
    for nothing in ([], None, "reached", [1, 2]):
        assert TrajectoryVerifier(reach=HIGH).verify(nothing).status == "unparsable"


# ---------------------------------------------------------------------- addresses

SHOP = "https://shop.test/a/b?q=x&q=y&page=2"


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("https://shop.test/a/b?page=2&q=y&q=x", True),
        ("https://SHOP.test:443/a/./c/../b/?q=x&q=y&page=2", True),
        ("https://shop.test/a/%62?q=x&q=y&page=2", True),
        ("https://shop.test/a%2Fb?q=x&q=y&page=2", False),
        ("https://shop.test/a/b?q=x&page=2", False),
        ("https://shop.test/a/b?q=x&q=y&page=2&more=1", False),
        ("https://shop.test:8443/a/b?q=x&q=y&page=2", False),
        ("https://user@shop.test/a/b?q=x&q=y&page=2", False),
        ("https://shop.test\\@other.test/a/b?q=x&q=y&page=2", False),
        ("https://shop.test/a/b?q=x&q=y&page=2 ", True),
        ("https://shop.test/a/b?q=x&q=y&page=2\n\nhttps://other.test", False),
        ("https://shоp.test/a/b?q=x&q=y&page=2", False),
        ("//shop.test/a/b?q=x&q=y&page=2", False),
        ("https://shop.test:x/a/b", False),
        ("https://[::1/a", False),
    ],
)
def test_addresses(address, same):
    assert UrlVerifier().verify(address, SHOP).passed is same


def test_declared_parameters_only():
    judge = UrlVerifier(query=("page",))
    assert judge.verify("https://shop.test/a/b?page=2&utm=7", SHOP).passed
    assert not judge.verify("https://shop.test/a/b?page=2&page=3", SHOP).passed
    assert not judge.verify("https://shop.test/a/b?utm=7", SHOP).passed
    assert UrlVerifier(fragment=True).verify(f"{SHOP}#x", SHOP).code == "url.different"
    assert judge.verify("https://x.test", "not an address").status == "task_error"


# ---------------------------------------------------------------------- final answers


def test_final_answers():
    judge = FinalAnswerVerifier(verifier=NumberVerifier())
    assert judge.verify(FinalAnswer("done", 84), 84).passed
    assert judge.verify('{"status": "done", "answer": "84"}', 84).passed
    assert not judge.verify(FinalAnswer("done", [84, 85]), 84).passed
    assert not judge.verify(FinalAnswer("done", 85), 84).passed
    assert not judge.verify(FinalAnswer("not_possible", 84), 84).passed
    assert judge.verify(FinalAnswer("well done", 84), 84).status == "unparsable"  # type: ignore[arg-type]
    assert judge.verify(FinalAnswer("done", None), 84).status == "unparsable"
    wanted = [1, 2, 2]
    assert judge.verify(FinalAnswer("done", [2, 1, 2]), wanted).passed
    for given_ in ([1, 2], [1, 1, 2], [1, 2, 2, 2], [1, 2, 3], 122, "1, 2, 2"):
        assert not judge.verify(FinalAnswer("done", given_), wanted).passed
    ordered = FinalAnswerVerifier(verifier=NumberVerifier(), ordered=True)
    assert ordered.verify(FinalAnswer("done", [1, 2, 2]), wanted).passed
    assert not ordered.verify(FinalAnswer("done", [2, 1, 2]), wanted).passed


def test_a_task_that_cannot_be_done_wants_exactly_that_answer():
    judge = FinalAnswerVerifier()
    never = Problem(prompt="", params={"possible": False})
    assert judge.verify(FinalAnswer("not_possible"), never).passed
    assert not judge.verify(FinalAnswer("done", "no"), never).passed
    assert judge.verify("", never).status == "no_answer"
    assert (
        judge.verify(FinalAnswer("not_possible"), Problem(prompt="", params={"possible": 0})).status
        == "task_error"
    )


# ---------------------------------------------------------------------- places


def test_a26_one_point_and_no_more():
    mask = np.zeros((4, 6), bool)
    mask[1, 2] = True
    judge = PointVerifier()
    assert judge.verify("(2, 1)", mask).passed
    assert judge.verify((2.999, 1.0), mask).passed
    assert judge.verify(np.float64(1.0), mask).status == "unparsable"
    for text in (
        "(3, 1)", "(1, 2)", "(2.0, 2)", "(2, 1), (0, 0)", "(2, 1) or (3, 1)", "2",
        "(0..5, 0..3)",
        "(2, 1", "(２, 1)", "(1e0, 1)", "(inf, 1)", '{"x": 2, "y": 1, "x": 0}',
        '{"x": "2", "y": 1}',
        "(2, 1, 0)", r"\boxed{(0, 0)} (2, 1)",
    ):  # fmt: skip
        assert not judge.verify(text, mask).passed, text
    for numbers in ((10**400, 1), (True, 1), (float("inf"), 1), (2,), (2, 1, 2, 1), ("2", "1")):
        assert not judge.verify(numbers, mask).passed
    assert PointVerifier(scale="unit").verify("(0.42, 0.3)", mask).passed
    for bad in (np.zeros((4, 6), bool), [[2]], [[[1]]], "mask", None, [[1], [1, 0]]):
        assert judge.verify("(2, 1)", bad).status == "task_error"


def test_boxes_are_measured_exactly():
    judge = BoxVerifier(iou=0.5, size=(100, 100))
    gold = (0, 0, 10, 10)
    assert judge.verify("[0, 0, 10, 5]", gold).passed  # exactly one half
    assert not judge.verify("[0, 0, 10, 4.999999]", gold).passed
    assert judge.verify("[5, 0, 15, 10]", gold).details["iou"] == pytest.approx(1 / 3)
    assert judge.verify("[0, 0, 100, 100]", gold).code == "place.missed"
    assert judge.verify("[0, 0, 0, 0]", gold).code == "place.no_box"
    assert judge.verify("[0, 0, 101, 10]", gold).code == "place.outside"
    assert BoxVerifier().verify("[0,0,1,1]", gold).status == "task_error"
    with pytest.raises(AssayError):
        BoxVerifier(iou=0)


coordinate = st.integers(0, 20)


@given(coordinate, coordinate, coordinate, coordinate)
def test_iou_by_counting_pixels(x1, y1, x2, y2):
    gold = np.zeros((20, 20), bool)
    gold[4:12, 5:15] = True
    verdict = BoxVerifier(iou=0.3, size=(20, 20)).verify((x1, y1, x2, y2), (5, 4, 15, 12))
    if x1 >= x2 or y1 >= y2:
        assert not verdict.passed
        return
    box = np.zeros((20, 20), bool)
    box[y1:y2, x1:x2] = True
    assert verdict.passed is bool((gold & box).sum() / (gold | box).sum() >= 0.3)


# ---------------------------------------------------------------------- pictures


def picture(seed=0, size=(24, 32)):
    rng = np.random.default_rng(seed)
    made = np.full((*size, 3), 255, np.uint8)
    made[4:12, 6:20] = rng.integers(0, 200, 3)
    made[14:20, 10:28] = rng.integers(0, 200, 3)
    return made


def png(array, **more):
    data = io.BytesIO()
    Image.fromarray(array).save(data, "PNG", **more)
    return data.getvalue()


@pytest.mark.parametrize(
    "judge",
    [
        ImageVerifier(),
        ImageVerifier(metric="pixels", threshold=0.95, tolerance=8),
        ImageVerifier(metric="iou", threshold=0.9),
        ImageVerifier(metric="ssim", threshold=0.9),
    ],
    ids=lambda judge: judge.metric,
)
def test_a26_pictures(judge):
    gold = picture()
    assert judge.verify(gold.copy(), gold).passed
    assert judge.verify(png(gold), gold).passed
    assert judge.check_task(gold) == []
    for name, other in {
        "white": np.full_like(gold, 255), "black": np.zeros_like(gold),
        "moved": np.roll(gold, 8, 1),
        "upside down": gold[::-1], "another size": picture(size=(25, 32)),
    }.items():  # fmt: skip
        verdict = judge.verify(np.ascontiguousarray(other), gold)
        assert not verdict.passed and not verdict.is_error, name


def test_a_threshold_that_accepts_nothing_in_particular_is_found():
    mostly_white = picture()
    lax = ImageVerifier(metric="pixels", threshold=0.5)
    assert {p.code for p in lax.check_task(mostly_white)} == {"task.null_accepted"}
    same = Problem(prompt="", reference=mostly_white, params={"input": mostly_white.copy()})
    assert ["the input" in p.message for p in ImageVerifier().check_task(same)] == [True]


def test_a14_bombs_and_broken_files_are_bounded():
    judge, gold = ImageVerifier(), picture()
    huge = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(huge, "PNG")
    assert judge.verify(huge.getvalue(), gold).status == "over_limit"
    frames = io.BytesIO()
    first = Image.fromarray(gold)
    first.save(frames, "WEBP", save_all=True, append_images=[Image.fromarray(255 - gold)])
    assert judge.verify(frames.getvalue(), gold).status == "over_limit"
    assert judge.verify(b"x" * 11_000_000, gold).status == "over_limit"
    whole = png(gold)
    for broken in (
        whole[: len(whole) // 2],
        whole[:40],
        b"\x89PNG\r\n",
        b"GIF89a" + whole,
        b"<svg/>",
    ):
        assert judge.verify(broken, gold).status == "unparsable"
    assert judge.verify(b"", gold).status == "no_answer"
    for odd in (gold.astype(float), gold[..., 0], gold[..., :2], np.zeros((0, 4, 3), np.uint8)):
        assert judge.verify(odd, gold).status == "unparsable"
    assert judge.verify(gold, "no picture").status == "task_error"


def test_transparency_lies_on_the_background():
    gold = np.full((4, 4, 3), 255, np.uint8)
    clear = np.zeros((4, 4, 4), np.uint8)
    assert ImageVerifier().verify(clear, gold).passed
    assert not ImageVerifier(background=(0, 0, 0)).verify(clear, gold).passed


def test_structural_similarity_by_its_definition():
    rng = np.random.default_rng(1)
    one, other = (rng.integers(0, 256, (9, 8, 3), dtype=np.uint8) for _ in range(2))
    grey = np.array([0.299, 0.587, 0.114])
    x, y = one @ grey, other @ grey
    total = []
    for top in range(3):
        for left in range(2):
            a, b = (v[top : top + 7, left : left + 7].ravel() for v in (x, y))
            cov = np.cov(a, b)
            c1, c2 = 2.55**2, 7.65**2
            total.append(
                (2 * a.mean() * b.mean() + c1) * (2 * cov[0, 1] + c2)
                / ((a.mean() ** 2 + b.mean() ** 2 + c1) * (cov[0, 0] + cov[1, 1] + c2))
            )  # fmt: skip
    assert structural(one, other) == pytest.approx(max(0.0, float(np.mean(total))), abs=1e-9)
    assert structural(one, one) == pytest.approx(1.0)


# ---------------------------------------------------------------------- drawings


def svg(body, size='width="40" height="30"'):
    return f"<svg {size}>{body}</svg>"


def test_drawings_cover_what_geometry_says():
    disc = painted(read_svg(svg('<circle cx="20" cy="15" r="10"/>')), (255, 255, 255))
    assert disc.shape == (30, 40, 3)
    assert (disc < 128).all(axis=2).sum() == pytest.approx(np.pi * 100, rel=0.02)
    square = painted(read_svg(svg('<path d="M5 5 h10 v10 H5 z" fill="#00f"/>')), (255, 255, 255))
    assert (square[6:14, 6:14] == (0, 0, 255)).all() and (square[:4] == 255).all()
    line = painted(
        read_svg(
            svg('<g stroke="red" stroke-width="4"><line x1="0" y1="15" x2="40" y2="15"/></g>')
        ),
        (0, 0, 0),
    )
    assert (line[15, 5:35] == (255, 0, 0)).all() and (line[5] == 0).all()


@pytest.mark.parametrize(
    "text",
    [
        "", "no svg", svg("<script/>"), svg('<image href="x"/>'), svg("<text>84</text>"), svg("84"),
        svg('<rect width="1" height="1" style="fill:red"/>'), svg('<rect width="1e9" height="1"/>'),
        svg('<rect width="1" height="1" onload="x"/>'), svg('<use href="#a"/>'), svg("<style/>"),
        svg('<rect width="nan" height="1"/>'), svg('<rect width="-1" height="1"/>'),
        svg('<rect width="1" height="1" fill="url(#a)"/>'), svg('<path d="L 1 1"/>'),
        svg('<path d="M 1"/>'), svg('<path d="M 1 1 A 1 1 0 0 0 2 2"/>'), svg("<rect/>"),
        svg("", 'width="9999" height="1"'), svg("", 'width="40"'), svg("", 'viewBox="1 0 40 30"'),
        '<!DOCTYPE svg [<!ENTITY a "b">]>' + svg(""), '<?xml-stylesheet href="x"?>' + svg(""),
        svg("<g>" * 40 + "</g>" * 40), svg('<circle cx="1" cy="1" r="1"/>' * 2_100),
        svg("") + svg(""),
        svg('<polyline points="1 2 3"/>'), "<svg", "\0", "\ud800", svg("<rect>" * 3),
        svg('<path d="' + "M0 0L1 1" * 11_000 + '"/>'),
    ],
    ids=lambda text: ascii(text[:40]),
)  # fmt: skip
def test_a11_a13_what_is_outside_the_drawing_language(text):
    with pytest.raises(NotDrawn):
        read_svg(text)
    verdict = RenderVerifier().verify(text, svg('<rect width="9" height="9"/>'))
    assert verdict.status in {"unparsable", "over_limit", "no_answer"}


def test_the_largest_drawing_is_drawn():
    many = svg('<rect width="1" height="1" x="3"/>' * 1_900)
    assert painted(read_svg(many), (255, 255, 255)).shape == (30, 40, 3)


def test_a_reference_that_cannot_be_drawn_is_the_tasks_fault():
    assert RenderVerifier().verify(svg(""), "<svg>").status == "task_error"
    blank = RenderVerifier().check_task(svg(""))
    assert {p.code for p in blank} >= {"task.null_accepted"}
