"""The worker lane (`verifiers.md` §4): questions that may be slow, asked of processes that may die.

`pool` answers requests, `pending` turns answers into verdicts, `child` is the worker itself.
"""
