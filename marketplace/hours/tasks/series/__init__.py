"""Recurring help: the rule, the series as it is kept, and its tasks as they are made weeks ahead."""
