"""The provider's manners over raw HTTP: forms, errors, pages, expansion, headers, switches."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from marketplace.payments.simulator.process import SimulatorFailed, SimulatorProcess

INTENT = {"amount": "500", "currency": "cny"}


@pytest.fixture(scope="module")
async def simulator(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SimulatorProcess]:
    process = await SimulatorProcess.start(tmp_path_factory.mktemp("payments") / "simulator.db", seed=5)
    yield process
    await process.stop()


@pytest.fixture
async def http(simulator: SimulatorProcess) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": "Bearer sk_test_manners"}
    async with httpx.AsyncClient(base_url=simulator.url, headers=headers, trust_env=False) as client:
        yield client


async def post(http: httpx.AsyncClient, path: str, **form: Any) -> httpx.Response:
    return await http.post(f"/v1/{path}", data=form)


async def test_every_answer_names_its_request(http: httpx.AsyncClient) -> None:
    for path in ("/v1/balance", "/v1/nothing", "/v1/charges/ch_none"):
        assert (await http.get(path)).headers["request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("form", "param", "code"),
    [
        ({"currency": "cny"}, "amount", "parameter_missing"),
        ({**INTENT, "amount": "5.5"}, "amount", "parameter_invalid_integer"),
        ({**INTENT, "amount": "٥"}, "amount", "parameter_invalid_integer"),
        ({**INTENT, "currency": "usd"}, "currency", None),
        ({**INTENT, "colour": "red"}, "colour", "parameter_unknown"),
        ({**INTENT, "confirm": "maybe"}, "confirm", None),
        ({**INTENT, "metadata": "flat"}, "metadata", None),
        ({**INTENT, "amount[x]": "1"}, None, None),
        ({**INTENT, "metadata[a": "1"}, None, None),
        ({**INTENT, "payment_method": "pm_none"}, "payment_method", "resource_missing"),
        ({**INTENT, "customer": "cus_none"}, "customer", "resource_missing"),
        ({**INTENT, "payment_method_types[]": "gold"}, "payment_method_types", None),
        ({**INTENT, "expand[]": "colour"}, "expand", None),
    ],
)
async def test_a_bad_parameter_is_named_and_nothing_is_made(
    simulator: SimulatorProcess, http: httpx.AsyncClient, form: dict[str, str], param: str | None, code: str | None
) -> None:
    before = await simulator.summary()
    answer = await post(http, "payment_intents", **form)
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert (error["type"], error.get("param"), error.get("code")) == ("invalid_request_error", param, code)
    assert await simulator.summary() == before


async def test_a_key_of_a_bad_parameter_stays_free_for_the_right_request(http: httpx.AsyncClient) -> None:
    http.headers["Idempotency-Key"] = "mended"
    assert (await post(http, "payment_intents", amount="x", currency="cny")).status_code == 400
    made = await post(http, "payment_intents", **INTENT)
    again = await post(http, "payment_intents", **INTENT)
    assert again.content == made.content
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == made.headers["request-id"]
    http.headers["Idempotency-Key"] = "k" * 256
    assert (await post(http, "payment_intents", **INTENT)).status_code == 400


async def test_a_declined_intent_can_be_confirmed_with_another_card(http: httpx.AsyncClient) -> None:
    declined = await post(http, "payment_intents", **INTENT, confirm="true", payment_method="pm_card_chargeDeclined")
    error = declined.json()["error"]
    assert (declined.status_code, error["type"], error["code"]) == (402, "card_error", "card_declined")
    intent_id = error["payment_intent"]["id"]
    assert error["payment_intent"]["status"] == "requires_payment_method"
    paid = await post(
        http,
        f"payment_intents/{intent_id}/confirm",
        payment_method="pm_card_visa",
        **{"expand[0]": "latest_charge"},
    )
    assert (paid.json()["status"], paid.json()["latest_charge"]["amount_captured"]) == ("succeeded", 500)
    charges = (await http.get("/v1/charges", params={"payment_intent": intent_id})).json()["data"]
    assert [charge["status"] for charge in charges] == ["succeeded", "failed"]


async def test_pages_meet_without_gap_or_overlap_in_both_directions(http: httpx.AsyncClient) -> None:
    made = [(await post(http, "customers")).json()["id"] for _ in range(2)]
    for number in range(7):
        await post(http, "payment_intents", amount=str(100 + number), currency="cny")
    everything = (await http.get("/v1/payment_intents?limit=100")).json()["data"]
    ids = [each["id"] for each in everything]
    walked: list[str] = []
    more, query = True, ""
    while more:
        page = (await http.get(f"/v1/payment_intents?limit=3{query}")).json()
        walked += [each["id"] for each in page["data"]]
        more, query = page["has_more"], f"&starting_after={walked[-1]}"
    assert walked == ids
    back = (await http.get(f"/v1/payment_intents?limit=2&ending_before={ids[3]}")).json()
    assert [each["id"] for each in back["data"]] == ids[1:3]
    assert (await http.get(f"/v1/payment_intents?starting_after={made[0]}x")).status_code == 400


async def test_events_can_be_chosen_by_kind(http: httpx.AsyncClient) -> None:
    await post(http, "accounts", type="express", country="HK")
    found = (await http.get("/v1/events?types[]=account.updated&delivery_success=false")).json()["data"]
    assert {event["type"] for event in found} == {"account.updated"}
    assert (await http.get(f"/v1/events/{found[0]['id']}")).json()["data"]["object"]["object"] == "account"


async def test_the_balance_is_the_sum_of_its_history(simulator: SimulatorProcess, http: httpx.AsyncClient) -> None:
    await post(http, "payment_intents", **INTENT, confirm="true", payment_method="pm_card_visa")
    history = (await http.get("/v1/balance_transactions?limit=100")).json()["data"]
    balance = (await http.get("/v1/balance")).json()["available"][0]["amount"]
    assert sum(each["net"] for each in history) == balance == (await simulator.summary())["balance_fen"]


async def test_a_caller_without_a_key_is_turned_away(simulator: SimulatorProcess) -> None:
    async with httpx.AsyncClient(base_url=simulator.url, trust_env=False) as stranger:
        for headers in ({}, {"Authorization": "Bearer sk_live_real"}, {"Authorization": "Basic eA=="}):
            assert (await stranger.get("/v1/balance", headers=headers)).status_code == 401


@pytest.mark.parametrize(
    "switches",
    [
        {"colour": 1},
        {"duplicates": 0},
        {"delay_ms": -1},
        {"delay_ms": 1.5},
        {"shuffle": "yes"},
        {"fail": {"mode": "explode", "count": 1}},
        {"fail": {"mode": "error_500", "count": 0}},
        {"fail": {"mode": "error_500", "count": 1, "method": "PUT"}},
        {"fail": 3},
    ],
)
async def test_an_unknown_switch_is_refused_and_nothing_is_switched(
    simulator: SimulatorProcess, http: httpx.AsyncClient, switches: dict[str, Any]
) -> None:
    before = (await http.get("/_simulator/switches")).json()
    with pytest.raises(SimulatorFailed):
        await simulator.switch(**switches)
    assert (await http.get("/_simulator/switches")).json() == before


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"advance_seconds": -1}', b'{"advance_seconds": true}'])
async def test_the_clock_only_goes_forward(http: httpx.AsyncClient, body: bytes) -> None:
    before = (await http.get("/_simulator/clock")).json()["offset_seconds"]
    assert (await http.post("/_simulator/clock", content=body)).status_code == 400
    assert (await http.get("/_simulator/clock")).json()["offset_seconds"] == before


async def test_a_body_that_is_too_large_or_no_text_is_refused(http: httpx.AsyncClient) -> None:
    assert (await http.post("/v1/refunds", content=b"a" * 300_000)).status_code == 413
    assert (await http.post("/v1/refunds", content=b"a=%ff")).status_code == 400
    assert (await http.post("/v1/refunds", content=b"\xff=1")).status_code == 400


async def test_failures_hit_only_the_requests_they_name(simulator: SimulatorProcess, http: httpx.AsyncClient) -> None:
    await simulator.switch(fail={"mode": "unavailable_503", "count": 1, "path": "/v1/refunds", "method": "POST"})
    assert (await http.get("/v1/refunds")).status_code == 200
    assert (await http.get("/v1/balance")).status_code == 200
    assert (await post(http, "refunds")).status_code == 503
    assert (await post(http, "refunds")).status_code == 400
