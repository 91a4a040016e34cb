"""Hours redeemed with a provider whom a programme pays: its budget in fen pays the provider, and the hours go back to
the programme that bought them, the reverse of a grant. They enrich nobody a second time.

The money is set aside when the hours are, so that a provider who was promised it never serves for nothing.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.errors import Conflict, Unknown
from marketplace.hours.books import budget_account, open_budget, programme_account
from marketplace.hours.models import Agreement, Programme, Redemption
from marketplace.providers.models import Offer
from timebank import Capture, Command, Hold, Release, SetLimits
from timebank.errors import InsufficientBalance

PAID = "redemption_paid"  # the kind of entry by which money reaches the provider
RETURNED = "booking"  # and by which the hours leave the payer, as any booking's do


class BudgetTooLow(Conflict):
    """A budget cannot fall below what was paid or is promised."""

    code = "budget_too_low"
    zh = "预算不能低于已支付和已承诺的金额。"
    en = "A budget cannot fall below what was paid or is promised."


class BudgetReached(Conflict):
    """The programme that pays this provider has no money left for so many hours."""

    code = "budget_reached"
    zh = "该项目的预算不足：需要 {needed} 分，剩余 {available} 分。"
    en = "The programme's budget is reached: {needed} fen are needed, {available} are left."


class AgreedAlready(Conflict):
    """One programme at a time pays for an offer."""

    code = "agreed_already"
    zh = "该服务项目已有结算协议。"
    en = "There is an agreement for this offer already."


def fen_for(minutes: int, fen_per_hour: int) -> int:
    """The money for so many minutes, rounded half to even, at least one fen."""
    whole, rest = divmod(minutes * fen_per_hour, 60)
    return max(1, whole + (rest > 30 or (rest == 30 and whole % 2 == 1)))


async def set_budget(
    tx: AsyncSession, programme_id: UUID, budget_fen: int, *, actor: Actor, now: datetime
) -> Programme:
    """Authorise what a programme may pay in all. `Unknown`, `BudgetTooLow`."""
    query = select(Programme).where(col(Programme.id) == programme_id).with_for_update()
    programme = await tx.scalar(query.execution_options(populate_existing=True))
    if programme is None:
        raise Unknown(what="programme")
    first = programme.budget_fen is None
    programme.budget_fen = budget_fen
    programme.version += 1
    await tx.flush()
    audit.note(tx, "programme.budget", actor=actor, entity="programme", entity_id=programme.id, budget_fen=budget_fen)
    limits = SetLimits(
        key=f"programme:{programme.id}:budget:{programme.version}",
        account=budget_account(programme.id),
        floor=-budget_fen,
        cap=None,
    )
    try:
        await timebank.apply(tx, [open_budget(programme.id, budget_fen) if first else limits], now=now)
    except InsufficientBalance as error:
        raise BudgetTooLow from error
    return programme


async def agree(
    tx: AsyncSession, programme_id: UUID, offer_id: UUID, fen_per_hour: int, *, actor: Actor, now: datetime
) -> Agreement:
    """From now on the programme pays for hours redeemed with this offer. `Unknown`, `AgreedAlready`."""
    programme = await tx.get(Programme, programme_id)
    if programme is None or programme.budget_fen is None:
        raise Unknown(what="programme")
    # the lock keeps a second agreement for the same offer waiting
    if await tx.get(Offer, offer_id, with_for_update=True) is None:
        raise Unknown(pointer="/offer_id", what="offer")
    if await agreement_of(tx, offer_id) is not None:
        raise AgreedAlready(pointer="/offer_id")
    row = Agreement(
        programme_id=programme.id,
        offer_id=offer_id,
        fen_per_hour=fen_per_hour,
        agreed_by=actor.account_id,
        agreed_at=now,
    )
    tx.add(row)
    await tx.flush()
    audit.note(tx, "redemption.agreed", actor=actor, entity="offer", entity_id=offer_id, agreement=str(row.id))
    return row


async def end_agreement(tx: AsyncSession, agreement_id: UUID, *, actor: Actor, now: datetime) -> Agreement:
    """The programme pays for no new bookings of the offer; what is promised is paid. Ending twice is ending once."""
    row = await tx.get(Agreement, agreement_id, with_for_update=True)
    if row is None:
        raise Unknown(what="agreement")
    if row.ended_at is None:
        row.ended_at = now
        audit.note(tx, "redemption.ended", actor=actor, entity="offer", entity_id=row.offer_id, agreement=str(row.id))
        await tx.flush()
    return row


async def agreement_of(tx: AsyncSession, offer_id: UUID) -> Agreement | None:
    """The agreement by which a programme pays for this offer; None: the provider gives."""
    open_ = (col(Agreement.offer_id) == offer_id, col(Agreement.ended_at).is_(None))
    return await tx.scalar(select(Agreement).where(*open_))


async def agreements_of(tx: AsyncSession, programme_id: UUID) -> list[Agreement]:
    """A programme's agreements, also those that have ended, the newest first."""
    query = select(Agreement).where(col(Agreement.programme_id) == programme_id)
    return list(await tx.scalars(query.order_by(col(Agreement.id).desc())))


