"""Two cities that trade, each with a database of its own, and verbs to act on either side of their link."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from tests.timebank.town import AUTHORISED, HOUR, NOON
from timebank import LedgerError, Post, Transfer, account_id, apply, balance, open_account, open_book
from timebank.links import (
    Link,
    Relay,
    commit_in,
    end_relay,
    find_relay,
    hear_limit,
    in_flight,
    open_link,
    prepare_in,
    prepare_out,
    resume_link,
    suspend_link,
)
from timebank.links.links import link_of
from timebank.links.mirrors import differences, seen_of, word_of
from timebank.links.moves import answer_for, expire, record
from timebank.links.protocol import REFUSED, UNKNOWN, Answer, Move, Step
from timebank.proof import prove

GRANTED = 600  # minutes of the one who pays, in either city


_ENDS = text("SELECT id, state, reason, seq, head FROM ledger_relay WHERE link = :link")


@dataclass
class Bank:
    """One city's side. `skew` is by how much its clock is wrong; every act is a committed transaction of its own.

    Bai of branch B pays the partner's people, Vera of branch A is paid.
    """

    engine: AsyncEngine
    city: str
    name: str
    partner: str
    id: UUID  # the link's, the same on both sides
    skew: timedelta = timedelta()
    told: list[Move] = field(default_factory=list)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self.engine) as tx, tx.begin():
            yield tx

    def account(self, kind: str, owner: str = "", *, branch: str = "") -> UUID:
        """An account of the city's book, or of a branch's."""
        return account_id(f"{self.city}{branch}", "minute", kind, owner)

    @property
    def payer(self) -> UUID:
        return self.account("member", "bai", branch="B")

    @property
    def payee(self) -> UUID:
        return self.account("member", "vera", branch="A")

    @property
    def pool(self) -> UUID:
        return self.account("pool", branch="A")

    @property
    def mirror_account(self) -> UUID:
        return self.account("link", str(self.id))

    @property
    def unclaimed(self) -> UUID:
        return self.account("unclaimed", str(self.id))

    async def found(self) -> None:
        """Open the books and grant the payer 600 minutes."""
        a, b = f"{self.city}A", f"{self.city}B"
        openings = [
            open_account(self.city, "minute", "issuance", floor=-AUTHORISED),
            open_account(a, "minute", "pool"),
            open_account(a, "minute", "member", owner="vera"),
            open_account(b, "minute", "member", owner="bai"),
        ]
        grant = Transfer(self.account("issuance"), self.payer, GRANTED)
        async with self.begin() as tx:
            for book in (self.city, a, b):
                await open_book(tx, book, city=None if book == self.city else self.city)
            await apply(tx, [*openings, Post(f"grant:{self.city}", (grant,), "grant", "grant", NOON)], now=NOON)

    async def open(self, *, ours: int, theirs: int) -> None:
        """Open the link: `ours` is what the partner may owe, `theirs` what we may."""
        names = {"our_name": self.name, "their_name": self.partner}
        async with self.begin() as tx:
            await open_link(tx, self.id, book=self.city, unit="minute", **names, limit=ours, now=NOON)
        async with self.begin() as tx:
            await hear_limit(tx, self.id, theirs)

    async def start(
        self,
        amount: int,
        *,
        relay: UUID | None = None,
        now: datetime = NOON,
        lives: timedelta = HOUR,
        out_of: str | None = None,
    ) -> Relay:
        """A payer begins to pay the partner's payee, out of a hold if one kept the minutes."""
        relay = relay or uuid4()
        async with self.begin() as tx:
            await prepare_out(
                tx,
                self.id,
                relay,
                account=self.payer,
                amount=amount,
                payer=f"{self.name}/bai",
                payee=f"{self.partner}/vera",
                expires_at=now + self.skew + lives,
                now=now + self.skew,
                out_of=out_of,
            )
        return await self.relay(relay)

    async def begin_relay(self, amount: int, relay: UUID, *, now: datetime, lives: timedelta) -> str | None:
        """The same, or the refusal's name."""
        try:
            await self.start(amount, relay=relay, now=now, lives=lives)
        except LedgerError as error:
            return error.code
        return None

    async def turn(self, state: str) -> None:
        """Suspend or resume."""
        async with self.begin() as tx:
            if state == "open":
                await resume_link(tx, self.id, now=NOON)
            else:
                await suspend_link(tx, self.id, reason="a doubt", now=NOON)

    async def ends(self) -> dict[UUID, tuple[str, str | None, int | None, bytes | None]]:
        """How every relay stands."""
        async with self.begin() as tx:
            rows = await tx.execute(_ENDS, {"link": self.id})
            return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}

    async def mirror(self) -> tuple[int, int, bytes, int, bytes]:
        """Balance, and the chains sent and received."""
        link = await self.link()
        return link.balance, link.sent_height, link.sent_head, link.received_height, link.received_head

    async def relay(self, relay: UUID) -> Relay:
        async with self.begin() as tx:
            found = await find_relay(tx, self.id, relay)
        assert found is not None
        return found

    async def flying(self) -> list[Relay]:
        async with self.begin() as tx:
            return await in_flight(tx, self.id)

    async def receive(self, step: Step, relay: Relay, *, now: datetime) -> Answer:
        """Answer the partner's message about its relay (or, asked, ours); a refusal is an answer too."""
        try:
            async with self.begin() as tx:
                return await self._receive(tx, step, relay, now=now + self.skew)
        except LedgerError as error:
            if error.code == "unknown_relay" and step is Step.ABORT:
                return Answer(UNKNOWN)
            return Answer(REFUSED, error.code)

    async def _receive(self, tx: AsyncSession, step: Step, relay: Relay, *, now: datetime) -> Answer:
        if step is Step.PREPARE:
            terms = {"amount": relay.amount, "payer": relay.payer, "payee": relay.payee}
            given: dict[str, Any] = {
                **terms,
                "expires_at": relay.expires_at,
                "account": self.payee,
                "excess_to": self.pool,
            }
            await prepare_in(tx, self.id, relay.id, unit="minute", **given, now=now)
        elif step is Step.COMMIT:
            assert relay.seq is not None
            assert relay.decided_at is not None
            assert relay.head is not None
            given = {"contents": relay.contents, "decided_at": relay.decided_at, "head": relay.head}
            await commit_in(tx, self.id, relay.id, seq=relay.seq, **given, now=now)
        elif step is Step.ABORT:
            await end_relay(tx, self.id, relay.id, "in", state="aborted", reason="told", now=now)
        return await answer_for(tx, await find_relay(tx, self.id, relay.id), now=now)

    async def record(self, relay: Relay, step: Step, answer: Answer, *, now: datetime) -> Move:
        async with self.begin() as tx:
            move = await record(tx, relay, step, answer, now=now + self.skew)
        self.told.append(move)
        return move

    async def expire(self, relay: Relay, *, now: datetime) -> None:
        async with self.begin() as tx:
            await expire(tx, relay, now=now + self.skew)

    async def link(self) -> Link:
        async with self.begin() as tx:
            return await link_of(tx, self.id)

    async def posted(self, *accounts: UUID) -> list[int]:
        async with self.begin() as tx:
            return [(await balance(tx, account, now=NOON)).posted for account in accounts]

    async def wealth(self) -> int:
        """What everybody but the issuer and the partner's mirror has."""
        query = (
            "SELECT sum(a.posted)::bigint FROM ledger_account a JOIN ledger_book b ON b.id = a.book"
            " WHERE a.kind NOT IN ('issuance', 'link') AND COALESCE(b.city, b.id) = :city"
        )
        async with self.begin() as tx:
            return int(await tx.scalar(text(query), {"city": self.city}) or 0)

    async def faults(self) -> list[str]:
        async with self.begin() as tx:
            return [f"{one.name} {one.subject} {one.detail}" for one in await prove(tx)]


Banks = tuple[Bank, Bank]


async def compare(here: Bank, there: Bank) -> list[str]:
    """What `here` finds to differ when it asks `there`."""
    async with here.begin() as tx:
        seen = await seen_of(tx, here.id)
    async with there.begin() as tx:
        word = await word_of(tx, there.id, received=seen.received)
    async with here.begin() as tx:
        return await differences(tx, here.id, word, seen=seen)


async def carry(here: Bank, there: Bank, relay: Relay, step: Step, *, now: datetime = NOON) -> Move:
    """One message there and its answer back, nothing lost."""
    return await here.record(relay, step, await there.receive(step, relay, now=now), now=now)


async def pay(here: Bank, there: Bank, amount: int, *, now: datetime = NOON) -> Relay:
    """A payment from beginning to end."""
    relay = await here.start(amount, now=now)
    assert await carry(here, there, relay, Step.PREPARE, now=now) is Move.COMMIT
    assert await carry(here, there, await here.relay(relay.id), Step.COMMIT, now=now) is Move.CONFIRM
    return await here.relay(relay.id)
