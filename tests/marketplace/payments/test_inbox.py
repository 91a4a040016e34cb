"""Webhooks over real HTTP: forged, replayed, tampered, doubled, late and disordered ones do no harm."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Text, cast, func, select
from sqlmodel import col

from marketplace.app import create_app
from marketplace.base.database import transaction
from marketplace.base.outbox import Delivery, Message
from marketplace.base.platform import Platform
from marketplace.payments.collecting.beats import advance
from marketplace.payments.collecting.claims import claim
from marketplace.payments.connection import gateway_of
from marketplace.payments.models import InboxEvent
from marketplace.payments.reconciliation import reconcile
from marketplace.payments.simulator.process import SimulatorProcess
from marketplace.payments.simulator.signature import sign
from tests.marketplace.payments.builders import ask, count_sent, held, keep, read
from tests.marketplace.payments.conftest import SECRET
from tests.marketplace.payments.serving import free_port, served

Deliver = Callable[[Platform], Awaitable[int]]


@pytest.fixture
def webhook_url() -> str:
    return f"http://127.0.0.1:{free_port()}/webhooks/stripe"


@pytest.fixture
async def endpoint(paying: Platform, webhook_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The real program behind a real port, on the test's platform, where the simulator sends its events."""
    app = create_app(paying.settings)
    async with served(app, port=httpx.URL(webhook_url).port or 0):
        app.state.platform = paying
        async with httpx.AsyncClient(base_url=webhook_url, trust_env=False) as http:
            yield http


def event(kind: str = "payment_intent.succeeded", *, number: int = 1, object_id: str = "pi_1") -> bytes:
    body = {"id": f"evt_{number}", "object": "event", "type": kind, "created": 1_772_000_000}
    return json.dumps({**body, "data": {"object": {"id": object_id}}}).encode()


async def send(http: httpx.AsyncClient, body: bytes, *, secret: str = SECRET, age_seconds: int = 0) -> httpx.Response:
    signature = sign(body, secret, int(datetime.now(UTC).timestamp()) - age_seconds)
    return await http.post("", content=body, headers={"Stripe-Signature": signature, "Accept-Language": "en"})


async def stored(platform: Platform) -> int:
    async with transaction(platform.db) as tx:
        return await tx.scalar(select(func.count()).select_from(InboxEvent)) or 0


async def until(platform: Platform, condition: Callable[[], Awaitable[bool]], deliver: Deliver) -> None:
    async with asyncio.timeout(15):
        while not await condition():
            await deliver(platform)
            await asyncio.sleep(0.05)


async def test_a_signed_event_is_stored_once_and_answered_however_often_it_comes(
    paying: Platform, endpoint: httpx.AsyncClient
) -> None:
    answers = await asyncio.gather(*(send(endpoint, event()) for _ in range(5)))
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"received": True})] * 5
    assert await stored(paying) == 1
    assert await count_sent(paying, "stripe.received") == 1


async def test_a_forged_event_is_401_and_leaves_nothing(paying: Platform, endpoint: httpx.AsyncClient) -> None:
    answer = await send(endpoint, event(), secret="whsec_guessed")
    assert (answer.status_code, answer.json()["code"]) == (401, "signature_refused")
    assert await stored(paying) == 0


async def test_a_recording_older_than_five_minutes_is_401_and_a_younger_one_is_late_but_good(
    paying: Platform, endpoint: httpx.AsyncClient
) -> None:
    assert (await send(endpoint, event(), age_seconds=302)).status_code == 401
    assert await stored(paying) == 0
    assert (await send(endpoint, event(), age_seconds=290)).status_code == 200
    assert await stored(paying) == 1


async def test_a_tampered_body_is_401(paying: Platform, endpoint: httpx.AsyncClient) -> None:
    body = event()
    signature = sign(body, SECRET, int(datetime.now(UTC).timestamp()))
    tampered = body.replace(b"pi_1", b"pi_2")
    answer = await endpoint.post("", content=tampered, headers={"Stripe-Signature": signature})
    assert answer.status_code == 401
    assert await stored(paying) == 0


async def test_a_missing_signature_is_400(paying: Platform, endpoint: httpx.AsyncClient) -> None:
    answer = await endpoint.post("", content=event())
    assert (answer.status_code, answer.json()["code"]) == (400, "signature_missing")
    assert answer.headers["content-type"] == "application/problem+json"
    assert await stored(paying) == 0


async def test_a_signature_that_is_none_is_401(paying: Platform, endpoint: httpx.AsyncClient) -> None:
    for signature in ("nonsense", "t=,v1=", "t=1", "v1=00", "t=9999999999999999999,v1=00", "é"):
        answer = await endpoint.post("", content=event(), headers={b"Stripe-Signature": signature.encode()})
        assert answer.status_code == 401, signature
    assert await stored(paying) == 0


async def test_a_signed_body_that_is_no_event_is_400(paying: Platform, endpoint: httpx.AsyncClient) -> None:
    for body in (b"", b"{", b"[]", b"null", b'{"object":"event"}', b'{"object":"charge","id":"x"}'):
        answer = await send(endpoint, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "event_unreadable"), body
    assert await stored(paying) == 0


async def test_more_than_256_kib_is_413(paying: Platform, endpoint: httpx.AsyncClient) -> None:
    padded = json.dumps({**json.loads(event()), "padding": "x" * 256 * 1024}).encode()
    assert (await send(endpoint, padded)).status_code == 413
    assert await stored(paying) == 0


