"""For operators: is it up, is it ready, and metrics."""
