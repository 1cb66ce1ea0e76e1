"""Tasks with words, and worlds that are played in words."""
