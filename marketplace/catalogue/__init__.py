"""The catalogue: the six helps and what each needs."""
