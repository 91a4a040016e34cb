"""What is loaded when: a program that only reads and checks plans waits for neither numba nor OR-Tools."""

import subprocess
import sys
from pathlib import Path

import pytest

import dispatch

ROOT = Path(__file__).parents[2]


def loaded_by(program: str) -> set[str]:
    program += "\nimport sys\nprint(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(told.stdout.split()) & {"numba", "ortools"}


def test_who_checks_plans_loads_no_search() -> None:
    assert loaded_by("from dispatch import check, parse_plan, parse_problem") == set()


def test_the_search_is_loaded_when_it_is_asked_for() -> None:
    assert loaded_by("import dispatch; dispatch.solve, dispatch.LivePlan") == {"numba", "ortools"}


def test_every_public_name_is_there() -> None:
    assert [name for name in dispatch.__all__ if not hasattr(dispatch, name)] == []
    with pytest.raises(AttributeError, match="no attribute 'solver'"):
        _ = dispatch.solver
