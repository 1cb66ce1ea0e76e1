"""Agents over vectors and pixels (the `control` extra)."""
