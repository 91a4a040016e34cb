"""Random histories against a plain-Python oracle: after every commit all balances agree and invariant 12 holds."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from marketplace.base.embedded.postgres import Postgres
from tests.timebank.oracle import Oracle
from tests.timebank.town import NOON
from timebank import (
    Capture,
    Command,
    Hold,
    LedgerError,
    Post,
    Release,
    Reverse,
    Transfer,
    account_id,
    apply,
    balance,
    net_positions,
    open_account,
    open_book,
)
from timebank.proof import prove

AUTHORISED = 500
CAP = 120
T = TypeVar("T")
_cities = count()


class History(RuleBasedStateMachine):
    """One random history in a city of its own; every act is one committed transaction."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.engine = create_async_engine(self.url, pool_size=1)
        self.city = f"city{next(_cities)}"
        a, b = f"{self.city}:a", f"{self.city}:b"
        openings = [
            open_account(self.city, "minute", "issuance", floor=-AUTHORISED),
            open_account(a, "minute", "pool"),
            open_account(a, "minute", "member", owner="capped", cap=CAP),
            open_account(b, "minute", "member", owner="indebted", floor=-40),
            open_account(b, "minute", "member", owner="plain"),
        ]
        self.accounts = [one.account for one in openings]
        self.pool = account_id(a, "minute", "pool")
        self.oracle = Oracle({one.account: (one.floor or 0, one.cap) for one in openings})
        self.now = NOON
        self.names = count()
        self.run(self.found([self.city, a, b], list(openings)))
        for account in self.accounts[1:]:  # with empty purses most acts would only be refused
            self.both(Post(self.name("grant"), (Transfer(self.accounts[0], account, 60),), "grant", "g", self.now))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def found(self, books: list[str], openings: list[Command]) -> None:
        async with AsyncSession(self.engine) as tx, tx.begin():
            for book in books:
                await open_book(tx, book, city=None if book == self.city else self.city)
            await apply(tx, openings, now=self.now)

    async def commit(self, command: Command) -> str | None:
        try:
            async with AsyncSession(self.engine) as tx, tx.begin():
                await apply(tx, [command], now=self.now)
        except LedgerError as error:
            return error.code
        return None

    def both(self, command: Command) -> None:
        assert self.run(self.commit(command)) == self.oracle.act(command, self.now)

    def name(self, what: str) -> str:
        return f"{self.city}:{what}{next(self.names)}"

    @rule(source=st.integers(0, 4), step=st.integers(1, 4), minutes=st.integers(1, 90), pooled=st.booleans())
    def move(self, source: int, step: int, minutes: int, pooled: bool) -> None:
        transfer = Transfer(self.accounts[source], self.accounts[(source + step) % 5], minutes)
        excess_to = self.pool if pooled else None
        self.both(Post(self.name("post"), (transfer,), "service", "visit", self.now, excess_to))

    @rule(account=st.integers(1, 4), minutes=st.integers(1, 60), hours=st.integers(1, 3))
    def hold(self, account: int, minutes: int, hours: int) -> None:
        expires_at = self.now + timedelta(hours=hours)
        self.both(Hold(self.name("hold"), self.accounts[account], minutes, expires_at, "task"))

    @precondition(lambda self: self.oracle.holds)
    @rule(data=st.data(), destination=st.integers(1, 4), part=st.none() | st.integers(1, 60))
    def capture(self, data: st.DataObject, destination: int, part: int | None) -> None:
        hold_key = data.draw(st.sampled_from(sorted(self.oracle.holds)))
        target: UUID = self.accounts[destination]
        self.both(Capture(self.name("capture"), hold_key, target, self.now, "visit", part, self.pool))

    @precondition(lambda self: self.oracle.holds)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        self.both(Release(self.name("release"), data.draw(st.sampled_from(sorted(self.oracle.holds)))))

    @precondition(lambda self: self.oracle.entries)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        entry_key = data.draw(st.sampled_from(sorted(self.oracle.entries)))
        self.both(Reverse(self.name("reverse"), entry_key, self.now, "mistake"))

    @rule(hours=st.integers(1, 4))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def balances_agree_and_supply_equals_issuance(self) -> None:
        self.run(self.compare(self.now))

    async def compare(self, now: datetime) -> None:
        async with AsyncSession(self.engine) as tx:
            found = [await balance(tx, account, now=now) for account in self.accounts]
            mirrored = [position.mirrored for position in await net_positions(tx, self.city)]
        for one in found:
            assert (one.posted, one.held, one.owed) == self.oracle.balance(one.account, now)
        issued = -found[0].posted
        assert sum(one.posted for one in found[1:]) == issued <= AUTHORISED + found[0].owed
        assert all(mirrored)

    def teardown(self) -> None:
        async def last() -> None:
            async with AsyncSession(self.engine) as tx:
                assert await prove(tx) == []
            await self.engine.dispose()

        try:
            self.run(last())
        finally:
            self.loop.close()


def run_histories(postgres: Postgres, template: str, *, examples: int, steps: int) -> None:
    name = f"histories_{uuid4().hex}"

    async def execute(statement: str) -> None:
        connection = await asyncpg.connect(postgres.url)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(execute(f"CREATE DATABASE {name} TEMPLATE {template}"))
    address = postgres.url.replace("postgresql://", "postgresql+asyncpg://", 1).rsplit("/", 1)[0]
    History.url = f"{address}/{name}"
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=checks,
            print_blob=True,
            database=None,
        ),
    )
    asyncio.run(execute(f"DROP DATABASE {name} WITH (FORCE)"))


def test_invariant_12_random_histories_agree_with_the_oracle_after_every_commit(
    postgres: Postgres, ledger_template: str
) -> None:
    run_histories(postgres, ledger_template, examples=20, steps=40)


@pytest.mark.slow
def test_invariant_12_long_random_histories_agree_with_the_oracle(
    postgres: Postgres, ledger_template: str, request: pytest.FixtureRequest
) -> None:
    if "slow" not in str(request.config.getoption("-m")):
        pytest.skip("8,000 steps: ask for it with -m slow")
    run_histories(postgres, ledger_template, examples=100, steps=80)
