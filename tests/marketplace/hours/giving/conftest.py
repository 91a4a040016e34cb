from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from marketplace.base.platform import Platform
from tests.marketplace.hours.giving.desk import Desk, Headers


@pytest.fixture
def desk(
    platform: Platform,
    client: httpx.AsyncClient,
    as_: Headers,
    deliver_all: Callable[[Platform], Awaitable[int]],
    program: Any,
) -> Desk:
    found = Desk(platform, client, as_, deliver_all)
    program.state.platform = found.platform
    return found
