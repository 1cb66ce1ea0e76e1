"""Options: checked once, taught by their own fields."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

import pytest

from assay.core.config import (
    TaskConfig,
    build_config,
    option_help,
    option_types,
    options_from_text,
    resolved,
    type_name,
)
from assay.core.errors import OptionError, UnknownOption


@dataclass(frozen=True, kw_only=True)
class MazeConfig(TaskConfig):
    size: int = 5  # cells on a side, 2..99
    noise: float = 0.0  # chance of slipping
    names: tuple[str, ...] = ()  # what the doors are called
    view: Literal["near", "far"] = "near"  # how far one sees
    seedling: int | None = None  # nothing, or a number
    path: str  # where the map is


def build(**options):
    return build_config(MazeConfig, {"path": "m", **options}, "my/Maze-v0")


def test_values_of_the_right_type_are_taken():
    config = build(size=7, noise=1, names=["a", "b"], view="far", seedling=3)
    assert config.noise == 1.0 and type(config.noise) is float
    assert config.names == ("a", "b")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", 7.0),
        ("size", True),
        ("size", "7"),
        ("size", None),
        ("noise", "0.5"),
        ("noise", True),
        ("names", ["a", 3]),
        ("names", "ab"),
        ("view", "middle"),
        ("seedling", "x"),
        ("path", 3),
        ("reward_free", "maybe"),
        ("reward_free", 1),
    ],
)
def test_values_of_another_type_are_refused_by_name(name, value):
    with pytest.raises(OptionError, match=f"^{name}=.* is not valid: expected a value of type "):
        build(**{name: value})


def test_unknown_options_name_the_nearest_or_all():
    with pytest.raises(
        UnknownOption, match=r"my/Maze-v0 has no option 'sise'. Did you mean 'size'"
    ):
        build(sise=3)
    with pytest.raises(UnknownOption, match="Its options are: max_steps, "):
        build(qqqq=3)


def test_a_required_option_says_what_it_is_for():
    with pytest.raises(OptionError, match="needs the option 'path': where the map is"):
        build_config(MazeConfig, {}, "my/Maze-v0")


def test_text_is_read_by_the_type_it_is_for():
    raw = {"size": "7", "noise": "0.5", "names": '["a"]', "path": "7", "seedling": "null"}
    read = options_from_text(MazeConfig, raw, "my/Maze-v0")
    assert read == {"size": 7, "noise": 0.5, "names": ["a"], "path": "7", "seedling": None}
    assert options_from_text(MazeConfig, {"reward_free": "true"}, "") == {"reward_free": True}
    assert options_from_text(MazeConfig, {"reward_free": "task"}, "") == {"reward_free": "task"}
    with pytest.raises(UnknownOption):
        options_from_text(MazeConfig, {"sise": "3"}, "my/Maze-v0")


def test_resolved_options_are_json_and_build_the_same():
    config = build(names=["a"], view="far")
    again = build_config(MazeConfig, json.loads(json.dumps(resolved(config))), "x")
    assert again == config


def test_help_is_the_comment_beside_the_field_through_all_bases():
    texts = option_help(MazeConfig)
    assert texts["size"] == "cells on a side, 2..99"
    assert texts["max_steps"].startswith("time limit in steps")
    assert list(texts) == list(option_types(MazeConfig))


@pytest.mark.parametrize(
    ("name", "said"),
    [("size", "int"), ("view", "'near' | 'far'"), ("seedling", "int | None"), ("path", "str")],
)
def test_types_are_named_as_a_person_would(name, said):
    assert type_name(option_types(MazeConfig)[name]) == said
