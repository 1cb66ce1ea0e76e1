"""Where episodes run. A backend moves units of work; the driver owns plan, store and progress."""
