"""Whole banks: a database, a served API and a worker each, in processes of their own, and people in them."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

import timebank
from marketplace.base import tokens
from marketplace.base.actor import Actor, Role
from marketplace.base.clock import FileClock
from marketplace.base.database import transaction
from marketplace.base.opening import open_platform
from marketplace.base.platform import Platform
from marketplace.base.settings import Settings
from marketplace.hours.audit import prove
from marketplace.subscriptions import CONSUMER_NAMES
from tests.conftest import MONDAY_NINE
from tests.marketplace.hours.builders import a_bank, a_person, give
from timebank import links
from timebank.links import Link, Relay

ROOT = Path(__file__).parents[4]
PATIENCE_SECONDS = 20
LONG = timedelta(minutes=20)  # longer than a payment waits
LIMITS = {"east": 3_000, "west": 2_000, "south": 1_000}  # what each lets the other owe
SAVED = 50_000  # minutes of the one who pays, in either city


class Nursery:
    """The process that forks banks."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def start(self, settings: Settings) -> int:
        """A bank's process, by its id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        given = {"environment": settings.environment(), "log": str(settings.data / "bank.log")}
        self._process.stdin.write(json.dumps(given).encode() + b"\n")
        return int(await self._process.stdout.readline())


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    """Loaded once; ends with the block."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).parent / "side_process.py"),
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Nursery(process)
    finally:
        process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined] # else its pipes outlive the loop


@dataclass
class Side:
    """A bank as its test sees it: its process, its database, its operator, one who pays and one who is paid."""

    name: str
    nursery: Nursery
    settings: Settings
    platform: Platform
    http: httpx.AsyncClient
    clock: FileClock
    pid: int = 0
    link_id: UUID = field(default_factory=uuid4)
    operator: Actor = field(default_factory=Actor.system)
    payer: Actor = field(default_factory=Actor.system)
    payer_id: UUID = field(default_factory=uuid4)
    payee_id: UUID = field(default_factory=uuid4)
    accounts: tuple[UUID, UUID] = field(default_factory=lambda: (uuid4(), uuid4()))

    async def start(self) -> None:
        self.pid = await self.nursery.start(self.settings)
        await until(self._is_up)

    async def _is_up(self) -> bool:
        try:
            return (await self.http.get("/ready")).status_code == 200
        except httpx.HTTPError:
            return False

    async def kill(self) -> None:
        """As if the machine lost its power; returns when the process is gone and its port is free."""
        os.kill(self.pid, signal.SIGKILL)

        async def is_gone() -> bool:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                return True
            return False

        await until(is_gone)

    def headers(self, actor: Actor) -> dict[str, str]:
        assert self.settings.secret is not None
        token = tokens.issue(actor, self.settings.secret)
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex, "Accept-Language": "en"}

    async def post(self, path: str, actor: Actor, body: object = None) -> dict[str, Any]:
        answer = await self.http.post(path, json=body, headers=self.headers(actor))
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def settle_people(self) -> None:
        """A city with a programme, an operator, and two members, one of whom has saved a lot."""
        async with transaction(self.platform.db) as tx:
            bank = await a_bank(self.platform, tx)
            self.operator = Actor(uuid4(), frozenset({Role.OPERATOR}))
            payer = await a_person(self.platform, tx, bank)
            payee = await a_person(self.platform, tx, bank, district=1)
        self.payer, self.payer_id, self.payee_id = payer.actor, payer.member.id, payee.member.id
        self.accounts = payer.member.ledger_account, payee.member.ledger_account
        async with transaction(self.platform.db) as tx:
            await give(self.platform, tx, bank, self.accounts[0], SAVED)

    async def pay(self, partner: "Side", minutes: int) -> UUID:
        """The payer asks to pay the partner's payee."""
        body = {"payee": f"{partner.name}/{partner.payee_id}", "minutes": minutes}
        return UUID((await self.post(f"/v1/members/{self.payer_id}/relays", self.payer, body))["id"])

    async def relay(self, relay_id: UUID) -> Relay | None:
        async with transaction(self.platform.db) as tx:
            return await links.find_relay(tx, self.link_id, relay_id)

    async def flying(self) -> list[Relay]:
        async with transaction(self.platform.db) as tx:
            return await links.in_flight(tx, self.link_id)

    async def link(self) -> Link:
        async with transaction(self.platform.db) as tx:
            found = await links.find_link(tx, self.link_id)
        assert found is not None
        return found

    async def minutes(self) -> tuple[int, int]:
        """What payer and payee have."""
        now = self.platform.now()
        async with transaction(self.platform.db) as tx:
            payer, payee = [await timebank.balance(tx, account, now=now) for account in self.accounts]
        return payer.posted - payer.held, payee.posted

    async def faults(self) -> list[str]:
        async with transaction(self.platform.db) as tx:
            return await prove(tx)

    def pass_time(self, time: timedelta) -> None:
        self.clock.set(self.clock.now() + time, rate=1)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what another process does."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - another process changes what is looked at
            await asyncio.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def a_side(name: str, nursery: Nursery, database_url: str, data: Path, port: int) -> AsyncIterator[Side]:
    """A bank, running."""
    clock = FileClock(data / "clock")
    clock.set(MONDAY_NINE, rate=1)
    settings = Settings(
        database_url=database_url,
        data=data,
        port=port,
        secret=b"s" * 32,
        master_key=name.encode().ljust(32, b"m"),
        clock_file=data / "clock",
        link_networks="127.0.0.0/8",
        link_seconds=1.0,
        lease_seconds=3.0,  # what a killed bank was at is taken up again so much later
    )
    async with (
        open_platform(settings, consumers=CONSUMER_NAMES) as platform,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as http,
    ):
        side = Side(name, nursery, settings, platform, http, clock)
        await side.settle_people()
        try:
            await side.start()
            yield side
        finally:
            await side.kill()


async def agree(east: Side, west: Side, urls: dict[str, str]) -> None:
    """Both operators open the link, as the documentation tells them to, and hear each other's limit."""
    ours = {"our_name": east.name, "partner": west.name, "limit_minutes": LIMITS[east.name]}
    first = await east.post("/v1/links", east.operator, ours)
    theirs = {
        "link_id": first["id"],
        "our_name": west.name,
        "partner": east.name,
        "limit_minutes": LIMITS[west.name],
        "address": urls[east.name],
        "public_key": first["own_public_key"],
    }
    second = await west.post("/v1/links", west.operator, theirs)
    told = {"address": urls[west.name], "public_key": second["own_public_key"]}
    await east.post(f"/v1/links/{first['id']}/partner", east.operator, told)
    east.link_id = west.link_id = UUID(first["id"])
    for side in (west, east):
        await side.post(f"/v1/links/{first['id']}/compare", side.operator)
