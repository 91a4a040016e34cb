"""A Chromium of this machine, and the real program served over real HTTP. Without a browser these tests are skipped."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from marketplace.app import create_app
from marketplace.base.platform import Platform
from marketplace.console.files import LEAFLET
from tests.marketplace.payments.serving import served

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """The machine's own Chromium; nothing is downloaded."""
    found = next(filter(None, (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    if not (LEAFLET / "leaflet.js").is_file():
        pytest.skip("the map library is not installed: ./run sets it up")
    async with async_playwright() as driver:
        running = await driver.chromium.launch(executable_path=found, args=QUIET)
        yield running
        await running.close()


@pytest.fixture
async def address(platform: Platform) -> AsyncIterator[str]:
    """The program on the test's platform, on a loopback port."""
    app = create_app(platform.settings)
    async with served(app) as base:
        app.state.platform = platform
        yield base
