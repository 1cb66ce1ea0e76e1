"""Agents that read and write text (the `llm` extra; endpoints need none)."""
