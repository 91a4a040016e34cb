"""A running city for tests: real PostgreSQL and Valkey, simulator, worker and API as processes.

A small demo city is seeded through the services; the domain's clock stands in a file that journeys move forward.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import httpx

from marketplace.base.clock import FileClock, local_day, local_instant
from marketplace.base.opening import open_platform
from marketplace.base.platform import Platform
from marketplace.base.settings import Settings
from marketplace.demo.callers import Exchange
from marketplace.demo.callers.exchange import exchange
from marketplace.demo.city import seed_city
from marketplace.demo.population import Scale, cast_of
from marketplace.demo.rest import rest
from marketplace.subscriptions import CONSUMER_NAMES
from marketplace.up.instance import Instance, instance

SMALL = Scale(elders=48, families=36, caregivers=36, volunteers=12)
SEED = 7
MORNING = time(6, 30)


@dataclass(frozen=True, slots=True)
class City:
    """A running instance with its clock."""

    running: Instance
    clock: FileClock

    @property
    def today(self) -> date:
        return local_day(self.clock.now())

    def at(self, hour: int, minute: int = 0, *, day: int = 0) -> datetime:
        """An instant of the city's today, or of so many days later."""
        return local_instant(self.today + timedelta(days=day), time(hour, minute))

    @asynccontextmanager
    async def people(self) -> AsyncIterator[Exchange]:
        """Everybody's telephone."""
        async with exchange(self.running.address, cast_of(SEED, SMALL)) as line:
            yield line

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[Platform]:
        """A platform beside the running processes, to look into the database."""
        async with open_platform(self.running.settings, consumers=CONSUMER_NAMES) as platform:
            yield platform

    async def on_the_way(self) -> int:
        """Webhooks that the simulator has still to deliver."""
        async with httpx.AsyncClient(trust_env=False) as http:
            summary = (await http.get(f"{self.running.simulator}/_simulator/summary")).json()
        return int(summary["events_pending"])

    async def rest(self) -> None:
        """Until nothing is due any more."""
        async with self.platform() as platform:
            await rest(platform, seconds=90, on_the_way=self.on_the_way)

    async def switch(self, **switches: object) -> None:
        """Turn the simulator's switches."""
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(f"{self.running.simulator}/_simulator/switches", json=switches)
            assert answer.is_success, answer.text


@contextmanager
def running_city(data: Path, *, durable: bool) -> Iterator[City]:
    """Start a city on next Monday morning at half past six; it ends with the block."""
    settings = Settings(data=data, port=0, demo=True, clock_file=data / "clock", solve_seconds=2.0, lease_seconds=15.0)
    clock = FileClock(data / "clock")
    today = local_day(datetime.now(UTC))
    clock.set(local_instant(today + timedelta(days=7 - today.weekday()), MORNING))
    with instance(settings, say=lambda _line: None, durable=durable) as running:
        asyncio.run(_seed(running.settings))
        running.start_processes()
        yield City(running, clock)


async def _seed(settings: Settings) -> None:
    async with open_platform(settings, consumers=CONSUMER_NAMES) as platform:
        assert await seed_city(platform, seed=SEED, scale=SMALL) is not None
