from __future__ import annotations

import zipfile

import gymnasium
import numpy as np
import pytest

from assay.agents.control.sb3 import SB3Policy
from assay.core.errors import MissingFile, OptionError, PolicyError

sb3 = pytest.importorskip("stable_baselines3", reason="the control extra is not installed")

DISCRETE, CONTINUOUS = "CartPole-v1", "Pendulum-v1"


@pytest.fixture(scope="module", params=["A2C", "DDPG", "DQN", "PPO", "SAC", "TD3"])
def saved(request, tmp_path_factory):
    env = gymnasium.make(DISCRETE if request.param in ("A2C", "DQN", "PPO") else CONTINUOUS)
    options = {"buffer_size": 100} if request.param in ("DDPG", "DQN", "SAC", "TD3") else {}
    model = getattr(sb3, request.param)("MlpPolicy", env, seed=1, device="cpu", **options)
    path = tmp_path_factory.mktemp("sb3") / "model.zip"
    model.save(path)
    return request.param, model, env, path


def test_every_algorithm_is_told_from_its_file(saved):
    name, model, env, path = saved
    policy = SB3Policy(str(path))
    assert policy.algorithm == ("TD3" if name == "DDPG" else name)  # DDPG is TD3 with one critic
    policy.offer(env.action_space, None)
    for seed in range(5):
        observation, _ = env.reset(seed=seed)
        policy.reset(seed=seed)
        action = policy.act(observation, {})
        assert np.array_equal(action, model.predict(observation, deterministic=True)[0])
        assert env.action_space.contains(action)


def test_misfits_are_said(saved):
    name, _, _, path = saved
    policy = SB3Policy(str(path).removesuffix(".zip"))
    with pytest.raises(PolicyError, match="was trained for actions"):
        policy.offer(gymnasium.spaces.Discrete(77), None)
    for observation in ("text", np.zeros((3, 3, 3, 3))):
        with pytest.raises(PolicyError, match="was trained on observations"):
            policy.act(observation, {})
    assert policy.describe()["algorithm"] in ("TD3", name)


def test_what_is_no_model_is_said(tmp_path):
    with pytest.raises(MissingFile, match="No file"):
        SB3Policy(str(tmp_path / "none"))
    junk = tmp_path / "junk.zip"
    junk.write_bytes(b"junk")
    with pytest.raises(PolicyError, match="is no Stable-Baselines3 model"):
        SB3Policy(str(junk))
    with zipfile.ZipFile(junk, "w") as archive:
        archive.writestr("data", "{}")
    with pytest.raises(PolicyError, match="algorithm=NAME"):
        SB3Policy(str(junk))
    with pytest.raises(PolicyError, match="cannot be loaded as PPO"):
        SB3Policy(str(junk), algorithm="ppo")
    with pytest.raises(OptionError, match="algorithm"):
        SB3Policy(str(junk), algorithm="NOPE")
