"""One running city for all journeys of a test process."""

from collections.abc import Iterator

import pytest

from tests.running import City, running_city


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A small city with every process running; journeys share it and move its clock forward."""
    with running_city(tmp_path_factory.mktemp("city"), durable=False) as running:
        yield running
