"""Serve the simulator alone: `python -m marketplace.payments.simulator --data FILE [...]`.

Prints `simulator ready http://HOST:PORT` when it answers; SIGTERM and SIGINT end it cleanly with status 0.
"""

import argparse
import asyncio
import random
import secrets
import signal
import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from marketplace.payments.simulator.app import Simulator
from marketplace.payments.simulator.delivery import Courier
from marketplace.payments.simulator.store import Store, StoreUnusable, set_setting, setting


def main() -> int:
    """Run until told to stop. Exit status 2 for a file or port that cannot be used."""
    options = _options()
    try:
        store = Store(options.data)
        listening = _listen(options.host, options.port)
    except (StoreUnusable, OSError, OverflowError) as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 2
    seed = options.seed if options.seed is not None else secrets.randbits(63)
    with store.transaction() as db:
        seed = setting(db, "seed", seed)  # the file's own seed stays: ids must never repeat
        set_setting(db, "seed", seed)
    asyncio.run(_serve(store, listening, options, seed))
    return 0


def _listen(host: str, port: int) -> socket.socket:
    # With the protocol named, asyncio sets TCP_NODELAY on what is accepted; without it every answer waits 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise argparse.ArgumentTypeError(f"not a web address: {text!r}")
    return text


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m marketplace.payments.simulator")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--webhook-url", type=_web_address, help="where events go; without it they stay undelivered")
    parser.add_argument("--webhook-secret", default="whsec_simulator")
    parser.add_argument("--data", type=Path, required=True, help="the state, one SQLite file")
    parser.add_argument("--seed", type=int, help="makes ids and shuffling repeatable; a new file keeps it")
    return parser.parse_args()


class _Announcing(uvicorn.Server):
    """Says where it listens, once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = (sockets or [])[0].getsockname()[:2]
        sys.stdout.write(f"simulator ready http://{host}:{port}\n")
        sys.stdout.flush()


async def _serve(store: Store, listening: socket.socket, options: argparse.Namespace, seed: int) -> None:
    courier = Courier(
        store,
        url=options.webhook_url,
        secret=options.webhook_secret,
        wall=time.time,
        chance=random.Random(seed),  # noqa: S311 - the order of webhooks is no secret
    )
    config = uvicorn.Config(
        Simulator(store, courier, wall=time.time),
        log_level="critical",  # a connection cut on purpose is no error; real ones are logged by the application
        timeout_graceful_shutdown=3,
        lifespan="on",
    )
    # uvicorn hands the signal on after its own shutdown; an ordered end is not a death by signal
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    await _Announcing(config).serve(sockets=[listening])


if __name__ == "__main__":
    sys.exit(main())
