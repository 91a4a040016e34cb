"""A month's grants in one table, page by page to choose from: the whole month is tried, then carried out by one button;
each line says what became of it.

A trial has all its lines on one page: it is worked out once, and what is read is what the button carries out. What
would become of them is found out by the service that carries them out, in a savepoint that is rolled back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from litestar import Response, get
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.errors import DomainError
from marketplace.base.ids import new_id
from marketplace.console.bank.branch_page import open_branch
from marketplace.console.bank.frame import Asked
from marketplace.console.bank.giving.month_lines import TAKES, Choice, Page, ShownLine, Take, in_order, page_of, sums_of
from marketplace.console.bank.giving.reasons import spoken
from marketplace.console.bank.naming import names_for
from marketplace.console.day.districts import month_told
from marketplace.hours.giving import monthly
from marketplace.hours.giving.decided import decided_in
from marketplace.hours.giving.key_elders import month_of
from marketplace.hours.giving.monthly import Wanted
from marketplace.hours.giving.schemas import MOST_DECIDED
from marketplace.web.dependencies import Home, Now, Tx

SHOWN_REFUSALS = 100


@dataclass(frozen=True, slots=True)
class Tried:
    """What would become of the taken lines: refusals by line, the pool after them, and the body of the button.

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

    @property
    def refused(self) -> list[ShownLine]:
        """Those that would stay as they are, as many as anybody reads."""
        return [one for one in self.lines if one.name in self.refusals][:SHOWN_REFUSALS]


@get("/console/grants/month", include_in_schema=False)
async def show_month(
    request: Asked,
    tx: Tx,
    now: Now,
    platform: Home,
    district: FromQuery[str | None] = None,
    month: FromQuery[str | None] = None,
    take: FromQuery[Take] = "others",
    tick: FromQuery[list[str] | None] = None,
    after: FromQuery[str | None] = None,
    step: FromQuery[Literal["choose", "try"]] = "choose",
) -> Response[str]:
    """The branch's lines of a month to choose from, or what would become of the taken ones and the button for them."""
    page = await open_branch(request, tx, platform, "grants", district, now=now)
    actor, here = page.actor, page.here
    of_month = month_told(month, month_of(now))
    who: dict[str, Any] = {"policy": platform.policy, "actor": actor, "now": now}
    found = await monthly.proposed(tx, here.id, of_month, **who)
    lines, choice = in_order(found.lines, actor), Choice(take, frozenset(tick or ()))
    tried = await _tried(tx, here.id, lines, choice, who) if step == "try" else None
    shown = Page(tried.lines, None) if tried else page_of(lines, after)
    named = {one.line.member_id for one in [*shown.lines, *(tried.refused if tried else ())]}
    on_page = {one.name for one in shown.lines}
    return page.framed(
        "month.html",
        month=of_month,
        pool_minutes=found.pool_minutes,
        short_minutes=found.allocation.short_minutes,
        lines=shown.lines,
        total=len(lines),
        own=sum(one.own for one in lines),
        after=after,
        next_after=shown.next_after,
        sums=sums_of(lines),
        decided=await decided_in(tx, here.id, of_month),
        choice=choice,
        takes=TAKES,
        elsewhere=[one.name for one in lines if one.name in choice.ticked and (tried or one.name not in on_page)],
        tried=tried,
        portion=MOST_DECIDED,
        why=spoken,
        names=await names_for(tx, named, (), page.reader),
    )


async def _tried(
    tx: AsyncSession, district_id: UUID, lines: Sequence[ShownLine], choice: Choice, who: dict[str, Any]
) -> Tried:
    taken = choice.of(lines)
    wanted = {one.name: Wanted(one.line.source, one.line.id, one.line.minutes) for one in taken}
    carried = await monthly.grant_month(tx, district_id, list(wanted.values()), dry_run=True, **who)
    answers = dict(zip(wanted, carried.answers, strict=True))
    refusals = {name: one.refusal for name, one in answers.items() if one.refusal is not None}
    body = [
        {"source": one.source, "id": str(one.id), "minutes": one.minutes}
        for name, one in wanted.items()
        if name not in refusals
    ]
    return Tried(refusals, taken, choice.gone(lines), carried.pool_minutes, {"lines": body}, new_id())


HANDLERS: list[Any] = [show_month]
