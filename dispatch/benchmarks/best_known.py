"""The best published values: a CSV with the columns benchmark, instance, vehicles, best_known and convention."""

from __future__ import annotations

import csv
from pathlib import Path

from dispatch.benchmarks.errors import BadTable
from dispatch.benchmarks.judges.score import BestKnown

FILE_NAME = "best_known.csv"


def read_best_known(path: Path) -> dict[str, BestKnown]:
    """Best-known values by the instance's name in capitals. Raises BadTable naming the line."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadTable(path.name, None, "cannot be read as UTF-8 text") from error
    rows = csv.DictReader(text.splitlines())
    if not {"instance", "vehicles", "best_known"} <= set(rows.fieldnames or ()):
        raise BadTable(path.name, 1, "expected the columns instance, vehicles and best_known")
    found: dict[str, BestKnown] = {}
    for row in rows:
        try:
            cost, vehicles = float(row["best_known"]), int(row["vehicles"]) if row["vehicles"] else None
        except (TypeError, ValueError) as error:
            raise BadTable(
                path.name, rows.line_num, "expected a number for best_known, a whole one or none for vehicles"
            ) from error
        if not 0 < cost < float("inf"):
            raise BadTable(path.name, rows.line_num, f"a best-known cost of {cost:g} cannot be compared with")
        found[row["instance"].upper()] = BestKnown(cost, vehicles)
    return found


def beside(folder: Path) -> Path | None:
    """The table that lies in the folder of the instances or in the one above."""
    return next((path for path in (folder / FILE_NAME, folder.parent / FILE_NAME) if path.is_file()), None)
