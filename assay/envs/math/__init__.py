"""Tasks with numbers."""
