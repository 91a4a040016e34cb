"""Small cells: a number of persons below five is shown as `<5`, so that nobody is recognised in a table.

Where one cell alone is hidden, the total would give it away: then the next smallest is hidden too, as `>=5`.
"""

from collections.abc import Sequence

LEAST = 5
SMALL = f"<{LEAST}"
SECOND = f">={LEAST}"

Shown = int | str


def shown(persons: int) -> Shown:
    """A count by itself."""
    return persons if persons >= LEAST else SMALL


def shown_parts(parts: Sequence[int]) -> list[Shown]:
    """Counts whose total is known."""
    cells = [shown(part) for part in parts]
    if cells.count(SMALL) == 1 and sum(parts) >= LEAST:
        rest = [place for place, cell in enumerate(cells) if cell != SMALL]
        cells[min(rest, key=lambda place: parts[place])] = SECOND
    return cells
