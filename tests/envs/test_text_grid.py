"""TextGrid: worlds that can be solved, goals apart from them, and a cat that never waits."""

import random
from collections import Counter

import numpy as np
import pytest

from assay.core import registry
from assay.core.errors import OptionError
from assay.envs.text.grid import KINDS, NO_TASK, counterfeits, read_command, solution
from assay.envs.text.grid_plan import Ways, plan
from assay.envs.text.grid_rooms import COMMANDS, Rooms


def make(**options):
    return registry.make("assay/TextGrid-v0", **options).unwrapped


def walk(env, actions):
    step = None
    for action in actions:
        step = env.step(action)
        if step[2] or step[3]:
            break
    return step


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"actions": "discrete", "cat": False},
        {"size": 3, "n_rooms": 5, "locks": 4},
        {"size": 9, "n_rooms": 3, "locks": 2},
        {"n_rooms": 1},
        *({"task": kind, "n_rooms": 3} for kind in KINDS),
    ],
    ids=str,
)
def test_gold_passes_on_200_seeds_and_counterfeits_do_not(options):
    env = make(**options)
    for seed in range(200):
        env.reset(seed=seed)
        reward, terminated = walk(env, solution(env))[1:3]
        assert reward == 1.0 and terminated, seed
        if seed % 10 == 0:
            env.reset(seed=seed)
            for kind, actions in list(counterfeits(env)):
                env.reset(seed=seed)
                walk(env, actions)
                assert env.judge_now().status == "incorrect", (seed, kind)


def test_every_thing_and_door_can_be_reached():
    env = make(size=3, n_rooms=5, locks=4, max_steps=500)
    for seed in range(100):
        env.reset(seed=seed)
        world = env.world
        for goal in env.goals():
            assert len(plan(world, goal)) > 0
        opened = tuple(world.doors)
        inside = Ways(world, world.agent, opened).steps
        cells = [*world.tiles.values(), *world.things.values(), world.agent]
        assert len(set(cells)) == len(cells) and set(cells) <= set(inside)
        assert len(world.locked) == 4 and len(world.tiles) == 6


def test_kinds_of_goals():
    prompts: Counter[str] = Counter()
    env = make()
    for seed in range(200):
        env.reset(seed=seed)
        prompts[env.problem.prompt.split()[0]] += 1
    assert set(prompts) == {"Stand", "Pick", "Open"}
    for kind, word in zip(KINDS, ("Stand", "Pick", "Stand", "Open"), strict=True):
        env = make(task=kind, n_rooms=3)
        for seed in range(10):
            env.reset(seed=seed)
            assert env.problem.prompt.startswith(word)
            assert (
                set(env.problem.params["goal"])
                == {
                    "reach": {"on"},
                    "fetch": {"carries"},
                    "bring": {"carries", "on"},
                    "open": {"open"},
                }[kind]
            )


def test_world_and_goal_are_drawn_apart():
    env = make()
    for level in ("task", "verdict"):
        free = make(reward_free=level)
        for index in range(20):
            env.reset(seed=1, options={"index": index})
            observation, info = free.reset(seed=1, options={"index": index})
            assert free.world == env.world and free.problem is None
            assert observation.endswith(NO_TASK) and "goal_at" not in info
            assert list(info) == ["position"]


def test_without_a_task_nothing_ends_early():
    env, free = make(), make(reward_free=True)
    for seed in range(10):
        env.reset(seed=seed)
        actions = list(solution(env))
        free.reset(seed=seed)
        for k, action in enumerate([*actions, *["wait"] * (100 - len(actions))], start=1):
            _, reward, terminated, truncated, _ = free.step(action)
            assert reward == 0.0 and not terminated and truncated == (k == 100)


def test_task_options_are_refused_where_the_task_is_left_out():
    with pytest.raises(OptionError, match="'task' names a task"):
        make(reward_free="task", task="fetch")
    make(reward_free="verdict", task="fetch").reset(seed=0)


def small():
    """Two rooms of three by three; a locked red door, its key, a ball and a tile."""
    return Rooms(
        walls=("#########", "#...#...#", "#.......#", "#...#...#", "#########"),
        agent=(1, 1),
        cat=None,
        tiles={"blue tile": (7, 1)},
        things={"red key": (1, 3), "green ball": (6, 2)},
        doors={"red": (4, 2)},
        locked=("red",),
    )


def test_plans_fetch_keys_and_open_doors():
    go = [f"go {way}" for way in ("south", "south")]
    there = plan(small(), {"carries": "green ball", "on": "blue tile"})
    assert there[:3] == [*go, "take"] and there.count("open") == 1 and len(there) == 13
    assert plan(small(), {"open": "red"})[-1] == "open"


def test_what_can_be_done_where():
    world = small()
    assert not world.act("go north", "") and not world.act("go west", "")
    assert not world.act("take", "") and not world.act("open", "") and not world.act("wait", "")
    for command in plan(world, {"open": "red"})[:-1]:
        assert world.act(command, "")
    assert world.carried == ("red key",) and "red key" not in world.things
    assert not world.act("go east", "")  # the door is shut
    assert not world.act("open", "blue door") and world.act("open", "red door")
    assert not world.act("open", "red door")
    assert world.act("go east", "") and world.agent == (4, 2)
    assert world.state() == {"on": "", "carries": ("red key",), "open": ("red",)}


