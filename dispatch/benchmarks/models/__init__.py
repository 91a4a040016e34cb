"""Benchmark instances stated as a `Problem`, and the way back from a `Plan` to the set's own solution."""
