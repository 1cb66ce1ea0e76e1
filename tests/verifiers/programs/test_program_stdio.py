"""Submitted programs that read standard input and write standard output."""

import shutil

import pytest
from judging import QUICK, refused

from assay.core.errors import OptionError
from assay.core.types import Limits, Problem, Verdict
from assay.verifiers import Sandbox, StdioVerifier
from assay.verifiers.programs.sandbox import offer

DOUBLE = [["4\n", "8\n"], ["-1\n", "-2\n"]]
ROOMY = Limits(cpu_s=10, wall_s=100, memory_mb=512)


def run(source: str, tests=DOUBLE, way: str = "auto", **settings) -> Verdict:
    settings = {"limits": QUICK, "sandbox": Sandbox(way=way), **settings}  # pyright: ignore
    return StdioVerifier(tests, **settings).verify(source)


@pytest.mark.parametrize(
    "source",
    [
        "print(2 * int(input()))",
        "import sys\nsys.stdout.write(str(2 * int(sys.stdin.readline())))",
        "import sys\nsys.stdout.buffer.write(b'%d' % (2 * int(sys.stdin.buffer.read())))",
        "import os\nos.write(1, str(2 * int(os.read(0, 99))).encode())",
        "def main():\n    print(2 * int(input()), end='  \\r\\n')\n"
        "if __name__ == '__main__':\n    main()",
        "import sys\nprint(2 * int(next(sys.stdin)))\nsys.exit()",
        "print(2 * int(open(0).read()))\nexit(0)",
        "import atexit\nn = int(input())\natexit.register(lambda: print(2 * n))",
        "import threading\nn = int(input())\nthreading.Thread(target=lambda: print(2 * n)).start()",
        "import sys\nprint('debugging', file=sys.stderr)\nprint(2 * int(input()))",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    n: int\n"
        "print(2 * A(int(input())).n)",
        "import sys\nassert sys.argv == ['main.py']\nprint(2 * int(input()))",
    ],
)  # fmt: skip
def test_honest_programs_pass(way, source):
    verdict = run(source, way=way)
    assert verdict.passed, verdict


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("print(8)", "program.different"),
        ("print(2 * int(input()))\nprint()\nprint()", "program.different"),
        ("print(2 * int(input()), 'x')", "program.different"),
        ("print('The answer is', 2 * int(input()))", "program.different"),
        ("print(' ', 2 * int(input()))", "program.different"),
        ("pass", "program.different"),
        ("import os\nos._exit(0)", "program.different"),
        ("import sys\nsys.stderr.write(str(2 * int(input())))", "program.different"),
        ("print(2 * int(input()))\n1 / 0", "program.exit_status"),
        ("print(2 * int(input()))\nimport sys\nsys.exit(3)", "program.exit_status"),
        ("print(2 * int(input()), flush=True)\nimport os\nos.abort()", "program.exit_status"),
        ("input()\ninput()\nprint(8)", "program.exit_status"),
        ("import os\nos.write(1, b'\\xff\\xfe')", "program.different"),
        ("print(", "program.unparsable"),
        ("import os\nos.write(3, b'8')\nprint(2 * int(input()))", "program.malformed"),
        ("import os\nos.execv('/bin/echo', ['echo', '8'])", "program.exit_status"),
        ("while True: pass", "limit.cpu"),
        ("a = bytearray(10**9)", "limit.size"),
        ("print('x' * 2_000_000)", "limit.size"),
        ("while True: print('x' * 10_000)", "limit.cpu"),
    ],
)
def test_programs_that_do_not_answer_are_refused(source, code):
    refused(run(source, way="namespaces" if offer("namespaces").available else "auto"), code)


def test_output_of_processes_that_outlive_the_program_does_not_count(way):
    source = "import os, time\nif os.fork() == 0:\n    time.sleep(0.3)\n    print(8, flush=True)\n"
    refused(run(source, [["4\n", "8\n"]], way=way), "program.different")


def test_every_line_counts_and_none_is_left_over():
    lines = [["", "1\n2\n3\n"]]
    assert run("print(1, 2, 3, sep='\\n')", lines).passed
    assert run("print('1 \\n2\\t\\r\\n3')", lines).passed
    for line in ("1 2", "1 2 3 4", "1  2 3", " 1 2 3", "_1 2 3", "3 2 1"):
        wrong = line.replace(" ", "\\n").replace("_", " ")
        refused(run(f"print('{wrong}')", lines), "program.different")
    assert run("pass", [["", ""]]).passed
    refused(run("print()", [["", ""]]), "program.different")
    refused(run("print('\\n')", [["", "x"]]), "program.different")


