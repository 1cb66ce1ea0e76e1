"""Contracts shared by all layers; needs NumPy and Gymnasium only."""
