"""Matters: what only a person may decide about a booking whose promise is in danger."""
