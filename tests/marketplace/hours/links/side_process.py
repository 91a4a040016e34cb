"""Processes of banks: each line on standard input is a bank's settings; a child is forked that serves HTTP and works.

The program is loaded once and forked, so that a bank killed with -9 is back in a moment. Prints each child's id.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from uuid import UUID

import uvicorn

from marketplace import worker
from marketplace.app import create_app
from marketplace.base.opening import open_platform
from marketplace.base.platform import Platform
from marketplace.base.settings import Settings
from marketplace.subscriptions import CONSUMER_NAMES

POLL_SECONDS = 0.15  # for timers; messages wake the worker up at once

app = create_app(Settings())


async def work(platform: Platform, wake: asyncio.Event) -> None:
    """The worker's sweep, again and again."""
    while True:
        wake.clear()
        if not await worker.sweep_once(platform):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), POLL_SECONDS)


async def serve(settings: Settings) -> None:
    """The API and a worker, until the process is killed."""
    wake = asyncio.Event()

    async def nudge(_messages: list[UUID]) -> None:
        wake.set()

    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((settings.host, settings.port))
    config = uvicorn.Config(app, access_log=False, log_level="warning", lifespan="off")
    async with open_platform(settings, consumers=CONSUMER_NAMES, nudge=nudge) as platform:
        app.state.platform = platform
        await asyncio.gather(work(platform, wake), uvicorn.Server(config).serve(sockets=[listening]))


def main() -> None:
    """Fork a bank per line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # killed children leave nothing behind
    for line in sys.stdin:
        given = json.loads(line)
        child = os.fork()
        if child == 0:
            log = os.open(given["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            asyncio.run(serve(Settings.read(given["environment"])))
            os._exit(1)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


main()
