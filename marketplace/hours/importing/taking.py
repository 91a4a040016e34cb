"""What each step of an import writes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.hours.books import CITY, open_member, open_programme, opening_anew, prepare_branch
from marketplace.hours.importing.doors import let_in
from marketplace.hours.importing.errors import HereChanged
from marketplace.hours.importing.joining import Incoming, incoming_of, keep_lines, open_members
from marketplace.hours.importing.judging import Bank
from marketplace.hours.importing.keeping import forget
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.standing import compare_with_here
from marketplace.hours.importing.steps import PORTION, Part, Step, Work
from marketplace.hours.nights import arm
from timebank import Command, SetLimits

Taking = Callable[[AsyncSession, Work, int, datetime], Awaitable[None]]
# to the planner these tables look as they did when they were small: without this it reads them whole for every entry
_PLANS = (text("SET LOCAL enable_seqscan = off"), text("DISCARD PLANS"))
_FORGET = text("DISCARD PLANS")


async def take(tx: AsyncSession, work: Work, step: Step, *, now: datetime) -> None:
    """Take one step, in the caller's transaction. `HereChanged`, and what the ledger refuses."""
    there = step.start if step.part == "people" else len(work.bank.members)
    if len(work.incoming) != there:  # begun anew after a crash, or another process took the steps before
        work.incoming = await incoming_of(tx, work.made.id)
    await _TAKING[step.part](tx, work, step.start, now)


async def _people(tx: AsyncSession, work: Work, start: int, now: datetime) -> None:  # noqa: ARG001 - one shape for all
    rows = work.people[start : start + PORTION]
    judged = Bank(members=rows)
    elders = await compare_with_here(tx, work.vault, judged)
    if judged.problems:  # somebody joined or registered since the bank was judged
        raise HereChanged(problems=len(judged.problems))
    work.incoming |= await open_members(tx, work.vault, rows, elders, work.made.id, here=work.incoming)


async def _branches(tx: AsyncSession, work: Work, start: int, now: datetime) -> None:  # noqa: ARG001 - one shape for all
    await timebank.open_book(tx, CITY)
    opening: list[Command] = []
    for district_id in sorted({row.district_id for row in work.bank.members}):
        opening += await prepare_branch(tx, district_id)
    await timebank.apply(tx, opening, now=now)


async def _opening(tx: AsyncSession, work: Work, start: int, now: datetime) -> None:
    transit = work.transit
    head: list[Command] = [open_programme(work.made.programme_id, transit.issued), *transit.opening]
    members = _rows(work, start - len(head), start + PORTION - len(head))
    people = [replace(open_member(one.district_id, one.owner, cap_minutes=None), floor=None) for one in members]
    openings = await opening_anew(tx, people, cause=work.made.reference)
    await tell(tx, [*head[start : start + PORTION], *openings], now=now)


def _rows(work: Work, start: int, stop: int) -> list[Incoming]:
    rows = work.bank.members[max(0, start) : max(0, stop)]
    return [work.incoming[row.external_id] for row in rows]


async def _filling(tx: AsyncSession, work: Work, start: int, now: datetime) -> None:
    await tell(tx, work.transit.filled(start, start + PORTION), now=now)


async def _posting(tx: AsyncSession, work: Work, start: int, now: datetime) -> None:
    stop = start + PORTION
    # of those whom the step names alone: a step that looks at every member makes a large bank's import quadratic
    accounts = {name: work.incoming[name].account for name in work.transit.names(start, stop)}
    await tell(tx, work.transit.posts(accounts, start, stop), now=now)


async def _emptying(tx: AsyncSession, work: Work, start: int, now: datetime) -> None:
    await tell(tx, work.transit.emptied(work.made.imported_at, start, start + PORTION), now=now)


async def _limiting(tx: AsyncSession, work: Work, start: int, now: datetime) -> None:
    """Floors and caps; after the last member, the ceiling of the programme.

    A balance above a cap that was lowered meanwhile stays hers, as a member's who was here before; what she earns goes
    to her pool until there is room again.
    """
    cap = work.policy.timebank.balance_cap_minutes
    limits: list[Command] = [
        SetLimits(
            f"import:{work.made.id}:limits:{row.external_id}",
            work.incoming[row.external_id].account,
            0,
            None if row.kind == "group" else cap,
        )
        for row in work.bank.members[start : start + PORTION]
    ]
    if start + PORTION > len(work.bank.members):
        total = sum(work.bank.closing.values())
        limits.append(SetLimits(f"import:{work.made.id}:ceiling", work.transit.issuance, -total, None))
    await tell(tx, limits, now=now)


async def plan_by_index(tx: AsyncSession) -> None:
    """For the rest of the transaction, whatever the planner believes of tables that have just grown."""
    for setting in _PLANS:
        await tx.execute(setting)


async def tell(tx: AsyncSession, commands: Sequence[Command], *, now: datetime) -> None:
    """Many commands to the ledger, as a step of an import has them."""
    await plan_by_index(tx)
    if commands:
        await timebank.apply(tx, commands, now=now)
    await tx.execute(_FORGET)


async def _words(tx: AsyncSession, work: Work, start: int, now: datetime) -> None:  # noqa: ARG001 - one shape for all
    rows = work.bank.history[start : start + PORTION]
    await keep_lines(tx, work.vault, rows, work.incoming, work.made.id)


async def _letting_in(tx: AsyncSession, work: Work, start: int, now: datetime) -> None:
    """They may sign in and are members, minors once their guardians consent; who answers for others comes first."""
    members = [work.incoming[row.external_id].member_id for row in work.people[start : start + PORTION]]
    await plan_by_index(tx)
    await let_in(tx, work.made, members, now=now)


async def _ending(tx: AsyncSession, work: Work, start: int, now: datetime) -> None:  # noqa: ARG001 - one shape for all
    """The files are forgotten, and the nights begin if there were none."""
    made = await tx.get_one(BankImport, work.made.id)
    made.state, made.finished_at = "done", now
    await forget(tx, work.vault, made.id)
    await arm(tx, now=now)
    actor = Actor.system()
    audit.note(tx, "bank.imported", actor=actor, entity="bank_import", entity_id=made.id, members=made.members)


_TAKING: Mapping[Part, Taking] = {
    "people": _people,
    "branches": _branches,
    "opening": _opening,
    "filling": _filling,
    "posting": _posting,
    "emptying": _emptying,
    "limiting": _limiting,
    "words": _words,
    "letting_in": _letting_in,
    "ending": _ending,
}
