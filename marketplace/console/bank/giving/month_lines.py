"""The lines of a month as the page shows them: by where they come from and then by id, so that a page goes on where the
one before ended, whatever was granted meanwhile; and which of them all are taken.

The whole month is taken but for the ticked lines, or the ticked ones alone: an address names the few, not the many.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from marketplace.base.actor import Actor
from marketplace.base.errors import Malformed
from marketplace.console.bank.giving.decisions import NothingTicked
from marketplace.hours.giving.monthly import SOURCES, Proposed, Source

Take = Literal["others", "ticked"]
TAKES: tuple[Take, ...] = get_args(Take)
PER_PAGE = 100
MOST_TICKED = 200  # an address holds no more


class TooManyTicked(Malformed):
    """More lines are ticked than an address holds."""

    code = "too_many_ticked"
    zh = "最多勾选 {most} 项：请改为勾选较少的一方。"
    en = "At most {most} lines can be ticked: tick those of which there are fewer."


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line with how the page names it; `own`: the reader asked for it, so another person decides."""

    line: Proposed
    own: bool

    @property
    def name(self) -> str:
        """As the address and the answer's row name it."""
        return f"{self.line.source}:{self.line.id}"

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands among all."""
        return SOURCES.index(self.line.source), str(self.line.id)


@dataclass(frozen=True, slots=True)
class Page:
    """So many lines of all, and the name of the last one if others follow."""

    lines: Sequence[ShownLine]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Which lines are taken. What the reader asked for herself never is. `TooManyTicked`."""

    take: Take
    ticked: frozenset[str]

    def __post_init__(self) -> None:
        if len(self.ticked) > MOST_TICKED:
            raise TooManyTicked(most=MOST_TICKED)

    def of(self, lines: Sequence[ShownLine]) -> list[ShownLine]:
        """The taken ones of the whole month. `NothingTicked` where the ticked ones alone would be, and none is."""
        if self.take == "ticked" and not self.ticked:
            raise NothingTicked
        return [one for one in lines if not one.own and (one.name in self.ticked) == (self.take == "ticked")]

    def gone(self, lines: Sequence[ShownLine]) -> int:
        """How many of the lines that were chosen are due no more."""
        return len(self.ticked - {one.name for one in lines}) if self.take == "ticked" else 0


def in_order(lines: Collection[Proposed], actor: Actor) -> list[ShownLine]:
    """All lines as they stand on the pages."""
    shown = [ShownLine(one, one.asked_by is not None and one.asked_by == actor.account_id) for one in lines]
    return sorted(shown, key=lambda one: one.place)


def page_of(lines: Sequence[ShownLine], after: str | None) -> Page:
    """The lines that follow the named one, which may be gone by now. What names no line begins with the first."""
    place = _place(after)
    following = [one for one in lines if place is None or one.place > place]
    more = len(following) > PER_PAGE
    return Page(following[:PER_PAGE], following[PER_PAGE - 1].name if more else None)


def _place(name: str | None) -> tuple[int, str] | None:
    source, _, line_id = (name or "").partition(":")
    return (SOURCES.index(source), line_id) if source in SOURCES else None


def sums_of(lines: Sequence[ShownLine]) -> dict[Source, tuple[int, int]]:
    """Lines and minutes by where they come from."""
    minutes = {source: [one.line.minutes for one in lines if one.line.source == source] for source in SOURCES}
    return {source: (len(each), sum(each)) for source, each in minutes.items()}
