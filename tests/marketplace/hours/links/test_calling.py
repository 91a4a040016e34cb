"""How a partner is called and believed: where requests may go, what answers count, what a signature covers."""

import asyncio
import base64
import hashlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from marketplace.base.clock import wall_now
from marketplace.base.platform import Platform
from marketplace.hours.links import client
from marketplace.hours.links.client import Partner, PartnerUnavailable
from marketplace.hours.links.errors import PartnerAddressRefused
from marketplace.hours.links.places import Forbidden, check_address, networks_of, resolved
from marketplace.hours.links.signing import Answered, Asked, NotBelieved, NotOfNow, believe, sign
from tests.marketplace.hours.builders import Bank

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
LINK = UUID("0198c0de-0000-7000-8000-000000000001")
NONCE = "0123456789abcdef"
AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
ASKED = Asked("POST", "/v1/links/x/relays/y/commit", "a=1", b'{"seq": 1}')


def test_a_request_is_signed_as_rfc_9421_writes_it() -> None:
    headers = sign(ASKED, KEY, link=str(LINK), nonce=NONCE, at=AT)
    digest = base64.b64encode(hashlib.sha256(b'{"seq": 1}').digest()).decode()
    parameters = (
        f'("@method" "@path" "@query" "content-digest");created=1772413200;keyid="{LINK}";nonce="{NONCE}";alg="ed25519"'
    )
    base = (
        '"@method": POST\n"@path": /v1/links/x/relays/y/commit\n"@query": ?a=1\n'
        f'"content-digest": sha-256=:{digest}:\n"@signature-params": {parameters}'
    )
    assert headers == {
        "Content-Digest": f"sha-256=:{digest}:",
        "Signature-Input": f"bank={parameters}",
        "Signature": f"bank=:{base64.b64encode(KEY.sign(base.encode())).decode()}:",
    }


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.mark.parametrize("change", [{"method": "PUT"}, {"path": "/v1/links/x"}, {"query": ""}, {"body": b'{"seq": 2}'}])
def test_whatever_of_a_request_is_changed_is_not_believed(change: dict[str, object]) -> None:
    headers = lower(sign(ASKED, KEY, link=str(LINK), nonce=NONCE, at=AT))
    assert believe(ASKED, headers, PUBLIC, link=str(LINK), now=AT) == NONCE
    with pytest.raises(NotBelieved):
        believe(replace(ASKED, **change), headers, PUBLIC, link=str(LINK), now=AT)  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_moment_more_than_five_minutes_off_is_not_of_now(seconds: int) -> None:
    headers = lower(sign(ASKED, KEY, link=str(LINK), nonce=NONCE, at=AT))
    believe(ASKED, headers, PUBLIC, link=str(LINK), now=AT + timedelta(seconds=seconds - seconds // 301))
    with pytest.raises(NotOfNow):
        believe(ASKED, headers, PUBLIC, link=str(LINK), now=AT + timedelta(seconds=seconds))


def test_an_answer_to_another_question_and_a_request_as_an_answer_are_not_believed() -> None:
    answered = Answered(200, b'{"state": "prepared"}')
    headers = lower(sign(answered, KEY, link=str(LINK), nonce=NONCE, at=AT))
    with pytest.raises(NotBelieved):
        believe(answered, headers, PUBLIC, link=str(LINK), now=AT, nonce="fedcba9876543210")
    with pytest.raises(NotBelieved):
        believe(replace(answered, status=409), headers, PUBLIC, link=str(LINK), now=AT, nonce=NONCE)
    asked = lower(sign(ASKED, KEY, link=str(LINK), nonce=NONCE, at=AT))
    with pytest.raises(NotBelieved):
        believe(Answered(200, ASKED.body), asked, PUBLIC, link=str(LINK), now=AT, nonce=NONCE)


LOCAL = networks_of("127.0.0.0/8")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "::1", "fd00::1"]
)
async def test_no_request_goes_into_our_own_network(host: str) -> None:
    with pytest.raises(Forbidden):
        await resolved(host, 443, ())


