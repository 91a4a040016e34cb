"""Keys of links: a pair of our own per link, its private half sealed, and public keys as operators exchange them."""

import base64
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.crypto import Vault
from marketplace.base.errors import Malformed
from marketplace.hours.links.models import LinkPeer

PREFIX = "ed25519:"
FIELD = "link_signing_key"


class KeyUnreadable(Malformed):
    """A public key is `ed25519:` and 32 bytes in base64."""

    code = "link_key_unreadable"
    zh = "公钥格式应为 ed25519:（Base64 编码的 32 字节）。"
    en = "A public key is ed25519: and 32 bytes in base64."


def written(public_key: bytes) -> str:
    """A public key as text: `ed25519:…`."""
    return PREFIX + base64.b64encode(public_key).decode()


def read_key(text: str) -> bytes:
    """The 32 bytes of a written public key. `KeyUnreadable`."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except ValueError as error:
        raise KeyUnreadable(pointer="/public_key") from error
    if not text.startswith(PREFIX) or len(key) != 32:
        raise KeyUnreadable(pointer="/public_key")
    return key


async def new_peer(tx: AsyncSession, vault: Vault, link_id: UUID) -> LinkPeer:
    """A peer row with a fresh key pair for the link; its private half is readable by the vault alone."""
    key = Ed25519PrivateKey.generate()
    sealed = await vault.seal(tx, link_id, FIELD, base64.b64encode(key.private_bytes_raw()).decode())
    peer = LinkPeer(link_id=link_id, signing_key_sealed=sealed, own_public_key=key.public_key().public_bytes_raw())
    tx.add(peer)
    await tx.flush()
    return peer


async def signing_key(tx: AsyncSession, vault: Vault, peer: LinkPeer) -> Ed25519PrivateKey:
    """The private half of our pair for this link."""
    opened = await vault.open(tx, peer.link_id, FIELD, peer.signing_key_sealed)
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(opened))
