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


async def new_pair(tx: AsyncSession, vault: Vault, link_id: UUID) -> tuple[bytes, bytes]:
    """A fresh key pair of ours for the link: its private half, readable by the vault alone, and its public one."""
    key = Ed25519PrivateKey.generate()
    sealed = await vault.seal(tx, link_id, FIELD, base64.b64encode(key.private_bytes_raw()).decode())
    return sealed, key.public_key().public_bytes_raw()


async def new_peer(tx: AsyncSession, vault: Vault, link_id: UUID) -> LinkPeer:
    """A peer row with a fresh key pair for the link."""
    sealed, public_key = await new_pair(tx, vault, link_id)
    peer = LinkPeer(link_id=link_id, signing_key_sealed=sealed, own_public_key=public_key)
    tx.add(peer)
    await tx.flush()
    return peer


async def signing_key(tx: AsyncSession, vault: Vault, peer: LinkPeer) -> Ed25519PrivateKey:
    """The private half of our pair for this link."""
    return await _opened(tx, vault, peer.link_id, peer.signing_key_sealed)


async def next_signing_key(tx: AsyncSession, vault: Vault, peer: LinkPeer) -> Ed25519PrivateKey | None:
    """The private half of the pair that shall follow; None while no key changes."""
    sealed = peer.next_signing_key_sealed
    return None if sealed is None else await _opened(tx, vault, peer.link_id, sealed)


async def _opened(tx: AsyncSession, vault: Vault, link_id: UUID, sealed: bytes) -> Ed25519PrivateKey:
    opened = await vault.open(tx, link_id, FIELD, sealed)
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(opened))
