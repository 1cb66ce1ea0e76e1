"""Cards only: importing assay announces these ids and loads nothing else."""

from pathlib import Path

import assay
from assay.verifiers import MathVerifier

assay.register(assay.task_card("sample/Double-v0", "sample_tasks.double:double"))
assay.register(
    assay.data_card(
        "sample/Exam-v0",
        Path(__file__).with_name("exam.jsonl"),
        prompt="question",
        reference="answer",
        verifier=MathVerifier(),
        all_in="test",
        guess_rate=0.1,
    )
)
assay.register(
    assay.EnvCard(
        id="sample/Staircase-v0",
        entry_point="sample_tasks.staircase:StaircaseEnv",
        family="sample",
        summary="Walk to a step of a staircase and ring the bell there.",
        reward_free_levels=("task", "verdict"),
        info_keys=("height",),
        explore_info_keys=("height",),
        guess_rate=0.15,
        shared_instances=True,
    )
)
