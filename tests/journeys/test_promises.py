"""A provider is suspended between the promise and the day: told, decided by a person, and given back."""

from uuid import uuid4

from marketplace.base.actor import Role
from tests.journeys.test_money import book_meal, family_of, state_of
from tests.running import City


async def test_a_suspended_providers_booking_is_decided_by_a_person_and_given_back(city: City) -> None:
    async with city.people() as line:
        family, operator = family_of(line, 4), line.staff(Role.OPERATOR)
        booking = await book_meal(city, family, day=3)
        await city.rest()
        assert await state_of(family, booking) == "confirmed"
        standing = f"/v1/providers/{booking['provider_id']}"
        await operator.post(f"{standing}/suspend", {"reason": "complaint upheld"}, key=uuid4().hex)
        try:
            await city.rest()
            waiting = (await operator.get("/v1/matters", kind="provider_gone", limit="200"))["matters"]
            (matter,) = [one for one in waiting if one["booking_id"] == booking["id"]]
            body = {"note": "the family was called"}
            decided = await operator.post(f"/v1/matters/{matter['id']}/cancel", body, key=uuid4().hex)
            assert decided["outcome"] == "cancelled"
            await city.rest()
            payment = await family.get(f"/v1/bookings/{booking['id']}/payment")
            assert payment["captured_fen"] - payment["refunded_fen"] == 0
            assert (await family.get(f"/v1/bookings/{booking['id']}"))["fee_fen"] == 0
        finally:  # the city is shared: the others' bookings are not to be endangered
            await operator.post(f"{standing}/resume", {"reason": "cleared"}, key=uuid4().hex)
            await city.rest()
        assert (await operator.get("/v1/matters", kind="provider_gone"))["matters"] == []
