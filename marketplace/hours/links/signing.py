"""Signatures of requests and answers between banks: HTTP Message Signatures (RFC 9421), Ed25519, one fixed profile.

A request is signed over method, path, query and the digest of its body (RFC 9530), with the moment and a nonce; an
answer over its status and digest with the nonce of the request, so that an old answer cannot be given again. Only
exactly this profile is read: a message that covers less is refused.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

TOLERANCE = timedelta(minutes=5)
LABEL = "bank"
_PARAMETERS = re.compile(
    r';created=(?P<created>[0-9]{1,12});keyid="(?P<keyid>[0-9a-f-]{36})";nonce="(?P<nonce>[A-Za-z0-9_-]{16,64})"'
    r';alg="ed25519"'
)
_ASKED = ("@method", "@path", "@query", "content-digest")
_ANSWERED = ("@status", "content-digest")


class NotBelieved(Exception):
    """A message that does not come from the partner, or not as it was sent."""


class NotOfNow(NotBelieved):
    """Rightly signed, but the sender's moment is too far from ours: a recording, or a clock that is wrong."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request is signed. `query` is without its question mark."""

    method: str
    path: str
    query: str
    body: bytes

    def components(self) -> dict[str, str]:
        """The covered components by name."""
        named = {"@method": self.method.upper(), "@path": self.path, "@query": f"?{self.query}"}
        return {**named, "content-digest": digest(self.body)}


@dataclass(frozen=True, slots=True)
class Answered:
    """What of an answer is signed."""

    status: int
    body: bytes

    def components(self) -> dict[str, str]:
        """The covered components by name."""
        return {"@status": str(self.status), "content-digest": digest(self.body)}


def digest(body: bytes) -> str:
    """The value of Content-Digest."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def sign(message: Asked | Answered, key: Ed25519PrivateKey, *, link: str, nonce: str, at: datetime) -> dict[str, str]:
    """The headers to send with a message of a link; `at` is wall time."""
    covered = _covered(message)
    parameters = f'{covered};created={int(at.timestamp())};keyid="{link}";nonce="{nonce}";alg="ed25519"'
    signature = base64.b64encode(key.sign(_base(message, parameters))).decode()
    return {
        "Content-Digest": digest(message.body),
        "Signature-Input": f"{LABEL}={parameters}",
        "Signature": f"{LABEL}=:{signature}:",
    }


def believe(
    message: Asked | Answered,
    headers: Mapping[str, str],
    key: bytes,
    *,
    link: str,
    now: datetime,
    nonce: str | None = None,
) -> str:
    """Verify a message of a link over its raw bytes; returns its nonce, which must be `nonce` where one is given.

    `NotBelieved`; `NotOfNow` when only its moment is wrong. `now` is wall time.
    """
    label, _, parameters = headers.get("signature-input", "").partition("=")
    covered = _covered(message)
    read = _PARAMETERS.fullmatch(parameters.removeprefix(covered)) if parameters.startswith(covered) else None
    if label != LABEL or read is None or read["keyid"] != link or headers.get("content-digest") != digest(message.body):
        raise NotBelieved
    if nonce is not None and read["nonce"] != nonce:
        raise NotBelieved
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(_signature(headers), _base(message, parameters))
    except (InvalidSignature, ValueError) as error:
        raise NotBelieved from error
    if abs(now.timestamp() - int(read["created"])) > TOLERANCE.total_seconds():
        raise NotOfNow
    return read["nonce"]


def believe_any(
    message: Asked | Answered,
    headers: Mapping[str, str],
    keys: Sequence[bytes],
    *,
    link: str,
    now: datetime,
    nonce: str | None = None,
) -> tuple[str, bytes]:
    """`believe` by any of these keys; also returns the one that it was."""
    for key in keys:
        try:
            return believe(message, headers, key, link=link, now=now, nonce=nonce), key
        except NotOfNow:
            raise
        except NotBelieved:
            continue
    raise NotBelieved


def _signature(headers: Mapping[str, str]) -> bytes:
    value = headers.get("signature", "").removeprefix(f"{LABEL}=:").removesuffix(":")
    return base64.b64decode(value, validate=True)


def _covered(message: Asked | Answered) -> str:
    quoted = [f'"{name}"' for name in (_ASKED if isinstance(message, Asked) else _ANSWERED)]
    return f"({' '.join(quoted)})"


def _base(message: Asked | Answered, parameters: str) -> bytes:
    lines = [f'"{name}": {value}' for name, value in message.components().items()]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()
