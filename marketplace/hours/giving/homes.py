"""Change of home branch: the balance moves to an account in the new branch's book, and the old account is closed.

Four legs as for any transfer between branches. Nothing may be set aside, and nothing owed: it would be lost on the way.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.policy import Policy
from marketplace.hours.books import book_of, member_account, prepare_branch
from marketplace.hours.errors import NotADistrict
from marketplace.hours.giving.entries import Around, Placed
from marketplace.hours.giving.errors import DebtOpen, HoldsOpen, SameBranch
from marketplace.hours.giving.orders import Draft, Wish, place
from marketplace.hours.members.finding import locked_member
from marketplace.hours.members.proxies import Acts
from marketplace.hours.models import Member
from marketplace.people.models import Region
from marketplace.visits.models import Performer
from timebank import Balance, CloseAccount, Command, ReopenAccount, SetLimits
from timebank.accounts import MEMBER, open_account
from timebank.errors import UnknownAccount

_HELD = text(
    "SELECT reference FROM ledger_hold WHERE account = :account AND state = 'held' AND expires_at > :now ORDER BY key"
)


async def move_home(
    tx: AsyncSession, acts: Acts, district_id: UUID, *, reason: str | None, policy: Policy, actor: Actor, now: datetime
) -> Placed:
    """From now on the member is at home in that district's branch.

    `NotADistrict`, `SameBranch`, `HoldsOpen`, `DebtOpen`.
    """
    region = await tx.get(Region, district_id)
    if region is None or region.level != "district":
        raise NotADistrict(pointer="/district_id")
    member = await locked_member(tx, acts.member.id)
    if member.district_id == district_id:
        raise SameBranch(pointer="/district_id")
    before = await timebank.balance(tx, member.ledger_account, now=now)
    await _require_free(tx, before, now=now)
    account = member_account(district_id, before.owner or "")
    line = Draft(
        source=before.account,
        giver_id=member.id,
        destination="member",
        account=account,
        receiver_id=member.id,
        minutes=before.posted,
    )
    wish = Wish(
        kind="move",
        district_id=member.district_id,
        lines=[line] if before.posted > 0 else [],
        giver_id=member.id,
        on_behalf_of=acts.on_behalf_of,
        acted_as=acts.acted_as,
        reason=reason,
        needs_second=False,  # the hours stay hers
    )
    opening = [*await prepare_branch(tx, district_id), *await _opened(tx, before, district_id, account, now=now)]
    around = Around(before=opening, after=[_closed(member, before)])
    await _at_home(tx, member, district_id, account, actor=actor)
    return await place(tx, wish, policy=policy, actor=actor, now=now, around=around)


async def _require_free(tx: AsyncSession, balance: Balance, *, now: datetime) -> None:
    if balance.held:
        references = (await tx.scalars(_HELD, {"account": balance.account, "now": now})).all()
        raise HoldsOpen(held=balance.held, references=", ".join(references))
    if balance.owed:
        raise DebtOpen(owed=balance.owed)


async def _opened(
    tx: AsyncSession, before: Balance, district_id: UUID, account: UUID, *, now: datetime
) -> list[Command]:
    """The account in the new book, opened, or opened again by who comes back, with the limits of the old one."""
    try:
        there = await timebank.balance(tx, account, now=now)
    except UnknownAccount:
        opening = open_account(
            book_of(district_id), before.unit, MEMBER, owner=before.owner, floor=before.floor, cap=before.cap
        )
        return [opening]
    turn = f"{account}:{there.version}"  # grows with every move, so that each coming back has keys of its own
    limits = SetLimits(key=f"limits:{turn}", account=account, floor=before.floor, cap=before.cap)
    return [ReopenAccount(key=f"reopen:{turn}", account=account), limits]


def _closed(member: Member, before: Balance) -> CloseAccount:
    return CloseAccount(key=f"member:{member.id}:move:{before.account}:{before.version}", account=before.account)


async def _at_home(tx: AsyncSession, member: Member, district_id: UUID, account: UUID, *, actor: Actor) -> None:
    audit.note(
        tx,
        "member.moved",
        actor=actor,
        entity="member",
        entity_id=member.id,
        from_district=str(member.district_id),
        to_district=str(district_id),
    )
    member.district_id, member.ledger_account = district_id, account
    member.version += 1
    if member.performer_id is not None:
        performer = await tx.get_one(Performer, member.performer_id)
        performer.district_id = district_id
    await tx.flush()
