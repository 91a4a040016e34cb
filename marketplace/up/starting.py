"""`liuzhu up`: everything on this machine, kept running until Ctrl-C.

An empty database gets the demo city, unless that is not wanted: seeded and booked while the clock stands on the
evening before, planned at dawn. Then the demo's clock runs from a quarter to seven. A first start that was killed
in between is recognised by its clock, which still stands, and goes on.
"""

import asyncio
import dataclasses
import time
from pathlib import Path

import httpx
from rich.console import Console

from marketplace.base.clock import FileClock
from marketplace.base.database import transaction
from marketplace.base.embedded import EmbeddedError
from marketplace.base.opening import open_platform
from marketplace.base.settings import Settings, SettingsError
from marketplace.demo.callers import Refused
from marketplace.demo.day.planning import NotPlanned
from marketplace.demo.geography import write_map_layers
from marketplace.demo.rest import NoRest
from marketplace.people.regions import all_regions
from marketplace.subscriptions import CONSUMER_NAMES
from marketplace.up.bars import Bars
from marketplace.up.child import ChildFailed
from marketplace.up.first_day import FirstDay, evening_before, open_first_day
from marketplace.up.instance import Instance, instance
from marketplace.up.port import is_taken
from marketplace.up.welcome import print_first_day, print_welcome

CLOCK = "clock"
UNPREPARED = (NoRest, NotPlanned, Refused, TimeoutError, httpx.HTTPError)


def run_up(settings: Settings, *, port: int | None, data: Path | None, demo: bool) -> int:
    """Start, show where everything is, and wait. Exit status: 0 after a clean stop, 1 failed, 2 settings."""
    began = time.monotonic()
    console = Console()
    settings = dataclasses.replace(
        settings, port=settings.port if port is None else port, data=(data or settings.data).resolve()
    )
    if settings.port and is_taken(settings.host, settings.port):
        console.print(
            f"liuzhu: {settings.host}:{settings.port} is taken; choose another with --port",
            highlight=False,
            soft_wrap=True,
        )
        return 2
    try:
        with instance(settings, say=lambda line: console.print(line, highlight=False, soft_wrap=True)) as opened:
            running = _demo_of(opened) if demo else opened
            if running.settings.demo:
                write_map_layers(running.settings.data / "map")
            made = _start(running, console)
            if made is not None:
                print_first_day(console, made)
            print_welcome(console, running, seconds=time.monotonic() - began)
            status = running.supervisor.wait()
            console.print("stopping …", highlight=False)
            return status
    except SettingsError as error:
        console.print(f"liuzhu: {error}", highlight=False, soft_wrap=True)
        return 2
    except (ChildFailed, EmbeddedError) as error:
        console.print(f"liuzhu: {error}", highlight=False, soft_wrap=True)
        return 1
    console.print("stopped", highlight=False, soft_wrap=True)  # a signal ended the block
    return 0


def _demo_of(running: Instance) -> Instance:
    """The instance as a demo: only one that began as such, or an empty one, shows codes and has its own clock."""
    settings = running.settings
    clock_file = settings.clock_file or settings.data / CLOCK
    if not clock_file.exists():
        if not asyncio.run(_is_empty(settings)):
            return running
        FileClock(clock_file).set(evening_before())
    return dataclasses.replace(running, settings=dataclasses.replace(settings, demo=True, clock_file=clock_file))


async def _is_empty(settings: Settings) -> bool:
    async with open_platform(settings, consumers=CONSUMER_NAMES) as platform, transaction(platform.db) as tx:
        return not await all_regions(tx)


def _start(running: Instance, console: Console) -> FirstDay | None:
    """Start the processes and, in a demo that has not had its first day yet, prepare that."""
    clock_file = running.settings.clock_file
    if not (running.settings.demo and clock_file is not None and stands(clock_file)):
        running.start_processes()
        return None
    with Bars(console) as bars:
        try:
            return asyncio.run(open_first_day(running, bars.told))
        except* UNPREPARED as group:
            problem = group.exceptions[0]
            console.print(
                f"the demo's first day is not complete: {type(problem).__name__} {problem}",
                highlight=False,
                soft_wrap=True,
            )
    return None


def stands(clock_file: Path) -> bool:
    """Does the clock stand? It runs once the demo's first day is prepared."""
    return float(clock_file.read_text().split()[2]) == 0
