"""Console tests begin at six, before anybody's shift, and solve in half a second: their problems are small."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from marketplace.base.platform import Platform
from marketplace.base.settings import Settings
from tests.conftest import MovableClock
from tests.marketplace.console.pages import NOON, Page
from tests.marketplace.visits.builders import at


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The test's settings with little time for the engine."""
    return replace(settings, solve_seconds=0.5)


@pytest.fixture(autouse=True)
def early_morning(clock: MovableClock) -> None:
    """Six o'clock on Monday."""
    clock.set(at(6))


@pytest.fixture
def page(platform: Platform, client: httpx.AsyncClient, clock: MovableClock, program: Any) -> Page:
    """The time bank's pages at noon, under Pidu's rules."""
    clock.set(NOON)
    found = Page(platform, client)
    program.state.platform = found.platform
    return found