async def test_without_a_secret_there_is_no_such_address(platform: Platform, client: httpx.AsyncClient) -> None:
    answer = await client.post("/webhooks/stripe", content=event())
    assert (answer.status_code, answer.json()["code"]) == (404, "no_webhook")
    keyless = replace(platform.settings, stripe_api_key="sk_test_x", stripe_webhook_secret=None)
    object.__setattr__(platform, "settings", keyless)
    answer = await client.post("/webhooks/stripe", content=event(), headers={"Stripe-Signature": "t=1,v1=00"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no_webhook")
    await gateway_of(platform).aclose()  # type: ignore[attr-defined]  # the real gateway can be closed


@pytest.mark.usefixtures("endpoint")
async def test_a_payer_who_confirms_at_the_bank_is_heard_through_the_webhook(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment = await held(paying, method="pm_card_authenticationRequired")
    await simulator.authenticate(payment.intent_id or "")

    async def authorised() -> bool:
        return (await read(paying, payment.id)).state == "authorized"

    await until(paying, authorised, deliver_all)


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize("switches", [{}, {"shuffle": True, "duplicates": 2}], ids=str)
async def test_a_refund_that_fails_later_is_heard_through_the_webhook(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver, switches: dict[str, Any]
) -> None:
    payment = await keep(paying, await held(paying, 5_000), 5_000)
    await simulator.switch(refunds="fail_later", **switches)
    payment = await keep(paying, payment, 4_000)

    async def noticed() -> bool:
        now = await read(paying, payment.id)
        return (now.refunded_fen, now.refund_stopped_fen) == (0, 1_000)

    await until(paying, noticed, deliver_all)


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize(
    "switches",
    [
        {"duplicates": 3},
        {"shuffle": True, "delay_ms": 50},
        {"drop_first_attempts": 2},
        {"shuffle": True, "duplicates": 2},
    ],
    ids=str,
)
async def test_doubled_late_and_disordered_events_end_in_the_same_state(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver, switches: dict[str, Any]
) -> None:
    await simulator.switch(**switches)
    taken = await keep(paying, await held(paying, 5_000), 4_000)
    taken = await keep(paying, taken, 3_000)
    gone = await keep(paying, await held(paying, 2_000), 0)
    before = [(await read(paying, each.id)).model_dump() for each in (taken, gone)]

    async def quiet() -> bool:
        return bool((await simulator.summary())["copies_pending"] == 0)

    await until(paying, quiet, deliver_all)
    await deliver_all(paying)
    assert await stored(paying) == (await simulator.summary())["counts"]["event"]
    assert [(await read(paying, each.id)).model_dump() for each in (taken, gone)] == before
    assert (taken.captured_fen, taken.refunded_fen, gone.state) == (4_000, 1_000, "canceled")
    async with transaction(paying.db) as tx:
        unhandled = select(func.count()).where(col(InboxEvent.handled_at).is_(None))
        assert await tx.scalar(unhandled) == 0


async def test_an_event_that_overtakes_our_own_record_finds_the_payment_by_its_reference(
    paying: Platform, endpoint: httpx.AsyncClient, deliver_all: Deliver
) -> None:
    payment = await ask(paying, 4_000)
    claimed = await claim(paying, payment.id)
    assert claimed is not None
    made = await gateway_of(paying).authorise(
        4_000, payment_method=claimed.method, key=claimed.key, reference=str(payment.id)
    )  # and here the worker dies, before it could record

    async def authorised() -> bool:
        return (await read(paying, payment.id)).state == "authorized"

    await send(endpoint, event("payment_intent.amount_capturable_updated", object_id=made.id))
    await until(paying, authorised, deliver_all)
    await advance(paying, payment.id)
    now = await read(paying, payment.id)
    assert (now.state, now.intent_id) == ("authorized", made.id)


async def test_an_event_about_an_unknown_object_is_tried_again_later(
    paying: Platform, endpoint: httpx.AsyncClient, deliver_all: Deliver
) -> None:
    foreign = await gateway_of(paying).authorise(900, payment_method="pm_card_visa", key="foreign", reference="foreign")
    await send(endpoint, event(object_id=foreign.id, number=7))
    await deliver_all(paying)
    async with transaction(paying.db) as tx:
        waiting = (
            select(col(Delivery.last_error), col(Delivery.state))
            .join(Message, col(Message.id) == col(Delivery.message_id))
            .join(InboxEvent, cast(col(InboxEvent.id), Text) == col(Message.ids)["event_id"].astext)
            .where(col(InboxEvent.external_id) == "evt_7")
        )
        assert (await tx.execute(waiting)).one() == ("UnknownObject: unknown_object", "pending")


async def test_an_event_of_a_type_we_do_not_act_on_is_handled(
    paying: Platform, endpoint: httpx.AsyncClient, deliver_all: Deliver
) -> None:
    await send(endpoint, event("customer.created", object_id="cus_1"))
    await deliver_all(paying)
    async with transaction(paying.db) as tx:
        assert (await tx.scalars(select(InboxEvent))).one().handled_at == paying.now()


async def test_events_that_never_arrived_are_fetched_by_reconciliation_and_applied_once(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    await simulator.switch(paused=True)
    payment = await held(paying, method="pm_card_authenticationRequired")
    await simulator.authenticate(payment.intent_id or "")
    assert await reconcile(paying) > 0
    await deliver_all(paying)
    assert (await read(paying, payment.id)).state == "authorized"
    assert await reconcile(paying) == 0


async def test_a_payment_whose_delivery_died_is_carried_out_by_reconciliation(
    paying: Platform, simulator: SimulatorProcess
) -> None:
    payment = await ask(paying, 4_000)
    assert await claim(paying, payment.id) is not None
    assert await reconcile(paying) == 0  # young: its worker may still be at it
    later = datetime.now(UTC) + timedelta(minutes=11)
    assert await reconcile(paying, wall=later) == 1
    assert (await read(paying, payment.id)).state == "authorized"
    assert (await simulator.summary())["authorised_fen"] == 4_000
