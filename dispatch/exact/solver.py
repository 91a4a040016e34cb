"""CP-SAT as everything here runs it: within limits, reproducible, and leaving signals to others."""

from __future__ import annotations

from ortools.sat.python import cp_model


def solver_of(*, seconds: float, seed: int, workers: int = 1, work: float | None = None) -> cp_model.CpSolver:
    """A solver with these limits; `work` is of CP-SAT's deterministic time."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = workers
    solver.parameters.catch_sigint_signal = False  # its handler would leave the default behind: the next one kills
    solver.parameters.random_seed = seed % 2**31
    solver.parameters.max_time_in_seconds = seconds
    if work is not None:
        solver.parameters.max_deterministic_time = work
    return solver
