"""Relays: the two phases at either side, each one call in a transaction of its own.

A relay is named by its link and the id that the payer's side made; the same id with the same contents is answered again
(False: nothing was done), with others it is a `RelayConflict`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from timebank.calls import call
from timebank.limits import check_amount, check_instant, check_text
from timebank.links.errors import UnknownRelay

Direction = Literal["out", "in"]
State = Literal["prepared", "committed", "aborted", "expired"]


@dataclass(frozen=True, slots=True)
class Relay:
    """A relay as one side has it. `contents`, `seq`, `decided_at` and `head` are the same on both."""

    link: UUID
    id: UUID
    direction: Direction
    account: UUID
    amount: int
    payer: str
    payee: str
    expires_at: datetime
    contents: bytes
    state: State
    reason: str | None
    seq: int | None
    decided_at: datetime | None
    head: bytes | None
    prepared_at: datetime
    ended_at: datetime | None
    confirmed_at: datetime | None


_COLUMNS = (
    "SELECT link, id, direction, account, amount, payer, payee, expires_at, contents, state, reason, seq, decided_at,"
    " head, prepared_at, ended_at, confirmed_at FROM ledger_relay"
)
_RELAY = text(f"{_COLUMNS} WHERE link = :link AND id = :relay")
_IN_FLIGHT = text(f"{_COLUMNS} WHERE link = :link AND confirmed_at IS NULL ORDER BY seq NULLS LAST, prepared_at, id")
_OF_ACCOUNT = text(
    f"{_COLUMNS} WHERE account = :account AND (CAST(:relay AS uuid) IS NULL OR id = :relay)"
    " ORDER BY prepared_at DESC, id LIMIT :limit"
)
_PREPARE_OUT = text("SELECT ledger_prepare_out(:link, :relay, :account, :amount, :payer, :payee, :expires_at, :now)")
_PREPARE_OUT_OF = text(
    "SELECT ledger_prepare_out_of(:hold_key, :link, :relay, :account, :amount, :payer, :payee, :expires_at, :now)"
)
_PREPARE_IN = text(
    "SELECT ledger_prepare_in(:link, :relay, :account, CAST(:excess_to AS uuid), :unit, :amount, :payer, :payee,"
    " :expires_at, :now)"
)
_COMMIT_OUT = text("SELECT ledger_commit_out(:link, :relay, :now)")
_COMMIT_IN = text("SELECT ledger_commit_in(:link, :relay, :contents, :seq, :decided_at, :head, :now)")
_END = text("SELECT ledger_end_relay(:link, :relay, :direction, :state, :reason, :confirmed, :now)")
_CONFIRM = text("SELECT ledger_confirm_relay(:link, :relay, :now)")


async def prepare_out(
    tx: AsyncSession,
    link: UUID,
    relay: UUID,
    *,
    account: UUID,
    amount: int,
    payer: str,
    payee: str,
    expires_at: datetime,
    now: datetime,
    out_of: str | None = None,
) -> bool:
    """Hold the payer's minutes and take room under the partner's limit; from `expires_at` on it cannot be committed.

    `out_of` is the key of a hold of the account's that has kept the minutes for it: it is released in the same call.
    Raises `InsufficientBalance`, `LimitReached` (theirs), `LinkSuspended`, `RelayExpired`, `UnitMismatch`,
    `UnknownAccount`, `BooksNotConnected`, `UnknownLink`; `InvalidCommand` for addresses of other banks.
    """
    _check(amount, payer, payee, expires_at, now)
    given = {"account": account, "amount": amount, "payer": payer, "payee": payee, "expires_at": expires_at}
    if out_of is not None:
        return bool(await call(tx, _PREPARE_OUT_OF, hold_key=out_of, link=link, relay=relay, **given, now=now))
    return bool(await call(tx, _PREPARE_OUT, link=link, relay=relay, **given, now=now))


async def prepare_in(
    tx: AsyncSession,
    link: UUID,
    relay: UUID,
    *,
    account: UUID,
    excess_to: UUID | None,
    unit: str,
    amount: int,
    payer: str,
    payee: str,
    expires_at: datetime,
    now: datetime,
) -> bool:
    """Hold room for a partner's payment to `account`; what its cap refuses will go to `excess_to`.

    It stays held until the payer's side says how it ended: this side never ends a prepared relay by itself.
    Raises as `prepare_out`, `LimitReached` being ours.
    """
    _check(amount, payer, payee, expires_at, now)
    given = {"account": account, "excess_to": excess_to, "unit": unit, "amount": amount, "payer": payer, "payee": payee}
    return bool(await call(tx, _PREPARE_IN, link=link, relay=relay, **given, expires_at=expires_at, now=now))


def _check(amount: int, payer: str, payee: str, expires_at: datetime, now: datetime) -> None:
    check_amount("amount", amount)
    check_text("payer", payer)
    check_text("payee", payee)
    check_instant("expires_at", expires_at)
    check_instant("now", now)


async def commit_out(tx: AsyncSession, link: UUID, relay: UUID, *, now: datetime) -> bool:
    """The decision, once the partner has said that it is prepared: final when this transaction commits.

    Raises `RelayExpired`, `RelayEnded`, `LinkSuspended`, `UnknownRelay`.
    """
    return bool(await call(tx, _COMMIT_OUT, link=link, relay=relay, now=now))


async def commit_in(
    tx: AsyncSession,
    link: UUID,
    relay: UUID,
    *,
    contents: bytes,
    seq: int,
    decided_at: datetime,
    head: bytes,
    now: datetime,
) -> bool:
    """Do what the payer's side decided; however late, and whatever became of the payee.

    Raises `RelayOutOfOrder` (send the earlier ones first), `ChainDiverged`, `RelayConflict`, `RelayEnded`,
    `UnknownRelay`.
    """
    given = {"contents": contents, "seq": seq, "decided_at": decided_at, "head": head}
    return bool(await call(tx, _COMMIT_IN, link=link, relay=relay, **given, now=now))


async def end_relay(
    tx: AsyncSession,
    link: UUID,
    relay: UUID,
    direction: Direction,
    *,
    state: Literal["aborted", "expired"],
    reason: str,
    confirmed: bool = False,
    now: datetime,
) -> bool:
    """End a prepared relay without a payment. On the way in only when the payer's side has said so.

    `confirmed`: the partner is known to hold nothing for it. Raises `RelayEnded` on a committed one, `UnknownRelay`.
    """
    check_text("reason", reason)
    given = {"direction": direction, "state": state, "reason": reason, "confirmed": confirmed}
    return bool(await call(tx, _END, link=link, relay=relay, **given, now=now))


async def confirm_relay(tx: AsyncSession, link: UUID, relay: UUID, *, now: datetime) -> bool:
    """The partner knows how this outgoing relay ended."""
    return bool(await call(tx, _CONFIRM, link=link, relay=relay, now=now))


async def find_relay(tx: AsyncSession, link: UUID, relay: UUID) -> Relay | None:
    """The relay as it stands here, or None."""
    row = (await tx.execute(_RELAY, {"link": link, "relay": relay})).one_or_none()
    return None if row is None else Relay(**row._asdict())


async def relay_of(tx: AsyncSession, link: UUID, relay: UUID) -> Relay:
    """The relay as it stands here. Raises `UnknownRelay`."""
    found = await find_relay(tx, link, relay)
    if found is None:
        raise UnknownRelay({"link": str(link), "relay": str(relay)})
    return found


async def in_flight(tx: AsyncSession, link: UUID) -> list[Relay]:
    """What has no end yet that both sides know: committed ones first, in the order of their chain."""
    return [Relay(**row._asdict()) for row in await tx.execute(_IN_FLIGHT, {"link": link})]


async def relays_of(tx: AsyncSession, account: UUID, *, relay: UUID | None = None, limit: int = 50) -> list[Relay]:
    """The relays that paid or were paid to an account, newest first; only the one asked for, if one is."""
    asked = {"account": account, "relay": relay, "limit": limit}
    return [Relay(**row._asdict()) for row in await tx.execute(_OF_ACCOUNT, asked)]
