"""After everything the journeys did, no telephone or identity number stands in clear anywhere."""

from pathlib import Path

from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.demo.names import Person
from tests.journeys.test_money import book_meal, family_of
from tests.running import City


async def test_no_number_of_a_person_stands_in_the_database_or_in_a_log_in_clear(city: City) -> None:
    async with city.people() as line:
        family = family_of(line, 6)
        await book_meal(city, family, day=3)  # at least one whole booking lies behind the scan
        await city.rest()
        numbers = secrets_of([one.person for one in line.cast.elders] + [one.person for one in line.cast.families])
    assert len(numbers) == 2 * (48 + 36)
    async with city.platform() as platform, transaction(platform.db) as tx:
        tables = (await tx.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))).all()
        assert "elder" in tables
        for table in tables:
            rows = (await tx.scalars(text(f'SELECT to_jsonb(t)::text FROM "{table}" t'))).all()
            assert found_in("\n".join(rows), numbers) == [], table
    logs = logs_of(city.running.settings.data)
    assert {"api.log", "worker.log"} <= logs.keys()
    for name, log in logs.items():
        assert found_in(log, numbers) == [], name


def logs_of(data: Path) -> dict[str, str]:
    """Every log of an instance, by its file's name."""
    return {path.name: path.read_text("utf-8", errors="replace") for path in data.rglob("*.log") if path.is_file()}


def secrets_of(people: list[Person]) -> set[str]:
    """Telephone numbers, without the country's prefix, and identity numbers."""
    phones = {person.phone.removeprefix("+86") for person in people}
    return phones | {person.identity_number for person in people}


def found_in(haystack: str, numbers: set[str]) -> list[str]:
    return [number for number in numbers if number in haystack]


def test_the_scan_finds_what_is_there() -> None:
    assert found_in("call 19900001234 now", {"19900001234", "19900004321"}) == ["19900001234"]
