"""Policies by name: found through the registry's table of strings, so that no agent is imported.

What the loop uses of a policy (`core/types.py` holds the protocol):

- `deterministic`, `reset(seed=)`, `act(observation, info)`: every policy;
- `act_batch(observations, infos, keys)`: actions for many episodes at once, in their order. Each
  key is the `EpisodeKey` of its episode, with `policy_seed` for its own generator. Such a policy
  is always asked this way, and `reset` is not called;
- `begin(key)` and `end(key)`: an episode starts, and is over (conversations, caches);
- `bind(env)`: the environment itself, just reset; for `scripted` only;
- `offer(action_space, choices)`: what may be done, after each reset; `choices` may be None;
- `take_usage(key)`: `{"prompt_tokens": n, "completion_tokens": n}` since it was last asked;
- `heavy`: True where a second copy costs a lot of memory; several workers then share one;
- `interrupt()`: called in another thread or a signal handler: whoever waits for something far
  away stops waiting, and answers `PolicyUnavailable` for what is not there; `go_on()` ends that;
- `describe()`: plain values that enter the run's fingerprint; `name`; `close()`.

At the start of an episode the order is: reset of the environment, `bind`, `reset(seed=)` (where
there is no `act_batch`), `begin`, `offer`. A `ContextFull` raised by `act`, or standing among the
actions of `act_batch`, ends its episode: what was reached is judged. A `PolicyUnavailable` stops
the run, after the actions beside it have been played; any other exception is its episode's own.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn, cast

from assay.core.errors import AssayError, PolicyError, shorten
from assay.core.registry import load, policy_target
from assay.core.types import Policy

_HOOKS = (
    "act_batch", "begin", "end", "bind", "offer", "take_usage", "interrupt", "go_on", "describe",
)  # fmt: skip


def load_policy(spec: str | Policy, **settings: Any) -> Policy:
    """The policy that a user names, checked; an object is checked and handed back.

    Args:
        spec: a registered name, `scheme:ARGUMENT`, `module:attribute`, or a policy. What a name
            leads to may be a policy, or a class or function that makes one.
        settings: keyword arguments for that class or function.

    Raises:
        UnknownName: no such name, module or attribute.
        PolicyError: it cannot be made with these settings, or is no policy.
    """
    if not isinstance(spec, str):
        if settings:
            raise PolicyError("Settings are for policies made by name: this one is made already.")
        return check_policy(spec, policy_id(spec))
    found, argument = find_policy(spec)
    if not isinstance(found, type) and _is_policy(found):
        if settings:
            raise PolicyError(
                f"The policy '{spec}' is an object and takes no settings: "
                f"drop {', '.join(sorted(settings))}."
            )
        return check_policy(found, spec)
    if not callable(found):
        raise PolicyError(
            f"'{spec}' is {shorten(found)}, which is no policy: expected one, or a class or "
            "function that makes one."
        )
    arguments = (argument,) if argument else ()
    try:
        inspect.signature(found).bind(*arguments, **settings)
    except TypeError as err:
        raise PolicyError(f"The policy '{spec}' cannot be made: {err}.") from err
    except ValueError:  # a built-in without a signature: the call itself will tell
        pass
    with _making(spec):
        made = found(*arguments, **settings)
    return check_policy(made, spec)


def find_policy(spec: str) -> tuple[Any, str]:
    """What a name leads to, as it stands in its module, and the argument in the name.

    Raises:
        UnknownName: no such name, module or attribute. PolicyError: its module cannot be imported.
    """
    target, argument = policy_target(spec)
    with _making(spec):
        return load(target, what=f"the policy '{spec}'"), argument


class _Exit(BaseException):
    """Somebody called `os._exit`."""


@contextmanager
def _making(spec: str) -> Generator[None]:
    """Word what goes wrong while a policy's code runs for the first time, its ending included.

    `os._exit` would end this process without a word and with any exit code, success too. It is
    caught in this process, not in what is forked meanwhile; C code that exits is not caught.
    """
    really, here = os._exit, os.getpid()

    def ask_for_it(status: int) -> NoReturn:
        if os.getpid() != here:
            really(status)
        raise _Exit(f"os._exit({status})")

    os._exit = ask_for_it
    try:
        yield
    except AssayError:
        raise
    except (SystemExit, _Exit) as err:
        said = str(err) if isinstance(err, _Exit) else f"sys.exit({shorten(err.code, 200)})"
        raise PolicyError(
            f"The policy '{spec}' could not be made: its code ends the process ({said})."
        ) from err
    except Exception as err:
        raise PolicyError(
            f"The policy '{spec}' could not be made: {type(err).__name__}: {err}"
        ) from err
    finally:
        os._exit = really


def _is_policy(value: Any) -> bool:
    return callable(getattr(value, "reset", None)) and callable(getattr(value, "act", None))


def check_policy(value: Any, name: str) -> Policy:
    """`value` itself when it keeps the protocol.

    Raises:
        PolicyError: it does not; the message says what is missing.
    """
    wanted: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
        "reset": ((), {"seed": 0}, "reset(*, seed)"),
        "act": ((None, {}), {}, "act(observation, info)"),
    }
    for method, (args, kwargs, form) in wanted.items():
        found = getattr(value, method, None)
        if isinstance(value, type) or not callable(found):
            raise PolicyError(
                f"'{name}' gives {shorten(value)}, which is no policy: it needs a method {form}."
            )
        try:
            inspect.signature(found).bind(*args, **kwargs)
        except TypeError as err:
            raise PolicyError(
                f"The policy '{name}' has another {method}: expected {form} ({err})."
            ) from err
        except ValueError:
            pass
    if not isinstance(getattr(value, "deterministic", None), bool):
        raise PolicyError(
            f"The policy '{name}' needs an attribute `deterministic`: True where its seed and what "
            "it sees decide every action, else False."
        )
    for method in _HOOKS:
        if not callable(getattr(value, method, check_policy)):
            raise PolicyError(f"The policy '{name}' has `{method}`, which is not a method.")
    return value


def policy_id(policy: str | Policy) -> str:
    """The name under which a policy's rows are kept."""
    if isinstance(policy, str):
        name = policy
    else:
        own: Any = getattr(policy, "name", None)
        kind = type(policy)
        name = own if isinstance(own, str) and own else f"{kind.__module__}:{kind.__qualname__}"
    return name.encode("utf-8", "backslashreplace").decode()


def describe_policy(policy: Policy) -> Mapping[str, Any]:
    """What a policy says of itself for the fingerprint; empty where it says nothing."""
    describe: Any = getattr(policy, "describe", None)
    if describe is None:
        return {}
    try:
        said = describe()
    except Exception as err:
        raise PolicyError(f"describe() of {policy_id(policy)} raised {type(err).__name__}: {err}"
                          ) from err  # fmt: skip
    if not isinstance(said, Mapping):
        raise PolicyError(f"describe() of {policy_id(policy)} must give a dict of plain values.")
    return cast("Mapping[str, Any]", said)
