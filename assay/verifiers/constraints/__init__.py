"""Constraints on how a response is written; whether it is right is for another verifier."""
