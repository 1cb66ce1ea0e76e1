"""Verdicts about submitted programs: each runs in a sandbox, and is compared outside it.

`sandbox` chooses where, `keepers` holds the warm processes, `inside` is what runs in them;
`function` and `stdio` are the verifiers, `records` reads files of tasks.
"""
