"""Puzzles, graphs and plans: the certificate is checked, never compared with a stored solution."""
