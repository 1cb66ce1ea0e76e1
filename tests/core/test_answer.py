"""One-turn tasks: what the worked examples teach a model to write is read as it was meant."""

import gymnasium
import pytest

import assay


@pytest.mark.parametrize("n_shots", [0, 2])
def test_the_label_of_worked_examples_is_no_part_of_a_reply(n_shots: int):
    env = gymnasium.make("assay/Arithmetic-v0", n_shots=n_shots)
    env.reset(seed=0)
    right = env.unwrapped.problem.reference
    for reply, passes in ((f"A: {right}", n_shots > 0), (f"A: {right + 1}", False), ("A:", False)):
        env.reset(seed=0)
        assert env.step(reply)[4]["verdict"].passed is passes


def test_native_vectors_read_the_label_likewise():
    envs = assay.make_vec("assay/Arithmetic-v0", 2, mode="native", n_shots=2)
    envs.reset(seed=0)
    single = gymnasium.make("assay/Arithmetic-v0", n_shots=2)
    single.reset(seed=0)
    right = single.unwrapped.problem.reference
    rewards = envs.step((f"A: {right}", f" A: {right}x"))[1]
    assert rewards.tolist() == [1.0, 0.0]
