"""The counts at the top of the page: what a dispatcher looks at first."""

from dataclasses import dataclass

from marketplace.console.day.reading import DayRows

DONE = frozenset({"checked_out", "exception", "approved", "settled", "rejected"})


@dataclass(frozen=True, slots=True)
class Attention:
    """Visits of the day, counted. `late` and `exception` are among those assigned; `total` is all.

    `matter` counts what waits for a decision in the district, on whatever day it is due.
    """

    total: int
    assigned: int
    unassigned: int
    late: int
    exception: int
    missed: int
    started: int
    done: int
    matter: int


def attention(rows: DayRows) -> Attention:
    """Count what the actor may see."""
    states = [visit.state for visit in rows.visits.values()]
    unassigned = states.count("planned")
    missed = states.count("missed")
    return Attention(
        total=len(states),
        assigned=len(states) - unassigned - missed,
        unassigned=unassigned,
        late=len(rows.late_seconds().keys() & rows.visits.keys()),
        exception=states.count("exception"),
        missed=missed,
        started=states.count("checked_in"),
        done=sum(state in DONE for state in states),
        matter=len(rows.matters),
    )
