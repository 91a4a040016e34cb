from itertools import product

import httpx
from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from tests.marketplace.hours.asking import AVAILABILITY, Asking
from tests.marketplace.hours.calling import Headers


async def test_a_statement_of_days_at_the_calendars_ends_is_refused_in_every_form(
    client: httpx.AsyncClient, as_: Headers, asking: Asking
) -> None:
    headers = as_(asking.volunteer)
    me = (await client.get("/v1/me/hours", headers=headers)).json()["member_id"]
    for form, (since, until, field) in product(
        ("json", "csv", "xlsx", "pdf", "proof"),
        (
            ("0001-01-01", "0001-01-02", "/to"),
            ("9999-12-31", "9999-12-31", "/to"),
            ("1899-12-31", "1900-01-01", "/from"),
            ("2999-12-31", "3000-01-01", "/to"),
        ),
    ):
        period = {"from": since, "to": until, "format": form}
        answer = await client.get(f"/v1/members/{me}/statement", params=period, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "day_out_of_range"), (period, answer.text)
        assert answer.json()["errors"][0]["pointer"] == field
        assert (answer.json()["earliest"], answer.json()["latest"]) == ("1900-01-01", "2999-12-31")


async def test_nobody_asks_for_a_day_or_offers_an_instant_at_the_calendars_ends(
    client: httpx.AsyncClient, as_: Headers, asking: Asking
) -> None:
    for (who, address), day in product(
        ((asking.volunteer, "/v1/me/route"), (asking.officer, "/v1/visits")), ("0001-01-01", "9999-12-31")
    ):
        answer = await client.get(address, params={"day": day}, headers=as_(who))
        assert (answer.status_code, answer.json()["code"]) == (400, "day_out_of_range"), (address, answer.text)
    for changed in (
        {"ends_at": "9999-12-31T23:59:59-12:00"},  # no instant in UTC
        {"ends_at": "9999-12-31T16:00:00Z"},  # nor on the city's clock
        {"starts_at": "0001-01-01T00:00:00+14:00"},
    ):
        body = AVAILABILITY | changed
        answer = await client.post("/v1/me/availability", json=body, headers=as_(asking.volunteer))
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), (changed, answer.text)


async def test_a_suspension_beyond_the_calendar_is_refused_and_nothing_changes(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, asking: Asking
) -> None:
    async with transaction(platform.db) as tx:
        member = await tx.scalar(text("SELECT id FROM member WHERE performer_id IS NOT NULL"))
    for until in ("9999-12-31T23:59:59-12:00", "9999-12-31T16:00:00Z", "0001-01-01T00:00:00+12:00"):
        body = {"reason": "bad", "until": until}
        answer = await client.post(f"/v1/members/{member}/suspensions", json=body, headers=as_(asking.officer))
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), answer.text
        assert answer.json()["errors"][0]["pointer"] == "/until"
    async with transaction(platform.db) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM incident")) == 0
