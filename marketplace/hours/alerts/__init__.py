"""Alerts: what the program noticed and cannot mend by itself, until a person says what was done about it."""
