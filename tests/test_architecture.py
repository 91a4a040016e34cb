"""Rules of the house that no linter knows: read from the syntax trees of our own files."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = [path for name in ("marketplace", "dispatch", "timebank") for path in sorted((ROOT / name).rglob("*.py"))]
LONGEST_FILE = 300
COMMITTING = {"marketplace/base/database.py"}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", CODE, ids=relative)
def test_a_query_on_elders_says_to_whom_they_are_visible(path: Path) -> None:
    source = path.read_text("utf-8")
    lines = source.splitlines()
    for statement in ast.walk(ast.parse(source)):
        if isinstance(statement, ast.stmt) and not hasattr(statement, "body") and _reads_elders(statement):
            text = "\n".join(lines[statement.lineno - 1 : (statement.end_lineno or statement.lineno)])
            around = "\n".join(lines[max(0, statement.lineno - 2) : (statement.end_lineno or statement.lineno) + 1])
            assert "visible_to(" in text or "# visible:" in around, f"{relative(path)}:{statement.lineno}"


def _reads_elders(statement: ast.stmt) -> bool:
    for call in ast.walk(statement):
        if isinstance(call, ast.Call) and _name(call.func) in {"select", "get", "get_one", "join", "select_from"}:
            named = {node.id for argument in call.args for node in ast.walk(argument) if isinstance(node, ast.Name)}
            if "Elder" in named:
                return True
    return False


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize("path", CODE, ids=relative)
def test_nobody_but_the_unit_of_work_commits(path: Path) -> None:
    if relative(path) in COMMITTING or "simulator" in path.parts:
        return
    assert not re.search(r"\b(tx|session)\.(commit|rollback)\(", path.read_text("utf-8"))


@pytest.mark.parametrize("path", CODE, ids=relative)
def test_a_file_is_short_and_named_by_a_noun(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_FILE
    assert path.stem not in {"utils", "helpers", "common", "misc"}


@pytest.mark.parametrize("path", CODE, ids=relative)
def test_no_service_asks_the_wall_for_the_time(path: Path) -> None:
    """`now` is an argument; only sign-in and tokens, which live in wall time, may ask."""
    allowed = {"base", "people", "simulator", "up", "demo"}
    if allowed & set(path.parts) or path.name == "stripe_gateway.py":
        return
    assert "datetime.now(" not in path.read_text("utf-8"), "take `now` as an argument"
