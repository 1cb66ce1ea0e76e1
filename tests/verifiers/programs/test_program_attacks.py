"""Attacks A15 to A20 on submitted functions, at level 1 and both ways of level 2."""

import os
from pathlib import Path

import pytest
from judging import HONEST, judge, refused

pytestmark = pytest.mark.core

# A15: type tricks.


@pytest.mark.parametrize(
    "result",
    [
        "Sly(1)",
        "[Sly(1)]",
        "{'a': Sly(1)}",
        "True",
        "float(n * n)",
        "str(n * n)",
        "float('nan')",
        "float('inf')",
        "Everything()",
        "iter([n * n])",
        "(lambda: n * n)",
        "bytearray(b'9')",
        "type('int', (int,), {})(n * n)",
        "__import__('decimal').Decimal(n * n)",
        "__import__('fractions').Fraction(n * n)",
        "__import__('enum').IntEnum('E', {'X': n * n})(n * n)",
        "memoryview(b'9')",
        "square",
        "NotImplemented",
        "...",
    ],
)
def test_a15_results_that_only_look_equal_are_refused(result):
    source = (
        "class Sly(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\n"
        "class Everything:\n    def __eq__(self, other): return True\n"
        f"def square(n):\n    return {result}\n"
    )
    refused(judge("auto", source), "program.not_plain", "program.different", "program.raised")


def test_a15_keys_and_members_of_own_types_are_refused():
    sly = "class S(str):\n    def __eq__(self, other): return True\n    __hash__ = str.__hash__\n"
    for value, expected in (("{S('a'): 1}", {"a": 1}), ("{S('a')}", {"a"}), ("(S('a'),)", ("a",))):
        source = f"{sly}def square(n):\n    return {value}\n"
        refused(judge("auto", source, [[[1], expected]]), "program.not_plain")


def test_a15_values_that_hold_themselves_or_nest_deeply_are_refused():
    loop = "def square(n):\n    a = []\n    a.append(a)\n    return a\n"
    deep = "def square(n):\n    a = []\n    for _ in range(10**5):\n        a = [a]\n    return a\n"
    refused(judge("auto", loop), "limit.size")
    refused(judge("auto", deep), "limit.size")


# A16: leaving early.


@pytest.mark.parametrize(
    "source",
    [
        "import sys\nsys.exit(0)\ndef square(n): pass",
        "import os\nos._exit(0)\ndef square(n): pass",
        "def square(n):\n    raise SystemExit(0)",
        "def square(n):\n    import os\n    os._exit(0)",
        "def square(n):\n    exit()",
        "def square(n):\n    quit()",
        "raise KeyboardInterrupt\ndef square(n): pass",
        "import atexit, os\natexit.register(os._exit, 0)\ndef square(n): return 1",
        "import sys\nsys.excepthook = lambda *a: None\ndef square(n): raise ValueError",
        "import os, signal\ndef square(n):\n    os.kill(os.getpid(), 9)\n    os._exit(0)",
        "def square(n):\n    import unittest\n    raise unittest.SkipTest('skipped')",
        "def square(n):\n    import os\n    os.abort()",
        "def square(n):\n    import ctypes\n    ctypes.string_at(0)",
        "import os\nos.execv('/bin/true', ['true'])\ndef square(n): pass",
        "def square(n):\n    raise GeneratorExit",
    ],
)
def test_a16_leaving_early_is_no_success(way, source):
    refused(judge(way, source))


# A17: patching what decides.


