"""`liuzhu day`: an instance of its own, a city, a day from booking to payout, and the proof. It ends by itself.

Exit status 0 when everything holds, 1 when an invariant is broken or the day could not be played, 2 for settings that
do not allow it. The domain's clock is a file; tokens, webhooks' tolerance and the queue keep wall time.
"""

import asyncio
import dataclasses
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from marketplace.base.clock import FileClock, local_day
from marketplace.base.database import transaction
from marketplace.base.embedded import EmbeddedError
from marketplace.base.settings import Settings, SettingsError
from marketplace.demo.callers import Refused
from marketplace.demo.callers.exchange import exchange
from marketplace.demo.city import seed_city
from marketplace.demo.day import Stage, play_day
from marketplace.demo.day.figures import figures
from marketplace.demo.day.paying import NotConfirmed
from marketplace.demo.day.planning import NotPlanned
from marketplace.demo.day.stage import EVENING
from marketplace.demo.population import FULL, Scale, cast_of
from marketplace.demo.rest import NoRest
from marketplace.up.bars import Bars
from marketplace.up.child import ChildFailed
from marketplace.up.instance import Instance, instance
from marketplace.up.nudging import opened
from marketplace.up.proving import prove_books, prove_gateway, prove_rest
from marketplace.up.summary import print_summary

SOLVE_SECONDS = 4.0  # per district, unless the settings allow less
MONDAY = 0
UNPLAYABLE = (NoRest, NotPlanned, NotConfirmed, Refused, ChildFailed, TimeoutError, httpx.HTTPError)


class NotEmpty(Exception):
    """The database holds a city already: a day is played in an empty one."""


def run_day(
    settings: Settings, *, seed: int, visits: int, as_json: bool, data: Path | None, scale: Scale = FULL
) -> int:
    """Play a day in a throw-away folder, or in `data` to keep it; print the summary, return the exit status."""
    console = Console(stderr=True, soft_wrap=True)
    if settings.stripe_api_key is not None:
        console.print("liuzhu: a day is paid through the simulator; unset STRIPE_API_KEY", highlight=False)
        return 2
    folder = data or Path(tempfile.mkdtemp(prefix="liuzhu-day-"))
    folder.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {}
    try:
        with instance(_settings(settings, folder), say=lambda line: console.print(line, highlight=False)) as running:
            document = _played(running, console, seed=seed, visits=visits, scale=scale)
    except (NotEmpty, SettingsError, EmbeddedError) as error:
        console.print(f"liuzhu: {error}", highlight=False)
        return 2
    if not document:
        console.print("interrupted", highlight=False)
    elif as_json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    else:
        print_summary(Console(), document)
    if document.get("broken"):
        console.print(f"the day's data and logs are kept in {folder}", highlight=False)
    elif data is None:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if document and not document["broken"] else 1


def _settings(settings: Settings, folder: Path) -> Settings:
    return dataclasses.replace(
        settings,
        data=folder,
        port=0,
        demo=True,
        clock_file=folder.resolve() / "clock",
        solve_seconds=min(settings.solve_seconds, SOLVE_SECONDS),
    )


def _played(running: Instance, console: Console, *, seed: int, visits: int, scale: Scale) -> dict[str, Any]:
    """The day's document; what made it impossible to play on is named among what is broken."""
    day = next_monday(local_day(datetime.now(UTC)))
    seconds: dict[str, float] = {}
    try:
        with Bars(console) as bars:
            return asyncio.run(_play(running, bars, day, seconds, seed=seed, visits=visits, scale=scale))
    except BaseExceptionGroup as group:
        causes = _leaves(group)
        for one in causes:
            if not isinstance(one, UNPLAYABLE):
                raise one from group
    broken = [f"the day could not be played: {type(one).__name__} {one}" for one in causes]
    return {"seed": seed, "day": day.isoformat(), "broken": broken, "seconds": seconds}


def _leaves(group: BaseExceptionGroup[Any]) -> list[BaseException]:
    found: list[BaseException] = []
    for one in group.exceptions:
        found += _leaves(one) if isinstance(one, BaseExceptionGroup) else [one]
    return found


def next_monday(today: date) -> date:
    """The first Monday after a day."""
    return today + timedelta(days=(MONDAY - today.weekday() - 1) % 7 + 1)


async def _play(
    running: Instance, bars: Bars, day: date, seconds: dict[str, float], *, seed: int, visits: int, scale: Scale
) -> dict[str, Any]:
    async with _watched(running), _stage(running, bars, day, seconds, seed=seed, scale=scale) as stage:
        with stage.phase("start"):
            await asyncio.to_thread(running.start_processes)
        with stage.phase("seed"):
            if await seed_city(stage.platform, seed=seed, scale=scale, progress=bars.told) is None:
                raise NotEmpty("this database holds a city already; a day is played in an empty one")
        told = await play_day(stage, visits=visits)
        with stage.phase("prove"):
            broken = [*await prove_rest(stage.platform), *await prove_books(stage.platform)]
            if running.simulator:
                broken += await prove_gateway(stage.platform, await _summary(running.simulator))
        async with transaction(stage.platform.db) as tx:
            found = await figures(tx, told, day)
    seconds["total"] = round(sum(seconds.values()), 1)
    proof = {"ledger_proof": "broken" if broken else "holds", "broken": broken}
    return {"seed": seed, "day": day.isoformat(), **found.document(), **proof, "seconds": seconds}


@asynccontextmanager
async def _stage(
    running: Instance, bars: Bars, day: date, seconds: dict[str, float], *, seed: int, scale: Scale
) -> AsyncIterator[Stage]:
    settings = running.settings
    if settings.clock_file is None:
        raise SettingsError("a day needs a clock of its own")
    clock = FileClock(settings.clock_file)

    async def on_the_way() -> int:
        return int((await _summary(running.simulator))["events_pending"]) if running.simulator else 0

    async with exchange(running.address, cast_of(seed, scale)) as line, opened(settings) as platform:
        stage = Stage(platform, line, clock, day, seed, on_the_way, bars.told, seconds)
        clock.set(stage.instant(EVENING, days=-1))
        yield stage


@asynccontextmanager
async def _watched(running: Instance) -> AsyncIterator[None]:
    """Keep the processes alive as `up` does; one that cannot be kept ends the day."""

    async def watch() -> None:
        while True:
            running.supervisor.look()
            await asyncio.sleep(0.5)

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        yield
        watching.cancel()


async def _summary(simulator: str) -> dict[str, Any]:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        answer = await http.get(f"{simulator}/_simulator/summary")
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found
