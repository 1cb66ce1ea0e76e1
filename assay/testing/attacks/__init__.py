"""The attack library and the fuzzer: how often a verifier errs, in either direction.

`assay check VERIFIER` prints what `measure_guarded` counts; the contract suite asks the verifiers
of one-turn environments through `check_attacks_fail`. The attacks are listed in `docs/attacks.md`.
"""
