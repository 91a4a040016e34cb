"""Judges of solutions: feasibility and cost from the instance's original values and the solution alone.

They know nothing of `Problem`, of plans or of the engine, and import neither.
"""
