"""Key elders: who comes first in a branch, what its pool and the programmes would grant now, what was granted and why.

What would be granted is asked of the same services that grant, as a dry run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Response, get
from litestar.params import FromQuery, QueryParameter

from marketplace.console.bank.branch_page import open_branch
from marketplace.console.bank.frame import Asked
from marketplace.console.bank.giving.reasons import spoken
from marketplace.console.bank.naming import names_for
from marketplace.console.bank.pairs import pairs
from marketplace.console.day.districts import month_told
from marketplace.console.words import Say, coded
from marketplace.hours.giving import allocating, issuing
from marketplace.hours.giving.key_elders import KeyElder, key_elders_of, key_grants_of, month_of
from marketplace.hours.giving.listing import states_of
from marketplace.web.dependencies import Home, Now, Tx


@dataclass(frozen=True, slots=True)
class ShownElder:
    """A key elder in words, in her turn."""

    turn: int
    elder: KeyElder
    name: str
    group: str


@get("/console/grants", include_in_schema=False)
async def show_grants(
    request: Asked,
    tx: Tx,
    now: Now,
    platform: Home,
    district: FromQuery[str | None] = None,
    month: FromQuery[str | None] = None,
    each: FromQuery[Annotated[int | None, QueryParameter(ge=1, le=1_000_000)]] = None,
) -> Response[str]:
    """A branch's key elders in their order, what a run would grant, and a month's grants with their reasons."""
    page = await open_branch(request, tx, platform, "grants", district, now=now)
    actor, reader, here, policy = page.actor, page.reader, page.here, platform.policy
    of_month = month_told(month, month_of(now))
    elders = await key_elders_of(tx, here.id, rules=policy.timebank, now=now)
    run = await allocating.allocate(tx, here.id, each=each, dry_run=True, policy=policy, actor=actor, now=now)
    issues = await issuing.issue(tx, here.id, dry_run=True, policy=policy, now=now)
    granted = await key_grants_of(tx, here.id, of_month)
    say = reader.say
    members = {one.member.id for one in elders} | {one.member_id for one in granted}
    names = await names_for(tx, members, (), reader)
    shown = [
        ShownElder(turn, one, names.member(one.member.id, say("none")), _group(one, say))
        for turn, one in enumerate(elders, start=1)
    ]
    return page.framed(
        "grants.html",
        elders=shown,
        picture=pairs([(one.name, one.elder.due_minutes, one.elder.received_minutes) for one in shown]),
        run=run,
        why=spoken,
        each=each,
        issues=issues,
        granted=granted,
        states=await states_of(tx, [one.order_id for one in granted if one.order_id]),
        month=of_month,
        names=names,
    )


def _group(elder: KeyElder, say: Say) -> str:
    categories: Sequence[str] = [coded(say, "category", one) for one in elder.group.categories]
    older = elder.group.to_age is None
    ages = say("age_from", age=elder.group.from_age) if older else f"{elder.group.from_age}–{elder.group.to_age}"
    return say("group_of", rank=elder.rank, who=" · ".join([*categories, ages]))


HANDLERS: list[Any] = [show_grants]
