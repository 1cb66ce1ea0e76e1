"""The sums of `benchmarks.episodes` as a task of Inspect, used as its documentation shows.

Inspect loads this file by its path, also when it takes up a run that was cut off; it looks for the
bare names of its decorators.
"""

from __future__ import annotations

from typing import Any

from benchmarks.episodes import note, questions, reply
from benchmarks.peers import library

_inspect, _model = library("inspect_ai"), library("inspect_ai.model")
_dataset, _scorer, _solver = (
    library(f"inspect_ai.{name}") for name in ("dataset", "scorer", "solver")
)
task, solver = _inspect.task, _solver.solver


@solver
def adder(delay_s: float = 0.0, count: str = "") -> Any:
    """Answers by itself, without a model."""
    import anyio

    async def solve(state: Any, generate: Any) -> Any:
        if delay_s:
            await anyio.sleep(delay_s)
        if count:
            note(count)
        state.output = _model.ModelOutput.from_content("adder", reply(state.input_text))
        return state

    return solve


@task
def sums(n: int = 100, delay_s: float = 0.0, count: str = "", by_model: bool = False) -> Any:
    """Sums in four digits, answered by a solver of ours or by the model of the run."""
    samples = [
        _dataset.Sample(input=prompt, target=target, id=i)
        for i, (prompt, target) in enumerate(questions(n))
    ]
    return _inspect.Task(
        dataset=_dataset.MemoryDataset(samples),
        solver=_solver.generate() if by_model else adder(delay_s, count),
        scorer=_scorer.match(numeric=True),
    )


def mock_model() -> Any:
    """Inspect's own model for tests, with answers like ours.

    It is told how many tokens there are, since it would fetch a tokenizer to count them.
    """

    def answer(messages: Any, tools: Any, tool_choice: Any, config: Any) -> Any:
        output = _model.ModelOutput.from_content("mockllm/model", reply(messages[-1].text))
        output.usage = _model.ModelUsage(input_tokens=16, output_tokens=4, total_tokens=20)
        return output

    return _model.get_model("mockllm/model", custom_outputs=answer)


def run(task_: Any, model: Any, log_dir: str) -> Any:
    """One evaluation with the defaults of Inspect's own users, its display apart; its log."""
    (log,) = _inspect.eval(task_, model=model, log_dir=log_dir, display="none")
    if log.status != "success":
        raise RuntimeError(f"Inspect's run is '{log.status}': {log.error and log.error.message}")
    return log
