"""Bad input is answered with its problem document, and nothing has changed. One desk serves a family's cases."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from marketplace.base.database import transaction
from tests.marketplace.checkout.builders import MONDAY, TUESDAY, at
from tests.marketplace.checkout.conftest import VISA, Desk

TABLES = ("quote", "booking", "tender", "capacity_hold", "payment", "meal_capacity", "refund", "visit")
TEN = at(10).isoformat()
Case = tuple[dict[str, Any], int, str]


async def rows(desk: Desk) -> dict[str, int]:
    async with transaction(desk.platform.db) as tx:
        return {table: await tx.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in TABLES}


def window(start: str, end: str) -> dict[str, str]:
    return {"window_start": start, "window_end": end}


VISITS: list[Case] = [
    (window(TEN, at(9).isoformat()), 400, "window_backwards"),
    (window(at(8, day=MONDAY).isoformat(), at(8, 30, day=MONDAY).isoformat()), 400, "in_the_past"),
    (window(at(5).isoformat(), at(5, 30).isoformat()), 400, "outside_opening_hours"),
    (window(at(19).isoformat(), at(19, 30).isoformat()), 400, "outside_opening_hours"),
    (window(TEN, at(16).isoformat()), 400, "window_too_long"),
    (window("2026-06-01T10:00:00+08:00", "2026-06-01T10:30:00+08:00"), 400, "beyond_horizon"),
    (window("9999-12-31T12:00:00+00:00", "9999-12-31T12:00:00+00:00"), 400, "beyond_horizon"),
    (window("0001-01-02T00:00:00+14:00", "0001-01-02T00:00:00+14:00"), 400, "in_the_past"),
    (window("2026-03-03T10:00:00", "2026-03-03T10:30:00"), 400, "malformed"),  # no zone
    (window("next Tuesday", "soon"), 400, "malformed"),
    ({"window_end": None}, 400, "window_or_sitting"),
    ({"sitting": "lunch", "day": TUESDAY.isoformat()}, 400, "window_or_sitting"),
    ({"boxes": 2}, 400, "window_or_sitting"),
    ({"boxes": 0}, 400, "malformed"),
    ({"boxes": 10**18}, 400, "malformed"),
    ({"unit": "yuan"}, 400, "malformed"),
    ({"amount": 1}, 400, "malformed"),  # an unknown field: prices are not for the customer to name
    ({"offer_id": "1"}, 400, "malformed"),
    ({"offer_id": str(uuid4())}, 404, "unknown"),
    ({"elder_id": str(uuid4())}, 404, "unknown"),
    ({"elder_id": None}, 400, "malformed"),
]
MEALS: list[Case] = [
    ({"window_start": TEN}, 400, "window_or_sitting"),
    ({"day": None}, 400, "window_or_sitting"),
    ({"sitting": "breakfast"}, 400, "malformed"),
    ({"day": "2026-02-30"}, 400, "malformed"),
    ({"day": "2026-03-01"}, 400, "in_the_past"),
    ({"day": "9999-12-31"}, 400, "beyond_horizon"),
    ({"boxes": -1}, 400, "malformed"),
]
BOOKINGS: list[Case] = [
    ({"quote_id": str(uuid4())}, 404, "unknown"),
    ({"quote_id": "x"}, 400, "malformed"),
    ({"payment_method": None}, 400, "payment_method_missing"),
    ({"payment_method": ""}, 400, "malformed"),
    ({"payment_method": "x" * 201}, 400, "malformed"),
    ({"payment_method": "pm\u0000"}, 400, "malformed"),
    ({"payer_id": str(uuid4())}, 403, "payer_not_allowed"),
    ({"channel": "fax"}, 400, "malformed"),
    ({"amount": 1}, 400, "malformed"),
    ({"state": "confirmed"}, 400, "malformed"),
]
CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("cancel", {}),
    ("cancel", {"reason": "because"}),
    ("cancel", {"reason": "illness", "fee_fen": 0}),
    ("cancel", {"reason": "other", "note": "x" * 501}),
    ("refunds", {"amount_fen": 0, "reason": "why"}),
    ("refunds", {"amount_fen": -5, "reason": "why"}),
    ("refunds", {"amount_fen": 10**18, "reason": "why"}),
    ("refunds", {"amount_fen": 1.5, "reason": "why"}),
    ("refunds", {"amount_fen": 100, "reason": ""}),
    ("refunds", {"amount_fen": 100}),
]
SLOTS: list[Case] = [
    ({"day": "2026-03-01"}, 400, "in_the_past"),
    ({"day": "2026-12-01"}, 400, "beyond_horizon"),
    ({"day": "9999-12-31"}, 400, "beyond_horizon"),
    ({"day": "x"}, 400, "malformed"),
    ({"offer_id": str(uuid4())}, 404, "unknown"),
    ({"elder_id": str(uuid4())}, 404, "unknown"),
    ({"unit": "yuan"}, 400, "malformed"),
]


async def test_a_quote_for_nonsense_is_refused_by_name(desk: Desk, subtests: pytest.Subtests) -> None:
    asked = [("cleaning", *case) for case in VISITS] + [("meal", *case) for case in MEALS]
    for service, changed, status, code in asked:
        with subtests.test(service, changed=changed):
            answer = await desk.post("/v1/quotes", desk.market.asks(service, **changed), expect=status)
            assert answer["code"] == code
    assert (await rows(desk))["quote"] == 0


async def test_a_booking_for_nonsense_is_refused_by_name_and_holds_nothing(
    desk: Desk, subtests: pytest.Subtests
) -> None:
    quote = await desk.quote()
    before = await rows(desk)
    for changed, status, code in BOOKINGS:
        with subtests.test(changed=changed):
            body = {"quote_id": quote["id"], "payment_method": VISA, **changed}
            answer = await desk.post("/v1/bookings", body, expect=status)
            assert answer["code"] == code
    assert await rows(desk) == before
    assert await desk.seconds_used() == 0


async def test_cancelling_and_refunding_nonsense_is_malformed(desk: Desk, subtests: pytest.Subtests) -> None:
    booking = await desk.book()
    for path, body in CHANGES:
        with subtests.test(path, body=body):
            full = f"/v1/bookings/{booking['id']}/{path}"
            answer = await desk.post(full, body, actor=desk.market.officer, expect=400)
            assert answer["code"] == "malformed"
    assert (await desk.show(booking))["state"] == "awaiting_payment"
    for path in ("", "/cancellation"):
        await desk.get(f"/v1/bookings/{uuid4()}{path}", expect=404)
        await desk.get(f"/v1/bookings/1{path}", expect=404)


async def test_what_is_looked_for_by_nonsense_is_refused_by_name(desk: Desk, subtests: pytest.Subtests) -> None:
    lists: list[dict[str, Any]] = [
        {"state": "paid"},
        {"day": "tomorrow"},
        {"before": "1"},
        {"limit": "0"},
        {"limit": "201"},
        {"elder_id": "x"},
    ]
    for query in lists:
        with subtests.test("bookings", query=query):
            assert (await desk.get("/v1/bookings", expect=400, **query))["code"] == "malformed"
    usual = {
        "offer_id": str(desk.market.offers["cleaning"]),
        "elder_id": str(desk.market.elder.id),
        "day": TUESDAY.isoformat(),
    }
    for changed, status, code in SLOTS:
        with subtests.test("slots", changed=changed):
            assert (await desk.get("/v1/slots", expect=status, **{**usual, **changed}))["code"] == code


async def test_days_opened_by_nonsense_are_malformed(desk: Desk, subtests: pytest.Subtests) -> None:
    path = f"/v1/providers/{desk.market.provider_id}/days"
    for body in ({"first_day": "2026-03-02", "days": 36}, {"first_day": "x"}, {"days": 1}):
        with subtests.test(body=body):
            answer = await desk.post(path, body, actor=desk.market.admin, expect=400)
            assert answer["code"] == "malformed"


async def test_nothing_is_shown_or_booked_without_signing_in_or_a_key(desk: Desk) -> None:
    quote = await desk.quote()
    body = {"quote_id": quote["id"], "payment_method": VISA}
    assert (await desk.client.post("/v1/bookings", json=body)).status_code == 401
    assert (await desk.client.get("/v1/bookings")).status_code == 401
    headers = desk._as(desk.market.family)
    del headers["Idempotency-Key"]
    answer = await desk.client.post("/v1/bookings", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    broken = await desk.client.post("/v1/bookings", content=b"{", headers=desk._as(desk.market.family))
    assert broken.status_code == 400
