"""Webhooks are believed only with a fresh signature over the very bytes that came in."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.payments.gateway import (
    Event,
    EventMalformed,
    SignatureInvalid,
    SignatureMissing,
    Stale,
    WebhookDisabled,
)
from marketplace.payments.simulator.signature import sign
from marketplace.payments.stripe_gateway import StripeGateway

SECRET = "whsec_of_this_test"
NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
BODY = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": 1_772_000_000,
        "data": {"object": {"id": "pi_1", "object": "payment_intent"}},
    },
    indent=2,
).encode()


@pytest.fixture
def gateway() -> StripeGateway:
    return StripeGateway(api_key="sk_test_x", webhook_secret=SECRET, api_base="http://127.0.0.1:9")


def signed(body: bytes, *, secret: str = SECRET, at: datetime = NOW) -> str:
    return sign(body, secret, int(at.timestamp()))


def test_a_signed_event_is_read_as_a_hint_of_what_changed(gateway: StripeGateway) -> None:
    event = gateway.read_event(BODY, signed(BODY), now=NOW)
    created_at = datetime.fromtimestamp(1_772_000_000, UTC)
    assert event == Event("evt_1", "payment_intent.succeeded", "pi_1", created_at)


def test_the_signature_is_the_one_of_the_published_scheme() -> None:
    # made with: printf '12.{}' | openssl dgst -sha256 -hmac whsec_x
    assert sign(b"{}", "whsec_x", 12) == "t=12,v1=a1a23aaa11a5e60d05ced9d65a8cc37815848ba1b24be623e8a0ef3a117faa11"


def test_a_webhook_without_a_signature_is_refused(gateway: StripeGateway) -> None:
    for nothing in (None, ""):
        with pytest.raises(SignatureMissing):
            gateway.read_event(BODY, nothing, now=NOW)


@pytest.mark.parametrize(
    "signature",
    [
        "t=1,v1=00",
        "nonsense",
        "t=,v1=",
        "t=x,v1=00",
        "v1=00",
        "t=1",
        "t=1,v1=é",
        f"t={10**30},v1=00",
        signed(BODY, secret="whsec_of_another"),
        signed(BODY).replace("v1=", "v0="),
        signed(BODY, at=NOW - timedelta(hours=1)).replace(
            f"t={int((NOW - timedelta(hours=1)).timestamp())}", f"t={int(NOW.timestamp())}"
        ),
    ],
)
def test_a_forged_signature_is_refused(gateway: StripeGateway, signature: str) -> None:
    with pytest.raises(SignatureInvalid):
        gateway.read_event(BODY, signature, now=NOW)


@pytest.mark.parametrize(
    "tampered",
    [
        BODY.replace(b"pi_1", b"pi_2"),
        BODY + b" ",
        json.dumps(json.loads(BODY)).encode(),  # the same document, written anew
        b"",
        b"\xff\xfe",
    ],
)
def test_a_body_changed_by_one_byte_is_refused(gateway: StripeGateway, tampered: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        gateway.read_event(tampered, signed(BODY), now=NOW)


def test_a_recording_may_be_replayed_for_300_seconds_and_not_301(gateway: StripeGateway) -> None:
    signature = signed(BODY)
    assert gateway.read_event(BODY, signature, now=NOW + timedelta(seconds=300)).id == "evt_1"
    with pytest.raises(Stale):
        gateway.read_event(BODY, signature, now=NOW + timedelta(seconds=301))


@pytest.mark.parametrize("second", ["v1=00", "v0=ab"])
def test_a_rolled_secret_signs_twice_and_one_match_is_enough(gateway: StripeGateway, second: str) -> None:
    assert gateway.read_event(BODY, f"{signed(BODY)},{second}", now=NOW).id == "evt_1"


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"not json",
        b'{"object": "v2.core.event"}',
        b'{"object": "event", "id": "evt_1", "type": "x", "created": 1, "data": {"object": {}}}',
        b'{"object": "event", "id": 7, "type": "x", "created": 1, "data": {"object": {"id": "pi_1"}}}',
        b'{"object": "event", "id": "e", "type": "x", "created": "1", "data": {"object": {"id": "p"}}}',
        b'{"object": "event", "id": "e", "type": "x", "created": 1e30, "data": {"object": {"id": "p"}}}',
    ],
)
def test_a_signed_body_that_is_no_event_is_named_malformed(gateway: StripeGateway, body: bytes) -> None:
    with pytest.raises(EventMalformed):
        gateway.read_event(body, signed(body), now=NOW)


def test_without_a_secret_no_webhook_is_read() -> None:
    for secret in ("", "  "):
        off = StripeGateway(api_key="sk_test_x", webhook_secret=secret, api_base="http://127.0.0.1:9")
        with pytest.raises(WebhookDisabled):
            off.read_event(BODY, signed(BODY, secret=secret), now=NOW)
