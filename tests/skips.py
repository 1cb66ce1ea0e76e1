"""A pytest plug-in of the Makefile: skips counted by reason, no green run without a test."""

from collections import Counter

import pytest


def reasons(skipped) -> Counter[str]:
    """How often each reason was given, from the reports of skipped tests."""
    counts: Counter[str] = Counter()
    for report in skipped:
        place = report.longrepr
        text = place[2] if isinstance(place, tuple) else str(place)
        counts[text.removeprefix("Skipped: ")] += 1
    return counts


def pytest_terminal_summary(terminalreporter) -> None:
    """One line for each reason, most frequent first."""
    counts = reasons(terminalreporter.stats.get("skipped", ()))
    if counts:
        terminalreporter.section("skipped, by reason")
        for reason, count in counts.most_common():
            terminalreporter.write_line(f"{count:>5}  {reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus) -> None:
    """A run in which every test was skipped counts as one in which none ran."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or session.config.option.collectonly:
        return
    if exitstatus == pytest.ExitCode.OK and not reporter.stats.get("passed"):
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
