"""An hour is earned in one district and redeemed in another, over real HTTP between real processes."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from marketplace.base.actor import Role
from marketplace.base.clock import local_instant
from marketplace.base.database import transaction
from marketplace.demo.callers import Caller, Exchange
from marketplace.up.proving import prove_books
from tests.running import City


async def publish(city: City, asker: Caller, elder_id: str, hour: int, paid_by: str) -> dict[str, Any]:
    """A task of an hour's companionship tomorrow."""
    begins = local_instant(city.today + timedelta(days=1), time(hour))
    asked = {
        "elder_id": elder_id,
        "kind": "companionship",
        "window_start": begins.isoformat(),
        "window_end": (begins + timedelta(minutes=30)).isoformat(),
        "minutes": 60,
        "paid_by": paid_by,
    }
    task: dict[str, Any] = await asker.post("/v1/tasks", asked, key=uuid4().hex)
    return task


async def help_out(city: City, volunteer: Caller, task: dict[str, Any]) -> str:
    """Grab the task and be there for an hour; returns the visit, which waits to be confirmed."""
    grabbed = await volunteer.post(f"/v1/tasks/{task['id']}/grab", key=uuid4().hex)
    route = await volunteer.get("/v1/me/route", day=datetime.fromisoformat(task["window_start"]).date().isoformat())
    stop = next(one for one in route["stops"] if one["assignment_id"] == grabbed["assignment_id"])
    for kind, minutes in (("check-in", 0), ("check-out", 60)):
        city.clock.set(datetime.fromisoformat(task["window_start"]) + timedelta(minutes=minutes))
        report = {
            "event_id": str(uuid4()),
            "device_at": city.clock.now().isoformat(),
            "lon": stop["lon"],
            "lat": stop["lat"],
            "accuracy_metres": 5.0,
        }
        await volunteer.post(f"/v1/assignments/{grabbed['assignment_id']}/{kind}", report, key=uuid4().hex)
    await city.rest()
    return str(grabbed["visit_id"])


async def minutes_of(caller: Caller) -> int:
    return int((await caller.get("/v1/me/hours"))["balance_minutes"])


def child_and_neighbour(line: Exchange) -> tuple[int, int, int]:
    """A volunteer with a mother elsewhere, her number as an elder, and a volunteer of her district."""
    volunteers = line.cast.volunteers
    child = next(number for number, one in enumerate(volunteers) if one.mother is not None)
    mother = volunteers[child].mother
    assert mother is not None
    district = line.cast.elders[mother].district
    neighbour = next(number for number, one in enumerate(volunteers) if one.district == district and one.mother is None)
    assert volunteers[child].district != district
    return child, mother, neighbour


async def test_an_hour_earned_in_one_district_is_redeemed_in_another(city: City) -> None:
    async with city.people() as line:
        child_number, mother_number, neighbour_number = child_and_neighbour(line)
        child = line.caller(line.cast.volunteers[child_number].person.phone)
        neighbour = line.caller(line.cast.volunteers[neighbour_number].person.phone)
        before = await minutes_of(child), await minutes_of(neighbour)
        officer = line.staff(Role.OFFICER, line.cast.volunteers[child_number].district)
        elders = (await officer.get("/v1/elders", limit=200))["elders"]
        key_elder = next(one for one in elders if one["categories"])

        earned = await publish(city, officer, key_elder["id"], 9, "auto")
        visit = await help_out(city, child, earned)
        await officer.post(f"/v1/visits/{visit}/approve", {"reason": "telephoned with her"}, key=uuid4().hex)
        await city.rest()
        assert await minutes_of(child) == before[0] + 60

        mother_name = line.cast.elders[mother_number].person.name.zh
        mother = next(one for one in (await child.get("/v1/elders"))["elders"] if one["name"] == mother_name)
        redeemed = await publish(city, child, mother["id"], 14, "me")
        assert (await child.get("/v1/me/hours"))["held_minutes"] == 60
        visit = await help_out(city, neighbour, redeemed)
        await child.post(f"/v1/visits/{visit}/confirm", key=uuid4().hex)
        await city.rest()
        assert await minutes_of(child) == before[0]
        assert await minutes_of(neighbour) == before[1] + 60

    async with city.platform() as platform, transaction(platform.db) as tx:
        entry = f"task:{redeemed['id']}:credit"
        legs = (
            await tx.execute(
                text(
                    "SELECT p.role, p.book, p.amount FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry"
                    " WHERE e.key = :key ORDER BY p.leg"
                ),
                {"key": entry},
            )
        ).all()
    # the member gives in his book, the clearing leg balances it; the same in hers; the city mirrors both
    assert sorted((role, amount) for role, _book, amount in legs) == [
        ("account", -60),
        ("account", 60),
        ("clearing", -60),
        ("clearing", 60),
        ("position", -60),
        ("position", 60),
    ]
    async with city.platform() as platform:
        assert await prove_books(platform) == []
