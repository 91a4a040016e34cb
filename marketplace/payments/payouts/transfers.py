"""One payout in three beats: claim (amount fixed and set aside in the ledger) │ transfer │ record (it left).

A refund after the payout is not taken back from the provider's account, which may be empty: it makes the payable
smaller, below zero if need be, and the next payout is less by that much.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import states, timers
from marketplace.base.actor import Actor
from marketplace.base.clock import wall_now
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.base.states import machine
from marketplace.payments import books
from marketplace.payments.collecting.calls import KEYS_LAST
from marketplace.payments.connection import gateway_of
from marketplace.payments.gateway import Gateway, GatewayRefused, GatewayUnavailable, Transfer
from marketplace.payments.payouts.accrual import payable_fen, schedule
from marketplace.payments.payouts.models import Payout, PayoutAccount
from marketplace.payments.payouts.receivers import account_of, may_be_paid
from timebank import apply

PAYOUT_STEPS = machine(
    pending="held sent skipped", held="sent skipped", sent="paid failed", paid="", skipped="", failed=""
)
HELD_FOR = timedelta(days=1)
POOR_FOR = timedelta(hours=1)
POOR = "balance_insufficient"  # our own balance is too low just now


@dataclass(frozen=True, slots=True)
class Claim:
    """What the call needs."""

    payout_id: UUID
    provider_id: UUID
    amount_fen: int
    attempt: int
    sent_at: datetime

    @property
    def key(self) -> str:
        """The payout, and a number once an earlier key was refused for good."""
        return f"payout:{self.payout_id}" + (f":{self.attempt}" if self.attempt > 1 else "")


async def pay_out(platform: Platform, payout_id: UUID) -> None:
    """Pay a provider's day, once. GatewayUnavailable: try again later; a refusal is recorded and owed again."""
    claimed = await _claim(platform, payout_id)
    if claimed is None:
        return
    try:
        account_id = await account_of(platform, claimed.provider_id)
        transfer = await _call(gateway_of(platform), claimed, account_id, wall=wall_now())
    except GatewayRefused as refusal:
        await _record_refusal(platform, claimed, refusal.code)
        return
    if transfer is None:
        await _next_key(platform, claimed)
        raise GatewayUnavailable("no_effect", "the transfer was not made; it is sent again with another key")
    await _record(platform, claimed, transfer)


async def _claim(platform: Platform, payout_id: UUID) -> Claim | None:
    now = platform.now()
    async with transaction(platform.db) as tx:
        seen = await tx.get(Payout, payout_id)
        if seen is None:
            return None
        await _lock_provider(tx, seen.provider_id)
        payout = await tx.get_one(Payout, payout_id, with_for_update=True, populate_existing=True)
        if payout.state in {"pending", "held"}:
            await _send_or_hold(tx, payout, now=now)
        if payout.state != "sent" or payout.sent_at is None:
            return None
        return Claim(payout.id, payout.provider_id, payout.amount_fen, payout.attempt, payout.sent_at)


async def _lock_provider(tx: AsyncSession, provider_id: UUID) -> None:
    await tx.execute(insert(PayoutAccount).values(provider_id=provider_id, attempt=1).on_conflict_do_nothing())
    # two days' payouts of one provider must not both see the same payable
    await tx.get_one(PayoutAccount, provider_id, with_for_update=True)


async def _send_or_hold(tx: AsyncSession, payout: Payout, *, now: datetime) -> None:
    if not await may_be_paid(tx, payout.provider_id):
        await timers.set_timer(tx, "payout.due", payout.id, now + HELD_FOR)
        if payout.state != "held":
            await _move(tx, payout, "held", now=now)
        return
    owed_fen = await payable_fen(tx, payout.provider_id, now=now)
    if owed_fen <= 0:
        await _move(tx, payout, "skipped", now=now)
        return
    payout.amount_fen, payout.sent_at = owed_fen, wall_now()
    await _move(tx, payout, "sent", now=now)
    await _post(tx, payout, "sent", now=now)


async def _call(gateway: Gateway, claimed: Claim, account_id: str, *, wall: datetime) -> Transfer | None:
    """The transfer; None when the gateway shows for certain that it was not made under this key."""
    group = str(claimed.payout_id)
    if wall - claimed.sent_at <= KEYS_LAST:
        try:
            return await gateway.transfer(account_id, claimed.amount_fen, key=claimed.key, group=group)
        except GatewayUnavailable as failure:
            if not failure.replayed:
                raise
    found = await gateway.find_transfers(group)
    return found[0] if found else None


async def _record(platform: Platform, claimed: Claim, transfer: Transfer) -> None:
    now = platform.now()
    async with transaction(platform.db) as tx:
        payout = await tx.get_one(Payout, claimed.payout_id, with_for_update=True)
        if payout.state != "sent":
            return
        payout.transfer_id, payout.paid_at = transfer.id, now
        await _move(tx, payout, "paid", now=now)
        await _post(tx, payout, "paid", now=now)


async def _next_key(platform: Platform, claimed: Claim) -> None:
    async with transaction(platform.db) as tx:
        payout = await tx.get_one(Payout, claimed.payout_id, with_for_update=True)
        if payout.state == "sent" and payout.attempt == claimed.attempt:
            payout.attempt, payout.sent_at = claimed.attempt + 1, wall_now()


async def _record_refusal(platform: Platform, claimed: Claim, code: str) -> None:
    now = platform.now()
    if code == POOR:
        await _next_key(platform, claimed)
        async with transaction(platform.db) as tx:
            await timers.set_timer(tx, "payout.due", claimed.payout_id, now + POOR_FOR)
        return
    async with transaction(platform.db) as tx:
        payout = await tx.get_one(Payout, claimed.payout_id, with_for_update=True)
        if payout.state != "sent":
            return
        payout.code = code
        await schedule(tx, payout.provider_id, now=now)  # it is owed again: tonight's payout tries anew
        await _move(tx, payout, "failed", now=now)
        await _post(tx, payout, "failed", now=now)


async def _move(tx: AsyncSession, payout: Payout, to: str, *, now: datetime) -> None:
    # the columns that the state's CHECK looks at go out with it, in one UPDATE
    await states.move(tx, payout, to, PAYOUT_STEPS, actor=Actor.system(), now=now, reason=payout.code)


async def _post(tx: AsyncSession, payout: Payout, step: str, *, now: datetime) -> None:
    commands = books.payout_commands(
        payout.id, step, provider_id=payout.provider_id, amount_fen=payout.amount_fen, occurred_at=now
    )
    await tx.flush()
    await apply(tx, commands, now=now)