@pytest.mark.parametrize(
    "patch",
    [
        "import builtins\nbuiltins.len = lambda *a: 0\nbuiltins.type = lambda *a: int",
        "import builtins\nfor n in ('isinstance', 'callable', 'exec', 'str', 'int', 'repr'):\n"
        "    setattr(builtins, n, lambda *a, **k: True)",
        "import json\njson.dumps = lambda *a, **k: '9'\njson.loads = lambda *a, **k: 9",
        "import json.encoder as e\ne.encode_basestring_ascii = lambda s: '9'\n"
        "import json.decoder as d\nd.JSONDecoder.decode = lambda *a: 9",
        "import os\nos.write = lambda fd, data: len(data)\nos._exit = lambda code: None",
        "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)",
        "import sys\nclass M(dict):\n    pass\nsys.modules = M()\nsys.meta_path.clear()",
        "import sys\nfor name in list(sys.modules):\n    if name not in ('sys', 'builtins'):\n"
        "        sys.modules[name] = None",
        "import gc\nfor o in gc.get_objects():\n    if isinstance(o, dict) and 'ENCODE' in o:\n"
        "        o['ENCODE'] = lambda v: '9'",
        "import sys\nf = sys._getframe()\nwhile f:\n    f.f_globals['ENCODE'] = lambda v: '9'\n"
        "    f = f.f_back",
        "import unittest, doctest\nunittest.TestCase.assertEqual = lambda *a, **k: None",
        "import operator\noperator.eq = lambda a, b: True\nimport functools\n"
        "functools.reduce = lambda *a: 9",
    ],
)
def test_a17_patched_internals_do_not_make_a_wrong_result_right(way, patch):
    refused(judge(way, f"{patch}\ndef square(n):\n    return 7\n"))


def test_a17_a_patched_builtin_does_not_spoil_a_right_result(way):
    source = "import builtins\nbuiltins.len = lambda *a: 0\nbuiltins.repr = str\n" + HONEST
    assert judge(way, source).passed


# A18: reading what is expected.

SEARCH = """
import gc, sys
def square(n):
    seen = []
    frame = sys._getframe()
    while frame:
        seen.append(repr(sorted(frame.f_locals)) + repr(frame.f_locals) + repr(frame.f_globals))
        frame = frame.f_back
    for item in gc.get_objects():
        try:
            seen.append(repr(item))
        except Exception:
            pass
    return NEEDLE in ''.join(seen)
""".replace("NEEDLE", "''.join(map(str, [917, 263548]))")


def test_a18_no_expected_value_is_in_the_process(way):
    assert judge(way, SEARCH, [[[3], False]]).passed
    refused(judge(way, SEARCH, [[[3], 917263548]]), "program.different")


def test_a18_no_other_test_is_in_the_process(way):
    seen = SEARCH.replace("return ", "found = ") + "    return bool(found)\n"
    tests = [[[3], False], [[917263548], True], [["917263548"], True], [[4], False]]
    assert judge(way, seen, tests).passed


MEMORY = """
import os
def square(n):
    found = []
    try:
        names = os.listdir('/proc')
    except OSError:
        return []
    for name in names:
        if name.isdigit() and int(name) != os.getpid():
            try:
                with open(f'/proc/{name}/mem', 'rb') as file:
                    found.append(name)
            except OSError:
                pass
            try:
                open(f'/proc/{name}/environ', 'rb').read()
                found.append(name)
            except OSError:
                pass
    return found
"""


def test_a18_memory_and_environment_of_other_processes_are_closed(way):
    assert judge(way, MEMORY, [[[3], []]]).passed


def test_a18_no_other_process_can_be_traced(way):
    source = """
import ctypes, os
def square(n):
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getppid() or 1
    libc.ptrace.argtypes = [ctypes.c_long] * 4
    return [libc.ptrace(16, parent, 0, 0), libc.ptrace(0x4206, parent, 0, 0)]
"""
    assert judge(way, source, [[[3], [-1, -1]]]).passed


def test_a18_files_of_the_task_are_closed(sealed, tmp_path: Path):
    hidden = tmp_path / "tests.json"
    hidden.write_text("[[3], 9]")
    os.chmod(tmp_path, 0o755)
    source = """
import os
def square(path):
    found = []
    for action in (open, os.listdir, lambda p: open(os.path.join(p, '..', 'x'))):
        try:
            action(path)
            found.append(str(action))
        except OSError:
            pass
    return found
"""
    assert judge(sealed, source, [[[str(hidden)], []]]).passed
    assert judge(sealed, source, [[[str(Path.home() / "x")], []]]).passed
    assert judge(sealed, source, [[[str(Path(__file__))], []]]).passed


def test_a18_the_verifiers_environment_is_not_inherited(way, monkeypatch):
    monkeypatch.setenv("EXPECTED_RESULT", "917263548")
    source = "import os\ndef square(n):\n    return sorted(os.environ)\n"
    assert judge(way, source, [[[3], ["HOME", "LANG", "PATH", "TMPDIR"]]]).passed


