"""Pictures of episodes, from the environment to the file and back."""

import io
import logging

import numpy as np
import pytest
from evaluation_toys import Scripted, WalkEnv, Walker
from PIL import Image

from assay.core.registry import ids
from assay.evaluation.engine import evaluate
from assay.evaluation.pictures import has_picture
from assay.evaluation.record import read_payload
from assay.evaluation.store import Store

pytestmark = pytest.mark.core


def episodes(out):
    """The stored episodes, and how many blobs there are."""
    with Store(out, read_only=True) as store:
        found = [
            read_payload(steps, store.blob)
            for (steps,) in store.query("SELECT steps FROM trajectories ORDER BY episode")
        ]
        return found, store.query("SELECT count(*) FROM blobs")[0][0]


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)))


def test_every_picture_comes_back_and_equal_ones_are_stored_once(tmp_path):
    out = tmp_path / "run.db"
    evaluate(Scripted(1, 2), "toy/Walk-v0", n=6, out=out, frames="all")
    found, blobs = episodes(out)
    assert all(len(e.frames) == len(e.steps) + 1 for e in found)
    for episode in found:
        at = [int(step.observation[0]) for step in episode.steps]
        at.append(int(episode.final_observation[0]))
        assert [int((pixels(png)[0] == 255).all(axis=1).sum()) - 1 for png in episode.frames] == at
    shown = [png for e in found for png in e.frames]
    assert blobs == len(set(shown)) < len(shown) / 3


def test_the_last_picture_alone(tmp_path):
    out = tmp_path / "run.db"
    evaluate(Walker(), "toy/Walk-v0", n=4, out=out, frames="last")
    found, _ = episodes(out)
    assert [len(e.frames) for e in found] == [1] * 4
    where = [(pixels(e.frames[0])[0] == 255).all(axis=1).sum() - 1 for e in found]
    assert where == [e.final_observation[0] for e in found]


@pytest.mark.parametrize("frames", ["none", "last", "all"])
def test_pictures_change_no_result(frames, tmp_path):
    out = tmp_path / "run.db"
    results = evaluate(Walker(), ("toy/Walk-v0", "toy/Corner-v0"), n=5, out=out, frames=frames)
    assert results.digest == evaluate(Walker(), ("toy/Walk-v0", "toy/Corner-v0"), n=5).digest
    assert evaluate(Walker(), ("toy/Walk-v0", "toy/Corner-v0"), n=5, out=out).run == 1


def test_a_wrapped_environment_made_by_a_function_shows_its_picture(tmp_path):
    out = tmp_path / "run.db"
    evaluate(Scripted(0, 2), "toy/Corner-v0", n=2, out=out, frames="all")
    found, blobs = episodes(out)
    assert [len(e.frames) for e in found] == [5, 5] and blobs == 3
    assert pixels(found[0].frames[-1])[2].min() == 255


def test_what_has_a_picture_is_known_without_making_it():
    assert has_picture("toy/Walk-v0") and has_picture("toy/Corner-v0")
    assert not has_picture("toy/Sum-v0")
    assert not any(has_picture(name) for name in ids(family="text"))


def test_what_has_none_is_said_once(caplog):
    with caplog.at_level(logging.WARNING, "assay"):
        evaluate(Walker(), ("toy/Sum-v0", "toy/Walk-v0"), n=5, frames="all")
    assert [r.getMessage() for r in caplog.records] == [
        "frames=all keeps nothing of what has no picture: toy/Sum-v0."
    ]


def test_a_picture_that_fails_costs_no_verdict(monkeypatch, caplog):
    def broken(self, mode):
        raise OSError("no display")

    whole = evaluate(Walker(), "toy/Walk-v0", n=3)
    monkeypatch.setattr(WalkEnv, "picture", broken)
    for frames in ("last", "all"):
        with caplog.at_level(logging.WARNING, "assay"):
            results = evaluate(Walker(), "toy/Walk-v0", n=3, frames=frames)
        assert results.digest == whole.digest
        assert caplog.text.count("no display") == 1
        caplog.clear()


def test_a_grey_picture_is_one_too(tmp_path, monkeypatch):
    monkeypatch.setattr(WalkEnv, "picture", lambda self, mode: np.full((4, 6), 7, np.uint8))
    out = tmp_path / "run.db"
    evaluate(Walker(), "toy/Walk-v0", n=1, out=out, frames="last")
    (episode,), _ = episodes(out)
    assert pixels(episode.frames[0]).shape == (4, 6)
