"""One table, one row an id: the only place where assay's own ids are registered."""

import logging
from importlib.metadata import entry_points

from assay.core.registry import register, register_policies
from assay.core.types import EnvCard

_TEXT = "assay.envs.text"
_MATH = "assay.envs.math"

CARDS: tuple[EnvCard, ...] = (
    EnvCard(
        id="assay/Arithmetic-v0",
        entry_point=f"{_MATH}.arithmetic:ArithmeticEnv",
        family="math",
        summary="Work out a sum, difference or product of whole numbers.",
        vector_entry_point=f"{_MATH}.arithmetic:ArithmeticVectorEnv",
        variants=({}, {"digits": 1, "n_shots": 3}, {"digits": 3, "terms": 3, "operators": "+-*"}),
    ),
)

POLICIES = {
    "random": "assay.agents.baselines:RandomPolicy",
    "scripted": "assay.agents.baselines:ScriptedPolicy",
    "smollm2": "assay.agents.language.policy:smollm2",
    "hf:": "assay.agents.language.policy:from_hub",
    "endpoint:": "assay.agents.language.endpoint:EndpointPolicy",
    "sb3:": "assay.agents.control.sb3:SB3Policy",
}


def register_all() -> None:
    """Register every row of the table."""
    for row in CARDS:
        register(row)
    register_policies(POLICIES)


def load_plugins() -> None:
    """Import what other packages announce as `assay.envs`; one that fails is skipped, and named."""
    for point in entry_points(group="assay.envs"):
        try:
            point.load()
        except Exception as err:  # somebody else's package must not break `import assay`
            logging.getLogger("assay").warning(
                "The environments of '%s' were skipped: %s: %s", point.name, type(err).__name__, err
            )
