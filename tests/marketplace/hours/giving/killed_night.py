"""A worker that is killed in the night when a branch's issues are in and its pool has not granted: `URL INSTANT`."""

import asyncio
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from marketplace.base import outbox
from marketplace.base.channels import NoChannel
from marketplace.base.crypto import Vault
from marketplace.base.database import Database, open_engine
from marketplace.base.platform import Platform
from marketplace.base.policy import load_policy
from marketplace.base.settings import Settings
from marketplace.hours.giving import jobs
from marketplace.subscriptions import CONSUMER_NAMES, SUBSCRIPTIONS
from tests.conftest import MovableClock
from tests.marketplace.hours.giving.scene import under


async def killed(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, instant: str) -> None:
    clock = MovableClock()
    clock.set(datetime.fromisoformat(instant))
    platform = Platform(
        settings=Settings(database_url=url, data=Path(), secret=b"s" * 32, master_key=b"m" * 32, demo=True),
        db=Database(open_engine(url), consumers=CONSUMER_NAMES),
        clock=clock,
        vault=Vault(b"m" * 32),
        policy=load_policy("taiyuan"),
        channel=NoChannel(),
    )
    setattr(jobs, "allocate", killed)  # noqa: B010 - mypy knows it as another's name
    await outbox.deliver_due(under(platform, "nanjing"), SUBSCRIPTIONS)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