async def test_a_network_that_the_settings_name_is_called_and_no_other() -> None:
    assert await resolved("10.1.2.3", 443, networks_of("10.1.0.0/16, 127.0.0.0/8")) == "10.1.2.3"
    with pytest.raises(Forbidden):
        await resolved("10.2.2.3", 443, networks_of("10.1.0.0/16"))
    assert await resolved("93.184.215.14", 443, ()) == "93.184.215.14"


async def test_a_name_that_leads_to_ourselves_is_not_called() -> None:
    with pytest.raises(Forbidden):
        await resolved("localhost", 443, networks_of("10.0.0.0/8"))


def test_plain_http_is_for_an_allowed_loopback_address_only() -> None:
    assert check_address("http://127.0.0.1:8000/", LOCAL) == "http://127.0.0.1:8000"
    assert check_address("https://bank.example:8443", ()) == "https://bank.example:8443"
    for address, networks in (("http://127.0.0.1:8000", ()), ("http://localhost:8000", LOCAL)):
        with pytest.raises(PartnerAddressRefused):
            check_address(address, networks)


Answer = Callable[[bytes], bytes]


@asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[str]:
    """Something at a partner's address that answers every request with these bytes."""

    taken: list[asyncio.StreamReader] = []  # nothing else keeps a waiting one alive

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(reader)
        writer.write(answer(await reader.readuntil(b"\r\n\r\n")))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def http(status: str, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def signed(status: int, body: bytes, request: bytes) -> bytes:
    """As the partner itself would answer."""
    nonce = request.split(b'nonce="')[1].split(b'"')[0].decode()
    return http(f"{status} X", body, sign(Answered(status, body), KEY, link=str(LINK), nonce=nonce, at=wall_now()))


async def asked(city: tuple[Platform, Bank], answer: Answer) -> client.Reply:
    async with listening(answer) as address:
        return await client.ask(city[0], Partner(LINK, address, (PUBLIC,), KEY), "GET", "/head")


async def test_a_signed_answer_and_a_signed_refusal_count(city: tuple[Platform, Bank]) -> None:
    reply = await asked(city, lambda request: signed(200, b'{"state": "unknown"}', request))
    assert (reply.status, reply.document, reply.code) == (200, {"state": "unknown"}, None)
    refused = await asked(city, lambda request: signed(409, b'{"code": "link_suspended"}', request))
    assert refused.code == "link_suspended"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda _: http("200 OK", b'{"state": "committed"}'), "not_believed_200"),
        (lambda _: http("404 Not Found", b"{}"), "not_believed_404"),
        (lambda _: http("302 Found", b"", {"Location": "http://127.0.0.1:1/"}), "not_believed_302"),
        (lambda request: signed(500, b"{}", request), "status_500"),
        (lambda request: signed(200, b"[]", request), "status_200"),
        (lambda request: signed(200, b"no json", request), "not_believed_200"),
        (lambda request: signed(200, b"{}", request.replace(b'nonce="', b'nonce="0')), "not_believed_200"),
        (lambda _: http("200 OK", b"x" * (256 * 1024 + 1)), "answer_too_large"),
        (lambda _: b"", "RemoteProtocolError"),
    ],
)
async def test_what_is_not_the_partners_signed_word_is_no_answer(
    city: tuple[Platform, Bank], answer: Answer, reason: str
) -> None:
    with pytest.raises(PartnerUnavailable) as silence:
        await asked(city, answer)
    assert silence.value.code == reason


async def test_a_partner_who_keeps_us_waiting_is_given_up(city: tuple[Platform, Bank]) -> None:
    platform = replace(city[0], settings=replace(city[0].settings, link_seconds=0.1), parts={})

    with socket.create_server(("127.0.0.1", 0)) as silent:  # which never takes the connection up
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(PartnerUnavailable, match=r"ReadTimeout|TimeoutError"):
            await client.ask(platform, Partner(LINK, address, (PUBLIC,), KEY), "GET", "/head")
    await platform.parts["link_client"].aclose()


async def test_an_address_that_is_not_allowed_is_not_called(city: tuple[Platform, Bank]) -> None:
    partner = Partner(LINK, "https://169.254.169.254", (PUBLIC,), KEY)
    with pytest.raises(PartnerUnavailable, match="address_not_allowed"):
        await client.ask(city[0], partner, "GET", "/head")
