"""The booking desk of checkout's tests, with a dispatcher of its district."""

import pytest

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from tests.builders import an_actor
from tests.marketplace.checkout.conftest import Desk, desk, market  # noqa: F401 - fixtures
from tests.marketplace.payments.conftest import paying, simulator, webhook_url  # noqa: F401 - fixtures


@pytest.fixture
async def dispatcher(desk: Desk) -> Actor:  # noqa: F811 - the fixture
    """Of the market's district."""
    async with transaction(desk.platform.db) as tx:
        return await an_actor(desk.platform, tx, Role.DISPATCHER, region=desk.market.town.districts[0])
