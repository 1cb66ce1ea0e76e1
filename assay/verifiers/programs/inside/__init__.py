"""What runs in the sandbox's own processes: standard library only, sent there as text.

The verifier's process imports `wire` and `driver` for their codecs; everything else here is meant
for the keeper (a warm process that forks), the supervisor (one for each run, between the verifier
and the child) and the child itself.
"""
