"""Signing (Ed25519, RFC 8032): what a certificate says in public, as one line of JSON, and who signed it.

The key's id is printed on the certificate and its public half is kept, so that a new key does not touch old papers.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.platform import Platform
from marketplace.base.settings import Settings
from marketplace.hours.certificates.errors import SigningKeyMissing
from marketplace.hours.certificates.models import CertificateKey


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with one key. `key_id`: the first 16 hex digits of the public key's SHA-256."""

    private: Ed25519PrivateKey

    @classmethod
    def of(cls, seed: bytes) -> "Signer":
        """The signer with this key of 32 bytes."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def public_key(self) -> bytes:
        """The public half, 32 bytes."""
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def key_id(self) -> str:
        """How certificates name the key."""
        return hashlib.sha256(self.public_key).hexdigest()[:16]

    def sign(self, statement: str) -> bytes:
        """64 bytes."""
        return self.private.sign(statement.encode())


def signer_of(platform: Platform) -> Signer:
    """The process's signer. `SigningKeyMissing`."""

    def make(settings: Settings) -> Signer:
        if settings.certificate_key is None:
            raise SigningKeyMissing
        return Signer.of(settings.certificate_key)

    return platform.part("certificate_signer", make)


async def keep_public_key(tx: AsyncSession, signer: Signer, *, now: datetime) -> None:
    """Keep the public half. Repeating it changes nothing."""
    row = insert(CertificateKey).values(id=signer.key_id, public_key=signer.public_key, used_since=now)
    await tx.execute(row.on_conflict_do_nothing())


def signed_text(facts: Mapping[str, object]) -> str:
    """The facts as one line of JSON: keys sorted, no blanks, text as it is. This, in UTF-8, is what is signed."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def is_signed(statement: str, signature: bytes, public_key: bytes) -> bool:
    """Did the holder of the private half sign exactly this text?"""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, statement.encode())
    except InvalidSignature:
        return False
    return True
