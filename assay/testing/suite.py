"""The table of checks, and the two ways to run it: for `assay check`, and under pytest."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from assay.core.errors import AssayError, MissingExtra
from assay.testing import (
    api,
    ends,
    hostile,
    proof,
    reward_free,
    rewards,
    sandbox,
    seeding,
    state,
    vectors,
)
from assay.testing.attacks import contract
from assay.testing.cases import Case, Check, ContractViolation, NotApplicable, cases_of

_TABLE: tuple[Check, ...] = (
    api.check_card,
    api.check_gymnasium_checker,
    api.check_observations_fit,
    api.check_spec_round_trip,
    api.check_pickles,
    seeding.check_same_seed_same_episode,
    seeding.check_different_seeds_differ,
    seeding.check_same_in_other_processes,
    seeding.check_global_random_state,
    seeding.check_problems_by_index,
    seeding.check_splits_are_disjoint,
    seeding.check_options_change_problems,
    proof.check_gold_passes,
    proof.check_counterfeits_fail,
    proof.check_null_outcomes_fail,
    proof.check_guess_rate,
    contract.check_attacks_fail,
    hostile.check_hostile_actions,
    hostile.check_junk_is_no_pause,
    rewards.check_rewards_agree,
    rewards.check_verifier_faults,
    rewards.check_info_is_declared,
    rewards.check_reference_is_hidden,
    ends.check_step_after_the_end,
    ends.check_truncation,
    ends.check_close_frees,
    state.check_snapshots_branch,
    vectors.check_vectors_agree,
    vectors.check_worker_processes_agree,
    vectors.check_groups_share_a_problem,
    reward_free.check_task_is_never_built,
    reward_free.check_pickle_holds_no_reference,
    reward_free.check_task_cannot_be_felt,
    sandbox.check_no_network_no_writes,
)

CHECKS: dict[str, Check] = {check.__name__.removeprefix("check_"): check for check in _TABLE}
"""Every check by name, in the order of contract §13."""

ONCE = frozenset({"worker_processes_agree"})
"""Checks that one variant answers for the id, because they start processes."""

NO_LONGER = frozenset(
    "card gymnasium_checker different_seeds_differ global_random_state problems_by_index "
    "options_change_problems verifier_faults info_is_declared step_after_the_end "
    "truncation close_frees groups_share_a_problem".split()
)
"""Checks with one sample size, which a thorough run need not repeat."""


@dataclass(frozen=True)
class Finding:
    """What one check said about one case."""

    check: str
    case: str
    status: Literal["ok", "failed", "skipped"]
    message: str
    seconds: float


def run_checks(
    env_id: str, options: Mapping[str, Any] | None = None, *, slow: bool = False
) -> list[Finding]:
    """Run every check on an id.

    Args:
        env_id: a registered id.
        options: one set of options; None takes each of the card's variants.
        slow: take the large samples (minutes an id).
    """
    cases = cases_of(env_id, thorough=slow)
    if options is not None:
        cases = [Case(cases[0].id, dict(options), slow)]
    return [run_check(name, case) for case, name in pairs_of(cases)]


def pairs_of(cases: list[Case]) -> list[tuple[Case, str]]:
    """Every case with the name of each check that it gets."""
    first = {case.id: case for case in reversed(cases)}
    return [(c, n) for c in cases for n in CHECKS if c == first[c.id] or n not in ONCE]


def run_check(name: str, case: Case) -> Finding:
    """Run one check; whatever goes wrong becomes the finding's message."""
    status: Literal["ok", "failed", "skipped"] = "ok"
    message = ""
    start = time.perf_counter()
    try:
        CHECKS[name](case)
    except (NotApplicable, MissingExtra) as reason:
        status, message = "skipped", str(reason)
    except (ContractViolation, AssayError) as err:
        status, message = "failed", str(err)
    except Exception as err:  # a check on a broken environment may break anywhere
        status, message = "failed", f"{case}: {name} raised {type(err).__name__}: {err}"
    return Finding(name, str(case), status, message, time.perf_counter() - start)


def contract_tests(*env_ids: str, slow: bool = False) -> Callable[..., None]:
    """A pytest test of the whole contract, one for each id, variant and check.

    In a test module of yours, one line is all::

        test_contract = contract_tests("my/Double-v0", "my/Exam-v0")

    Args:
        env_ids: registered ids; import what registers them first.
        slow: the large samples instead, marked `slow`.
    """
    pytest = importlib.import_module("pytest")
    pairs = [pair for i in env_ids for pair in pairs_of(cases_of(i, thorough=slow))]
    if slow:
        pairs = [(case, name) for case, name in pairs if name not in NO_LONGER]

    @pytest.mark.parametrize(("case", "check"), pairs, ids=[f"{c}-{name}" for c, name in pairs])
    def test(case: Case, check: str) -> None:
        try:
            CHECKS[check](case)
        except (NotApplicable, MissingExtra) as reason:
            pytest.skip(str(reason))

    test.__doc__ = "The environment keeps the contract."
    return pytest.mark.slow(test) if slow else test