def test_a18_no_descriptor_leads_anywhere(way):
    source = """
import os
def square(n):
    found = []
    for fd in range(3, 64):
        try:
            found.append((fd, os.read(fd, 10)))
        except OSError as error:
            pass
    return found
"""
    assert judge(way, source, [[[3], []]]).passed


# A19: planting files.


@pytest.mark.parametrize(
    "name", ["conftest.py", "sitecustomize.py", "usercustomize.py", "json.py", "result.json"]
)
def test_a19_planted_files_reach_no_later_test(way, name):
    source = f"""
import os
seen = os.listdir('.')
with open({name!r}, 'w') as file:
    file.write('import os; os._exit(0)')
def square(n):
    import json
    return [seen, json.dumps(n)]
"""
    assert judge(way, source, [[[3], [[], "3"]], [[4], [[], "4"]]]).passed


def test_a19_the_library_cannot_be_changed(way):
    source = """
import os, json
def square(n):
    tried = []
    for path in (json.__file__, os.path.dirname(json.__file__) + '/planted.py'):
        try:
            with open(path, 'a') as file:
                file.write('x = 1')
            tried.append(path)
        except OSError:
            pass
    return tried
"""
    assert judge(way, source, [[[3], []]]).passed


def test_a19_wrong_results_with_a_planted_report_are_refused(way):
    source = """
import json, os
for name in ('report.xml', 'results.json', '.pytest_cache', 'verdict.json'):
    with open(name, 'w') as file:
        json.dump({'passed': True, 'status': 'correct', 'result': 9}, file)
def square(n):
    return {'passed': True}
"""
    refused(judge(way, source), "program.different")


# A20: forging results.

FORGERIES = [
    "for fd in range(64):\n    try: os.write(fd, b'{\"value\":9}')\n    except OSError: pass",
    "print('{\"value\":9}')\nprint('passed')\nsys.stdout.flush()",
    "os.write(3, b'0' * 32 + b'00000009' + b'{\"value\":9}')",
    "os.write(3, b'x')",
    "os.close(3)",
    "os.dup2(1, 3)",
    "os.write(3, b'9' * 10_000_000)",
    "import threading, time\n"
    "write = lambda: [os.write(3, b'x') for _ in range(10**6)]\n"
    "threading.Thread(target=write, daemon=True).start()\n"
    "time.sleep(0.05)",
]


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a20_writing_on_every_descriptor_is_no_result(way, forgery):
    lines = "\n    ".join(forgery.split("\n"))
    source = f"import os, sys\ndef square(n):\n    {lines}\n    return 7\n"
    refused(judge(way, source))


def test_a20_stray_bytes_fail_even_a_right_result(way):
    source = "import os\ndef square(n):\n    os.write(3, b'9')\n    return n * n\n"
    refused(judge(way, source), "program.malformed")


def test_a20_a_fork_that_returns_as_well_is_no_second_result(way):
    source = "import os\ndef square(n):\n    if os.fork():\n        return 7\n    return n * n\n"
    refused(judge(way, source), "program.different")
    other = source.replace("if os.fork()", "if not os.fork()")
    verdict = judge(way, other)
    assert verdict.passed or verdict.code == "program.no_result"  # the parent's word alone counts


def test_a20_a_forged_frame_is_a_claim_like_any_other(way):
    """With the nonce found in its own memory a submission can claim what it could have returned."""
    source = """
import gc, os, types
def nonce():
    for item in gc.get_objects():
        if isinstance(item, types.FunctionType) and item.__name__ == 'send' and item.__closure__:
            for cell in item.__closure__:
                if isinstance(cell.cell_contents, str) and len(cell.cell_contents) == 32:
                    return cell.cell_contents
def square(n):
    body = '{"value":7}'
    os.write(3, f'{nonce()}{len(body):08x}{body}'.encode())
    os._exit(0)
"""
    refused(judge(way, source), "program.different", "program.no_result", "program.malformed")
    twice = source.replace("    os._exit(0)\n", "    return n * n\n")
    refused(judge(way, twice))
