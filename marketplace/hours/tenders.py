"""Hours as a means of paying for a booking: the payer's minutes are held, then captured for the provider or released.

The ledger allows one call per transaction, so these return commands, and the caller makes the one `timebank.apply`.
Whose hours may pay for whom is judged here, when they are held.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base.errors import Unknown
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.errors import MemberInactive, NotAMember
from marketplace.hours.members import redemptions
from marketplace.hours.members.finding import member_of_account, member_of_elder
from marketplace.hours.members.joining import provider_account
from marketplace.hours.members.relatives import redeeming_relation, require_may_redeem, require_old_enough
from marketplace.hours.models import Member, Redemption
from marketplace.people.models import Elder
from timebank import Capture, Command, Hold, Release

BOOKING = "booking"  # the kind of entry by which a booking's hours reach the provider


def reference_of_hours(booking_id: UUID) -> str:
    """The ledger's name for the hours that a booking holds."""
    return f"booking:{booking_id}:hours"


async def hold_commands(
    tx: AsyncSession,
    *,
    key: str,
    payer_id: UUID | None,
    elder_id: UUID,
    minutes: int,
    expires_at: datetime,
    rules: TimeBankRules,
    now: datetime,
    offer_id: UUID | None = None,
) -> list[Command]:
    """Hold `minutes` of the payer's (an account), or of the elder's own where there is no payer. `key` names the hold.

    Where a programme pays for the offer, its money is held as well. `NotAMember`, `MemberInactive`, `NotRedeemable`;
    applying raises `timebank.errors.InsufficientBalance`.
    """
    elder = await tx.get(Elder, elder_id)  # visible: the booking's own elder, whom the caller has shown
    if elder is None:
        raise Unknown(what="elder")
    member = await _payer(tx, payer_id, elder, rules=rules, now=now)
    hold = Hold(key=key, account=member.ledger_account, amount=minutes, expires_at=expires_at, reference=key)
    if offer_id is None:
        return [hold]
    return [hold, *await redemptions.promise(tx, key, offer_id, minutes, expires_at=expires_at, now=now)]


async def _payer(
    tx: AsyncSession, payer_id: UUID | None, elder: Elder, *, rules: TimeBankRules, now: datetime
) -> Member:
    if payer_id is None or payer_id == elder.account_id:
        require_old_enough(elder, rules=rules, now=now)
        member = await member_of_elder(tx, elder.id)
    else:
        await redeeming_relation(tx, payer_id, elder, rules=rules, now=now)
        member = await member_of_account(tx, payer_id)
    if member is None:
        raise NotAMember
    if member.state != "active":
        raise MemberInactive(state=member.state)
    require_may_redeem(member)
    return member


async def paid_commands(
    tx: AsyncSession, redemption: Redemption, *, minutes: int, payable: UUID, now: datetime
) -> list[Command]:
    """A programme pays: the hours that are held go back to it, and its money to `payable`, the provider's account.

    Nothing if the hold is resolved already.
    """
    return await redemptions.pay_commands(tx, redemption, minutes=minutes, payable=payable, now=now)


async def capture_commands(
    tx: AsyncSession, *, key: str, provider_id: UUID, now: datetime, minutes: int | None = None
) -> list[Command]:
    """Give what `key` holds, whole or `minutes` of it, to the provider's account in its district's book.

    Nothing if the hold is resolved already, so that a repeated settlement is harmless. `Unknown` provider.
    """
    held = await timebank.find_hold(tx, key)
    if held is not None and held.state != "held":
        return []
    destination, opening = await provider_account(tx, provider_id, now=now)
    capture = Capture(
        key=f"{key}:capture",
        hold_key=key,
        destination=destination,
        occurred_at=now,
        reference=key,
        amount=minutes,
        kind=BOOKING,
    )
    return [*opening, capture]


async def release_commands(tx: AsyncSession, *, key: str) -> list[Command]:
    """Give back what `key` holds. Nothing if there is no such hold; harmless on a resolved one."""
    if await timebank.find_hold(tx, key) is None:
        return []
    return [Release(key=f"{key}:release", hold_key=key), *await redemptions.release_commands(tx, key)]
