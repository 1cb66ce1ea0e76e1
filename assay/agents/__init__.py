"""Policies and agents: one file per method, found by name, and blind to what they are played on."""