def test_exact_counts_every_character():
    assert run("print(1)", [["", "1\n"]], compare="exact").passed
    refused(run("print(1, end='')", [["", "1\n"]], compare="exact"), "program.different")
    refused(run("print('1 ')", [["", "1\n"]], compare="exact"), "program.different")


def test_any_text_can_be_given_and_expected():
    text = "é\U0001f600\t'\"\\ \n"
    assert run("print(input(), end='')", [[text, text]], compare="lines").passed
    big = "\n".join(str(k) for k in range(100_000))
    assert run("import sys\nsys.stdout.write(sys.stdin.read())", [[big, big]], limits=ROOMY).passed


PROGRAMS = {
    "c": '#include <stdio.h>\nint main(){int x;scanf("%d",&x);printf("%d\\n",2*x);}',
    "cpp": "#include <iostream>\nint main(){int x;std::cin>>x;std::cout<<2*x<<std::endl;}",
    "javascript": "console.log(2 * parseInt(require('fs').readFileSync(0, 'utf8')))",
    "perl": 'my $x = <STDIN>; print 2 * $x, "\\n";',
    "ruby": "puts 2 * gets.to_i",
    "shell": "read x; echo $((2 * x))",
}
TOOLS = {"c": "gcc", "cpp": "g++", "javascript": "node", "perl": "perl", "ruby": "ruby"}


@pytest.mark.parametrize("language", PROGRAMS)
def test_other_languages_run_where_they_are_installed(sealed, language):
    tool = TOOLS.get(language, "sh")
    if shutil.which(tool, path="/usr/local/bin:/usr/bin:/bin") is None:
        verdict = run(PROGRAMS[language], way=sealed, language=language)
        assert (verdict.status, verdict.code) == ("verifier_error", "machine.no_language")
        return
    verdict = run(PROGRAMS[language], way=sealed, language=language, limits=ROOMY)
    assert verdict.passed, verdict
    wrong = PROGRAMS[language].replace("2", "3")
    refused(run(wrong, way=sealed, language=language, limits=ROOMY), "program.different")


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_compiled_programs_are_held_like_others(sealed):
    def c(source: str, tests=DOUBLE) -> Verdict:
        limits = Limits(cpu_s=1.5, wall_s=60, memory_mb=256)
        return run(source, tests, way=sealed, language="c", limits=limits)

    refused(c("int main( {"), "program.unparsable")
    refused(c("int main(){for(;;);}"), "limit.cpu")
    refused(c("int main(){*(volatile int*)0=1;}"), "program.exit_status")
    refused(c("#include <unistd.h>\nint main(){for(;;)fork();}"), "limit.cpu", "limit.memory")
    refused(
        c('#include "/dev/stdin"\nint main(){return 0;}'), "program.different", "program.unparsable"
    )
    refused(c('#include "/etc/passwd"\nint main(){return 0;}'), "program.unparsable")
    network = (
        "#include <sys/socket.h>\n#include <stdio.h>\n"
        'int main(){printf("%d\\n", socket(AF_INET, SOCK_STREAM, 0));}'
    )
    assert c(network, [["", "-1\n"]]).passed


@pytest.mark.parametrize(
    "tests", [None, [], "x", [["a"]], [["a", 1]], [[b"a", "b"]], [{"input": "a"}], [7]]
)
def test_faulty_tasks_are_the_tasks_fault(tests):
    task = Problem(prompt="", params={} if tests is None else {"tests": tests})
    assert StdioVerifier().verify("print(1)", task).status == "task_error"


def test_settings_are_checked():
    for settings in ({"language": "cobol"}, {"compare": "close"}, {"min_level": 9}, {"tests": []}):
        with pytest.raises(OptionError):
            StdioVerifier(**settings)


def test_checking_a_task_tries_programs_that_do_nothing():
    verifier = StdioVerifier(limits=QUICK)

    def problems(tests, reference=None):
        task = Problem(prompt="Double.", reference=reference, params={"tests": tests})
        return [problem.code for problem in verifier.check_task(task)]

    assert problems(DOUBLE, "print(2 * int(input()))") == []
    assert problems(DOUBLE, "print(int(input()))") == ["task.gold_refused"]
    assert problems([["1\n", "1\n"]]) == ["task.null_accepted", "task.null_accepted"]
    assert problems([{"input": "4\n", "output": "8\n"}]) == ["task.null_accepted"]
