"""A platform that collects and pays through a simulator of its own over real HTTP."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.payments.simulator.app import Simulator
from marketplace.payments.simulator.delivery import Courier
from marketplace.payments.simulator.process import SimulatorProcess
from marketplace.payments.simulator.store import Store, set_setting
from marketplace.payments.stripe_gateway import StripeGateway
from marketplace.providers.models import Provider
from tests.builders import a_town
from tests.marketplace.payments.builders import a_provider
from tests.marketplace.payments.serving import served

SECRET = "whsec_simulator"


@pytest.fixture
async def simulator(tmp_path: Path, webhook_url: str | None) -> AsyncIterator[SimulatorProcess]:
    """A payment provider with an empty balance, in this process because starting one per test takes a second."""
    store = Store(tmp_path / "simulator.db")
    with store.transaction() as db:
        set_setting(db, "seed", 1)
    courier = Courier(store, url=webhook_url, secret=SECRET, wall=time.time, chance=random.Random(1))
    async with served(Simulator(store, courier, wall=time.time)) as url:
        yield SimulatorProcess(cast("asyncio.subprocess.Process", None), url)  # its controls are HTTP alone


@pytest.fixture
def webhook_url() -> str | None:
    """Where the simulator sends its events: nowhere, unless a test says so."""
    return None


@pytest.fixture
async def paying(platform: Platform, simulator: SimulatorProcess) -> AsyncIterator[Platform]:
    """The platform, speaking to the simulator."""
    gateway = StripeGateway(api_key="sk_test_payments", webhook_secret=SECRET, api_base=simulator.url)
    platform.parts["gateway"] = gateway
    yield platform
    await gateway.aclose()


@pytest.fixture
async def provider(paying: Platform) -> Provider:
    """A provider that may be paid."""
    async with transaction(paying.db) as tx:
        return await a_provider(tx, (await a_town(tx)).districts[0])
