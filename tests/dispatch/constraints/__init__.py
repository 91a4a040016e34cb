"""Every constraint and weight of the problem document once, each by a number worked out by hand that both engines must
reach. `python -m tests.dispatch.constraints` prints the table of docs/dispatch.md.
"""

from __future__ import annotations

from tests.dispatch.constraints import attendance, bonds, choice, duty, rides, weights
from tests.dispatch.constraints.row import Row

ENGINES = ("search", "routing")
ROWS = (*attendance.ROWS, *duty.ROWS, *choice.ROWS, *rides.ROWS, *bonds.ROWS, *weights.ROWS)

__all__ = ["ENGINES", "ROWS", "Row", "table"]


def table() -> str:
    """The rows as a table of the documentation."""
    head = (
        "| constraint or weight | fields | worked out by hand | " + " | ".join(ENGINES) + " |\n|---|---|---|---|---|\n"
    )
    lines = (
        f"| {row.name} | {', '.join(f'`{field}`' for field in row.fields.split())} | {row.expected} | yes | yes |\n"
        for row in ROWS
    )
    return head + "".join(lines)
