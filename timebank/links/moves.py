"""Doing what the protocol says: recording an answer at the side that asked, and answering for a relay of ours.

Each function is the one ledger call of its transaction, and may be repeated.
"""

from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from timebank.links.errors import ChainDiverged, LinkSuspended, RelayEnded, RelayExpired, RelayOutOfOrder
from timebank.links.links import suspend_link
from timebank.links.protocol import ENDED, UNKNOWN, Answer, Move, Step, move_after, next_step
from timebank.links.relays import Relay, commit_in, commit_out, confirm_relay, end_relay, find_relay, relay_of


async def record(tx: AsyncSession, relay: Relay, step: Step, answer: Answer, *, now: datetime) -> Move:
    """Record the partner's answer to the step taken for `relay` as it was then; returns what was done.

    Another run may have been quicker: then nothing is done. `SUSPEND`: the link was suspended, somebody must be told.
    """
    fresh = await relay_of(tx, relay.link, relay.id)
    if (fresh.state, fresh.confirmed_at) != (relay.state, relay.confirmed_at):
        return Move.WAIT
    move = move_after(step, answer)
    if move is Move.WAIT:
        return move
    try:
        async with tx.begin_nested():
            return await _do(tx, fresh, move, answer, now=now)
    except (RelayExpired, RelayOutOfOrder):
        return Move.WAIT
    except LinkSuspended:  # the partner is prepared, but nothing new shall be decided
        await end_relay(tx, relay.link, relay.id, "out", state="aborted", reason=LinkSuspended.code, now=now)
        return Move.END
    except (ChainDiverged, RelayEnded) as error:
        return await _suspend(tx, fresh, error.code, now=now)


async def _do(tx: AsyncSession, relay: Relay, move: Move, answer: Answer, *, now: datetime) -> Move:
    if move is Move.CONFIRM:
        await confirm_relay(tx, relay.link, relay.id, now=now)
    elif move is Move.END:
        state: Literal["aborted", "expired"] = "expired" if answer.state == "expired" else "aborted"
        reason = answer.code or answer.state
        await end_relay(tx, relay.link, relay.id, relay.direction, state=state, reason=reason, confirmed=True, now=now)
    elif move is Move.SUSPEND:
        return await _suspend(tx, relay, answer.code or f"partner says {answer.state}", now=now)
    elif relay.direction == "out":
        await commit_out(tx, relay.link, relay.id, now=now)
    elif answer.seq is None or answer.decided_at is None or answer.head is None:
        return Move.WAIT
    else:
        await commit_in(
            tx,
            relay.link,
            relay.id,
            contents=relay.contents,
            seq=answer.seq,
            decided_at=answer.decided_at,
            head=answer.head,
            now=now,
        )
    return move


async def _suspend(tx: AsyncSession, relay: Relay, reason: str, *, now: datetime) -> Move:
    await suspend_link(tx, relay.link, reason=f"{reason}, relay {relay.id}", now=now)
    return Move.SUSPEND


async def expire(tx: AsyncSession, relay: Relay, *, now: datetime) -> None:
    """End an outgoing relay whose time is over before it was decided; nothing if it was decided meanwhile."""
    fresh = await relay_of(tx, relay.link, relay.id)
    if next_step(fresh, now=now) is Step.EXPIRE:
        await end_relay(tx, relay.link, relay.id, "out", state="expired", reason="expired", now=now)


async def answer_for(tx: AsyncSession, relay: Relay | None, *, now: datetime) -> Answer:
    """What we say when asked for a relay; one of ours that is overdue is expired before we say so."""
    if relay is None:
        return Answer(UNKNOWN)
    if next_step(relay, now=now) is Step.EXPIRE:
        await expire(tx, relay, now=now)
        relay = await find_relay(tx, relay.link, relay.id) or relay
    code = relay.reason if relay.state in ENDED else None
    return Answer(relay.state, code, relay.seq, relay.decided_at, relay.head)