def test_a_locked_door_needs_its_key():
    world = small()
    world.agent = (3, 2)
    assert not world.act("open", "")
    world.carried = ("blue key",)
    assert not world.act("open", "")
    world.carried = ("red key",)
    assert world.act("open", "")


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("go north", ("go north", "")),
        ("  Go   NORTH. ", ("go north", "")),
        ("south", ("go south", "")),
        ("take", ("take", "")),
        ("take the red key", ("take", "red key")),
        ("open red door", ("open", "red door")),
        ("wait", ("wait", "")),
        ("", None),
        ("go", None),
        ("go up", None),
        ("wait here", None),
        ("go north and take", None),
    ],
)
def test_commands(text, command):
    assert read_command(text) == command


@pytest.mark.parametrize("junk", ["", "dance", "go up", None, 3, b"take", "x" * 500, "\ud800"])
def test_junk_is_no_pause_button(junk):
    env, twin = make(), make()
    for seed in range(20):
        env.reset(seed=seed), twin.reset(seed=seed)
        for _ in range(5):
            status = env.step(junk)[4]["action_status"]
            assert status in ("unparsable", "illegal")
            assert twin.step("wait")[4]["action_status"] == "noop"
        assert env.world == twin.world and env.n_steps == 5


def test_the_cat_walks_by_the_entropy_alone():
    places = []
    for seed in (1, 2):
        env = make()
        env.reset(seed=seed, options={"index": 7})
        start = env.world.cat
        track = []
        for _ in range(30):
            env.step("wait")
            track.append(env.world.cat)
            assert env.world.free(env.world.cat, ())
        places.append((start, track))
    assert places[0][0] == places[1][0] and places[0][1] != places[1][1]
    assert len(set(places[0][1])) > 3
    env = make(cat=False)
    assert " cat" not in env.reset(seed=0)[0] and env.world.cat is None


def test_snapshots_branch():
    rng = random.Random(0)
    for options in ({}, {"reward_free": "task"}, {"n_rooms": 4, "locks": 3}):
        env, other = make(**options), make(**options)
        for seed in range(20):
            env.reset(seed=seed), other.reset(seed=seed + 1)
            walk(env, [rng.choice(COMMANDS) for _ in range(6)])
            if env._state != "running":
                continue
            state = env.snapshot()
            actions = [rng.choice(COMMANDS) for _ in range(10)]
            first = walk(env, actions)
            other.restore(state)
            assert walk(other, actions)[:4] == first[:4] and other.snapshot() == env.snapshot()


def test_facts_say_where_and_hide_whither():
    env = make(task="fetch")
    _, info = env.reset(seed=0)
    thing = env.problem.params["goal"]["carries"]
    assert info["position"] == list(env.world.agent)
    assert info["goal_at"] == list(env.world.things[thing])
    assert "goal_at" in env.card.privileged_info and "goal_at" not in env.card.explore_info_keys


def test_pictures():
    env = make(render_mode="rgb_array", n_rooms=3, size=4)
    env.reset(seed=0)
    image = env.render()
    assert image.shape == (6 * 16, 16 * 16, 3) and image.dtype == np.uint8
    before = image.copy()
    for command in plan(env.world, env.problem.params["goal"])[:1]:
        env.step(command)
    assert (env.render() != before).any()
    text = make(render_mode="ansi")
    assert text.reset(seed=0)[0] == text.render()


def test_observations_fit_their_space():
    for options in ({}, {"size": 9, "n_rooms": 5, "locks": 4, "max_steps": 1_000}):
        env = make(**options)
        for seed in range(20):
            observation, _ = env.reset(seed=seed)
            assert env.observation_space.contains(observation)
            world = env.world
            env.world.carried = tuple(world.things)
            assert env.observation_space.contains(env.observe())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"size": 2}, "size=2 is not valid: expected an integer from 3 to 9."),
        ({"n_rooms": 6}, "n_rooms=6 is not valid: expected an integer from 1 to 5."),
        ({"locks": 5}, "locks=5 is not valid: expected an integer from 0 to 4."),
        ({"task": "open"}, "n_rooms=2 is not valid: expected at least 3 for task='open'"),
        ({"task": "sleep"}, "task='sleep' is not valid"),
        ({"actions": "keys"}, "actions='keys' is not valid"),
    ],
)
def test_bad_options_are_named(options, sentence):
    with pytest.raises(OptionError) as error:
        make(**options)
    assert sentence in str(error.value)


def test_larger_worlds_are_harder():
    def mean(**options):
        env = make(max_steps=500, **options)
        total = 0.0
        for seed in range(60):
            env.reset(seed=seed)
            total += env.problem.difficulty
        return total / 60

    assert mean() < mean(n_rooms=4) < mean(n_rooms=4, locks=3)
    assert mean() < mean(size=8)
