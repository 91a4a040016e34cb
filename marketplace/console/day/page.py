"""A day page's content, put together once for the page and for its refreshing."""

from dataclasses import dataclass
from typing import Any

from marketplace.console.day.attention import Attention, attention
from marketplace.console.day.lines import Line, clock, lines_of
from marketplace.console.day.listing import Listed, listed, panel
from marketplace.console.day.picture import picture
from marketplace.console.day.reading import DayRows
from marketplace.console.day.timeline import Timeline, timeline
from marketplace.console.day.unassigned import LeftOver, left_overs
from marketplace.console.words import Say, coded


@dataclass(frozen=True, slots=True)
class DayPage:
    """Everything the templates and the map show of a day."""

    rows: DayRows
    attention: Attention
    lines: list[Line]
    timeline: Timeline
    left_overs: list[LeftOver]
    listed: list[Listed]

    @property
    def exceptions(self) -> list[Listed]:
        """Visits that wait for an officer."""
        return [one for one in self.listed if one.visit.state == "exception"]

    def panels(self, say: Say) -> dict[str, Any]:
        """Each visit's side panel by its id."""
        why = {one.visit.id: one for one in self.left_overs}
        return {
            str(one.visit.id): panel(one, say, tuple(text for _, text in left.reasons), left.change)
            if (left := why.get(one.visit.id))
            else panel(one, say)
            for one in self.listed
        }

    def planning(self, say: Say) -> dict[str, str]:
        """How far the planning of this day is: `state` (none, waiting, done) and a sentence."""
        request, plan = self.rows.request, self.rows.plan
        outcome = request.outcome if request is not None and request.outcome != "published" else None
        aside = f" · {coded(say, 'outcome', outcome)}" if outcome else ""
        if request is not None and request.done_version < request.version:
            return {"state": "waiting", "text": say("planning") + aside}
        if plan is None or plan.published_at is None:
            return {"state": "none", "text": say("not_planned") + aside}
        return {"state": "done", "text": say("planned_at", version=plan.version, time=clock(plan.published_at)) + aside}

    def drawn(self) -> dict[str, Any]:
        """What the map needs."""
        return picture(self.rows, self.lines)


def day_page(rows: DayRows, say: Say) -> DayPage:
    """Work the page out of the rows."""
    lines = lines_of(rows)
    return DayPage(
        rows=rows,
        attention=attention(rows),
        lines=lines,
        timeline=timeline(rows, lines, say),
        left_overs=left_overs(rows, say),
        listed=listed(rows, lines, say),
    )
