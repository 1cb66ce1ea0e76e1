"""Measuring a policy: planned episodes, one stored row for each, honest intervals."""
