"""Measurements that a command reproduces; see README.md beside this file."""
