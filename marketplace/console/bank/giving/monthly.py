"""A month's grants in one table: chosen, tried, then carried out by one button; each line says what became of it.

What would become of them is found out by the service that carries them out, in a savepoint that is rolled back.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Response, get
from litestar.params import FromQuery, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.errors import DomainError
from marketplace.base.ids import new_id
from marketplace.console.bank.branch_page import open_branch
from marketplace.console.bank.frame import Asked
from marketplace.console.bank.giving.decisions import NothingTicked
from marketplace.console.bank.giving.reasons import spoken
from marketplace.console.bank.naming import names_for
from marketplace.console.day.districts import month_told
from marketplace.hours.giving import monthly
from marketplace.hours.giving.key_elders import month_of
from marketplace.hours.giving.monthly import SOURCES, Proposed, Source, Wanted
from marketplace.hours.giving.schemas import MOST_DECIDED
from marketplace.web.dependencies import Home, Now, Tx

Lines = Annotated[list[str] | None, QueryParameter(max_items=MOST_DECIDED)]


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line with how the page names it; `own`: the reader asked for it, so another person decides."""

    line: Proposed
    own: bool

    @property
    def name(self) -> str:
        """As the address and the answer's row name it."""
        return f"{self.line.source}:{self.line.id}"


@dataclass(frozen=True, slots=True)
class Tried:
    """What would become of the chosen lines: refusals by line, the pool after them, and the body of the button.

    `key` makes pressing twice, or again after a lost answer, the same as once. `gone`: chosen, and due no more.
    """

    refusals: dict[str, DomainError]
    lines: Sequence[ShownLine]
    gone: int
    pool_minutes: int
    body: dict[str, Any]
    key: UUID

    @property
    def minutes(self) -> int:
        """What would be granted in all."""
        return sum(one.line.minutes for one in self.lines if one.name not in self.refusals)


@get("/console/grants/month", include_in_schema=False)
async def show_month(
    request: Asked,
    tx: Tx,
    now: Now,
    platform: Home,
    district: FromQuery[str | None] = None,
    month: FromQuery[str | None] = None,
    line: FromQuery[Lines] = None,
    step: FromQuery[Literal["choose", "try"]] = "choose",
) -> Response[str]:
    """The branch's lines of a month to choose from, or what would become of the chosen ones and the button for them."""
    page = await open_branch(request, tx, platform, "grants", district, now=now)
    actor, reader, here, policy = page.actor, page.reader, page.here, platform.policy
    of_month = month_told(month, month_of(now))
    who: dict[str, Any] = {"policy": policy, "actor": actor, "now": now}
    found = await monthly.proposed(tx, here.id, of_month, most=MOST_DECIDED + 1, **who)
    shown = [ShownLine(one, one.asked_by is not None and one.asked_by == actor.account_id) for one in found.lines]
    lines, chosen = shown[:MOST_DECIDED], set(line or ())
    if step == "try" and not chosen:
        raise NothingTicked
    tried = await _tried(tx, here.id, lines, chosen, who) if step == "try" else None
    return page.framed(
        "month.html",
        month=of_month,
        pool_minutes=found.pool_minutes,
        short_minutes=found.allocation.short_minutes,
        lines=tried.lines if tried else lines,
        more=len(shown) - len(lines),
        sums=_sums(lines),
        chosen=chosen,
        tried=tried,
        why=spoken,
        names=await names_for(tx, {one.line.member_id for one in shown}, (), reader),
    )


async def _tried(
    tx: AsyncSession, district_id: UUID, lines: Sequence[ShownLine], chosen: Collection[str], who: dict[str, Any]
) -> Tried:
    taken = [one for one in lines if one.name in chosen]
    wanted = {one.name: Wanted(one.line.source, one.line.id, one.line.minutes) for one in taken}
    carried = await monthly.grant_month(tx, district_id, list(wanted.values()), dry_run=True, **who)
    answers = dict(zip(wanted, carried.answers, strict=True))
    refusals = {name: one.refusal for name, one in answers.items() if one.refusal is not None}
    body = [
        {"source": one.source, "id": str(one.id), "minutes": one.minutes}
        for name, one in wanted.items()
        if name not in refusals
    ]
    gone = len(set(chosen) - {one.name for one in taken})
    return Tried(refusals, taken, gone, carried.pool_minutes, {"lines": body}, new_id())


def _sums(lines: Sequence[ShownLine]) -> dict[Source, tuple[int, int]]:
    """Lines and minutes by where they come from."""
    minutes = {source: [one.line.minutes for one in lines if one.line.source == source] for source in SOURCES}
    return {source: (len(each), sum(each)) for source, each in minutes.items()}


HANDLERS: list[Any] = [show_month]
