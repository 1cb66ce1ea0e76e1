"""Regular expressions and JSON documents: the task's own, judged in bounded time."""
