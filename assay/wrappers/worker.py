"""The process behind one row of a `ProcessVector`: builds the environment and serves jobs.

It ends when told to, and when its pipe is closed; `processes.py` ends it with its parent.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import gymnasium
from gymnasium.envs.registration import EnvSpec
from gymnasium.envs.registration import registry as gym_registry

from assay.core.env import TaskEnv
from assay.core.registry import ids, register
from assay.core.rows import Begun, Reset, Step, Stepped
from assay.core.types import EnvCard
from assay.wrappers.processes import own_cards, portable


@dataclass(frozen=True)
class Recipe:
    """How to build a row's environment in a fresh process.

    Attributes:
        env_id, options: what `gymnasium.make` is called with.
        cards: ids that were registered by hand, so that a script's own tasks work here too.
        spec: Gymnasium's row for an id that has no card.
    """

    env_id: str
    options: Mapping[str, Any]
    cards: Sequence[EnvCard] = ()
    spec: EnvSpec | None = None

    @classmethod
    def of(cls, env_id: str, options: Mapping[str, Any]) -> Recipe:
        """The recipe for an id of this process."""
        spec = None if env_id in ids() else gym_registry.get(env_id)
        return cls(env_id, dict(options), own_cards(), spec)

    def build(self) -> gymnasium.Env[Any, Any]:
        """The environment."""
        for row in self.cards:
            register(row, replace=True)
        if self.spec is not None:
            gym_registry.setdefault(self.spec.id, self.spec)
        return gymnasium.make(self.env_id, disable_env_checker=True, **self.options)


class Unsendable:
    """Stands for an action that cannot be pickled: no environment takes it."""


def play(env: gymnasium.Env[Any, Any], job: Reset | Step) -> Begun | Stepped:
    """Do one job on one environment."""
    if isinstance(job, Reset):
        return Begun(*env.reset(seed=job.seed, options=_plain(job.options)), place_of(env))
    obs, reward, terminated, truncated, info = env.step(job.action)
    stepped = Stepped(obs, float(reward), bool(terminated), bool(truncated), info)
    if job.renew and (stepped.terminated or stepped.truncated):
        return stepped._replace(begun=Begun(*env.reset(), place_of(env)))
    return stepped


def place_of(env: gymnasium.Env[Any, Any]) -> tuple[str, int] | None:
    """Split and index of the current problem; None where the environment has none."""
    base = env.unwrapped
    return (base.split, base.index) if isinstance(base, TaskEnv) else None


def _plain(options: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if options is None else dict(options)


def pack_action(action: Any) -> bytes:
    """An action as bytes; what cannot be pickled becomes `Unsendable`."""
    if type(action) is not str and issubclass(type(action), str):
        action = str.__str__(action)
    try:
        return pickle.dumps(action)
    except Exception:  # whatever a policy sends can lose; it cannot raise
        return pickle.dumps(Unsendable())


def serve(pipe: Connection, recipe: Recipe) -> None:
    """The worker's main function: build, say what was built, then serve until the end."""
    env = None
    try:
        try:
            env = recipe.build()
            hello = pickle.dumps((0, True, _describe(env)))
        except Exception as err:
            pipe.send_bytes(_failure(0, err))
            return
        pipe.send_bytes(hello)
        while _serve_one(pipe, env):
            pass
    except (EOFError, OSError):  # the parent closed the pipe
        pass
    finally:
        if env is not None:
            env.close()


def _describe(env: gymnasium.Env[Any, Any]) -> dict[str, Any]:
    base = env.unwrapped
    return {
        "observation_space": env.observation_space,
        "action_space": env.action_space,
        "metadata": dict(env.metadata),
        "render_mode": env.render_mode,
        "reward_free": isinstance(base, TaskEnv) and base.level is not None,
    }


def _serve_one(pipe: Connection, env: gymnasium.Env[Any, Any]) -> bool:
    serial, verb, data = pickle.loads(pipe.recv_bytes())  # our own parent wrote it
    if verb == "close":
        return False
    try:
        reply = pickle.dumps((serial, True, _do(env, verb, data)))
    except Exception as err:
        reply = _failure(serial, err)
    pipe.send_bytes(reply)
    return True


def _do(env: gymnasium.Env[Any, Any], verb: str, data: Any) -> Any:
    if verb == "reset":
        return play(env, Reset(*data))
    if verb == "step":
        row, packed, renew = data
        try:
            action = pickle.loads(packed)
        except Exception:  # a class that this process cannot import
            action = Unsendable()
        return play(env, Step(row, action, renew))
    if verb == "set":
        return env.set_wrapper_attr(*data)
    name, args, kwargs = data
    value = env.get_wrapper_attr(name)
    return value(*args, **kwargs) if callable(value) else value


def _failure(serial: int, error: Exception) -> bytes:
    return pickle.dumps((serial, False, portable(error)))
