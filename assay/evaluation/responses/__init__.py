"""The parts of `judge`: files of responses in, files of verdicts out, workers between."""
