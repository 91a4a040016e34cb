"""Schedules in motion: routes as sequences of nodes, timed to the earliest by forward passes.

Every rule on time is a lower bound that grows with the times it depends on, so the earliest schedule is the
least fixpoint of all of them, crews and elders shared between routes included.
"""
