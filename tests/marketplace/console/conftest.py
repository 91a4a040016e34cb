"""Console tests begin at six, before anybody's shift, and solve in half a second: their problems are small."""

from dataclasses import replace

import pytest

from marketplace.base.settings import Settings
from tests.conftest import MovableClock
from tests.marketplace.visits.builders import at


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The test's settings with little time for the engine."""
    return replace(settings, solve_seconds=0.5)


@pytest.fixture(autouse=True)
def early_morning(clock: MovableClock) -> None:
    """Six o'clock on Monday."""
    clock.set(at(6))