async def redemption_of(tx: AsyncSession, reference: str, *, lock: bool = False) -> Redemption | None:
    """What a programme promised for the hours that this name holds; None: the provider gives."""
    query = select(Redemption).where(col(Redemption.reference) == reference)
    return await tx.scalar(query.with_for_update() if lock else query)


async def promise(
    tx: AsyncSession, reference: str, offer_id: UUID, minutes: int, *, expires_at: datetime, now: datetime
) -> list[Command]:
    """Set money aside for a booking of an offer that a programme in force pays for; nothing where the provider gives.

    Whoever applies the commands turns the refusal of the programme's account into `BudgetReached`.
    """
    agreement = await agreement_of(tx, offer_id)
    if agreement is None or not await _in_force(tx, agreement.programme_id, now=now):
        return []
    row = Redemption(
        reference=reference,
        agreement_id=agreement.id,
        programme_id=agreement.programme_id,
        fen_per_hour=agreement.fen_per_hour,
        minutes=minutes,
        fen=fen_for(minutes, agreement.fen_per_hour),
        held_at=now,
    )
    tx.add(row)
    await tx.flush()
    account = budget_account(row.programme_id)
    return [Hold(key=row.hold_key, account=account, amount=row.fen, expires_at=expires_at, reference=reference)]


async def _in_force(tx: AsyncSession, programme_id: UUID, *, now: datetime) -> bool:
    programme = await tx.get_one(Programme, programme_id)
    return programme.state == "active" and programme.valid_from <= local_day(now) <= programme.valid_until


async def pay_commands(
    tx: AsyncSession, row: Redemption, *, minutes: int, payable: UUID, now: datetime
) -> list[Command]:
    """The service was given: the hours go back to the programme, its money to the provider's `payable`, in one call.

    Nothing if it was paid before.
    """
    if row.state != "held":
        return []
    row.state, row.minutes, row.fen = "paid", minutes, fen_for(minutes, row.fen_per_hour)
    row.version += 1
    await tx.flush()
    hours = Capture(
        key=f"{row.reference}:capture",
        hold_key=row.reference,
        destination=programme_account(row.programme_id),
        occurred_at=now,
        reference=row.reference,
        amount=minutes,
        kind=RETURNED,
    )
    money = Capture(
        key=f"{row.hold_key}:capture",
        hold_key=row.hold_key,
        destination=payable,
        occurred_at=now,
        reference=row.reference,
        amount=row.fen,
        kind=PAID,
    )
    return [hours, money]


async def release_commands(tx: AsyncSession, reference: str) -> list[Command]:
    """The booking came to nothing: what was set aside of the budget is free again."""
    row = await redemption_of(tx, reference, lock=True)
    if row is None or row.state != "held":
        return []
    row.state = "released"
    row.version += 1
    await tx.flush()
    return [Release(key=f"{row.hold_key}:release", hold_key=row.hold_key)]
