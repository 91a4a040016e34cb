"""Calling a partner bank: one signed request, one signed answer, within a time and a size. Never inside a transaction.

Redirects are not followed and no proxy of the environment is asked: an answer comes from the resolved address or not at
all.
"""

import asyncio
import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from marketplace.base.clock import wall_now
from marketplace.base.platform import Platform
from marketplace.base.settings import Settings
from marketplace.hours.links.places import Forbidden, networks_of, resolved
from marketplace.hours.links.signing import Answered, Asked, NotBelieved, believe_any, sign

LARGEST_ANSWER = 256 * 1024


class PartnerUnavailable(Exception):
    """No answer that can be believed; what was asked may or may not have been done. Ask again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.code = reason


@dataclass(frozen=True, slots=True)
class Partner:
    """How to speak with one link's partner: its address and keys, and our key."""

    link_id: UUID
    address: str
    public_keys: tuple[bytes, ...]
    key: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Reply:
    """A believed answer: 200 and its document, or a problem document with its code."""

    status: int
    document: dict[str, Any]

    @property
    def code(self) -> str | None:
        """Why it was refused; None if it was not."""
        return None if self.status == 200 else str(self.document.get("code", self.status))


def _make_client(settings: Settings) -> httpx.AsyncClient:
    # no connection is kept: two partners may live behind one address, each with a certificate of its own
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=settings.link_seconds, limits=limits)


async def ask(
    platform: Platform, partner: Partner, method: str, path: str, *, query: str = "", document: object = None
) -> Reply:
    """Send one request about the link and return the partner's signed answer. `PartnerUnavailable`."""
    body = b"" if document is None else json.dumps(document).encode()
    asked = Asked(method, f"/v1/links/{partner.link_id}{path}", query, body)
    nonce = secrets.token_urlsafe(24)
    headers = sign(asked, partner.key, link=str(partner.link_id), nonce=nonce, at=wall_now())
    try:
        async with asyncio.timeout(platform.settings.link_seconds):
            answered, got = await _send(platform, partner, asked, headers)
    except (httpx.HTTPError, OSError, TimeoutError) as error:
        raise PartnerUnavailable(type(error).__name__) from error
    except Forbidden as error:
        raise PartnerUnavailable("address_not_allowed") from error
    try:
        believe_any(answered, got, partner.public_keys, link=str(partner.link_id), now=wall_now(), nonce=nonce)
        found = json.loads(answered.body)
    except (NotBelieved, ValueError) as error:
        raise PartnerUnavailable(f"not_believed_{answered.status}") from error
    if answered.status >= 500 or not isinstance(found, dict):
        raise PartnerUnavailable(f"status_{answered.status}")
    return Reply(answered.status, found)


async def _send(
    platform: Platform, partner: Partner, asked: Asked, headers: dict[str, str]
) -> tuple[Answered, httpx.Headers]:
    parts = urlsplit(partner.address)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    place = await resolved(host, port, networks_of(platform.settings.link_networks))
    url = httpx.URL(scheme=parts.scheme, host=place, port=port, path=asked.path, query=asked.query.encode() or None)
    client = platform.part("link_client", _make_client)
    # the certificate is checked for the partner's name, though its resolved address is called
    sent = {**headers, "Host": parts.netloc, "Content-Type": "application/json", "Accept-Encoding": "identity"}
    extensions = {"sni_hostname": host}
    async with client.stream(asked.method, url, content=asked.body, headers=sent, extensions=extensions) as answer:
        chunks = bytearray()
        async for chunk in answer.aiter_raw():  # as it was signed; nothing is unpacked for a stranger
            chunks += chunk
            if len(chunks) > LARGEST_ANSWER:
                raise PartnerUnavailable("answer_too_large")
        return Answered(answer.status_code, bytes(chunks)), answer.headers
