"""What goes around an environment: vectors of many rows, and a verdict for any Gymnasium task."""
