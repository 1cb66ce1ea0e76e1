import os
import sys

import evaluation_toys
import pytest
from evaluation_toys import Adder

from assay.core.errors import OptionError, PolicyError, UnknownName
from assay.core.registry import register_policies
from assay.evaluation.engine import evaluate
from assay.evaluation.policies import describe_policy, load_policy, policy_id

pytestmark = pytest.mark.core


def test_an_instance_a_class_and_a_factory_are_all_policies():
    assert load_policy("evaluation_toys:ADDER") is evaluation_toys.ADDER
    assert isinstance(load_policy("evaluation_toys:Adder"), Adder)
    assert load_policy("evaluation_toys:make_adder", wrong=0.5).wrong == 0.5
    own = Adder()
    assert load_policy(own) is own


def test_a_scheme_hands_its_argument_over():
    register_policies({"toyadder:": "evaluation_toys:from_text"})
    evaluation_toys.from_text = lambda text, scale=1.0: Adder(float(text) * scale)
    assert load_policy("toyadder:0.25").wrong == 0.25
    assert load_policy("toyadder:0.25", scale=2.0).wrong == 0.5


def test_unknown_names_teach():
    with pytest.raises(UnknownName, match="Did you mean 'random'"):
        load_policy("randon")
    with pytest.raises(UnknownName, match="No module 'no_such_module'"):
        load_policy("no_such_module:Policy")
    with pytest.raises(UnknownName, match="Did you mean 'Adder'"):
        load_policy("evaluation_toys:Ader")


def test_settings_that_do_not_fit_are_named():
    with pytest.raises(PolicyError, match="unexpected keyword argument 'wong'"):
        load_policy("evaluation_toys:Adder", wong=1)
    with pytest.raises(PolicyError, match="takes no settings: drop wrong"):
        load_policy("evaluation_toys:ADDER", wrong=1)
    with pytest.raises(PolicyError, match="made already"):
        load_policy(Adder(), wrong=1)


def test_a_factory_that_fails_is_one_sentence_and_its_own_errors_pass():
    def fails():
        raise ZeroDivisionError("by nothing")

    def refuses():
        raise OptionError("model=x is not valid: expected a folder.")

    evaluation_toys.fails, evaluation_toys.refuses = fails, refuses
    with pytest.raises(PolicyError, match="could not be made: ZeroDivisionError: by nothing"):
        load_policy("evaluation_toys:fails")
    with pytest.raises(OptionError, match="expected a folder"):
        load_policy("evaluation_toys:refuses")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("os._exit(0)", r"its code ends the process \(os\._exit\(0\)\)"),
        ("sys.exit(0)", r"its code ends the process \(sys\.exit\(0\)\)"),
        ("sys.exit('bye')", r"its code ends the process \(sys\.exit\('bye'\)\)"),
        ("no_such_thing", "NameError: name 'no_such_thing' is not defined"),
    ],
)
@pytest.mark.parametrize("where", ["import", "making", "making in a worker"])
def test_a_policy_that_ends_the_process_as_it_is_made_is_one_sentence(
    code, said, where, tmp_path, monkeypatch
):
    guard = f"if os.getpid() != {os.getpid()}: " if where == "making in a worker" else ""
    indent = "" if where == "import" else "    "
    lines = ["import os, sys", "from evaluation_toys import Adder", "def make():"]
    lines += [f"{indent}{guard}{code}", "    return Adder()"] if indent else ["    pass", code]
    (tmp_path / "ending.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    really, out = os._exit, tmp_path / "run.db"
    try:
        with pytest.raises(PolicyError, match=f"'ending:make' could not be made: {said}"):
            evaluate("ending:make", "toy/Sum-v0", n=2, backend="process", workers=1, out=out)
    finally:
        sys.modules.pop("ending", None)
    assert os._exit is really
    assert out.exists() == (where == "making in a worker"), "what is stored there is a run so far"


def test_what_a_policy_forks_as_it_is_made_may_end():
    def forks():
        child = os.fork()
        if not child:
            os._exit(3)
        return Adder(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    evaluation_toys.forks = forks
    assert load_policy("evaluation_toys:forks").wrong == 3


class NoReset:
    deterministic = True

    def act(self, observation, info): ...


class NoKeyword(NoReset):
    def reset(self): ...


class OneArgument(NoReset):
    def reset(self, *, seed): ...

    def act(self, observation): ...


class Unsaid:
    def reset(self, *, seed): ...

    def act(self, observation, info): ...


class BadHook(Adder):
    offer = "not a method"


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (3, r"no policy: it needs a method reset\(\*, seed\)"),
        (Adder, "needs a method reset"),
        (NoReset(), "needs a method reset"),
        (NoKeyword(), r"another reset: expected reset\(\*, seed\)"),
        (OneArgument(), r"another act: expected act\(observation, info\)"),
        (Unsaid(), "attribute `deterministic`"),
        (BadHook(), "`offer`, which is not a method"),
    ],
)
def test_what_is_missing_of_the_protocol_is_said(policy, words):
    with pytest.raises(PolicyError, match=words):
        load_policy(policy)


def test_a_module_attribute_that_is_no_policy_is_named():
    evaluation_toys.number, evaluation_toys.nothing = 3, lambda: None
    with pytest.raises(PolicyError, match="'evaluation_toys:number' is 3, which is no policy"):
        load_policy("evaluation_toys:number")
    with pytest.raises(PolicyError, match="gives None"):
        load_policy("evaluation_toys:nothing")


def test_ids_are_names_that_can_be_stored():
    assert policy_id("hf:models/x") == "hf:models/x"
    assert policy_id(Adder()) == "adder"
    assert policy_id(Unsaid()).endswith(":Unsaid")
    policy_id("hf:\udcff").encode("utf-8")


def test_describe_is_checked():
    policy = Adder()
    assert describe_policy(policy) == {}
    policy.describe = lambda: {"wrong": 0.35}
    assert describe_policy(policy) == {"wrong": 0.35}
    policy.describe = lambda: 3
    with pytest.raises(PolicyError, match="must give a dict"):
        describe_policy(policy)
