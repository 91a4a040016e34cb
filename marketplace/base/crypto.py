"""Personal data at rest: AES-256-GCM with a data key per person, itself wrapped by the master key.

Erasing a person's data key erases the person: what stays (money, hours) is pseudonymous. Look-up goes by a keyed
hash (HMAC-SHA-256), so that a telephone number is found without ever being stored in clear.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

NONCE_BYTES = 12


class DataKey(SQLModel, table=True):
    """The wrapped data key of one person (an elder or an account)."""

    __tablename__ = "data_key"

    owner_id: UUID = Field(primary_key=True)
    wrapped: bytes


class Erased(Exception):
    """The person's data key is gone: what it sealed cannot be read any more."""


class Vault:
    """Seals and opens personal fields. Holds the master key in memory and no data key longer than a call."""

    def __init__(self, master_key: bytes) -> None:
        self._master = AESGCM(master_key)
        self._lookup = hmac.digest(master_key, b"liuzhu look-up", hashlib.sha256)

    def hash(self, kind: str, value: str) -> bytes:
        """The keyed hash under which a value is found: same kind and value, same 32 bytes."""
        return hmac.digest(self._lookup, f"{kind}:{value}".encode(), hashlib.sha256)

    async def seal(self, tx: AsyncSession, owner_id: UUID, field: str, value: str) -> bytes:
        """Encrypt one field of a person; the person's data key is made at first use."""
        key = await self._key(tx, owner_id, create=True)
        return _seal(AESGCM(key), value.encode(), f"{owner_id}:{field}".encode())

    async def seal_all(self, tx: AsyncSession, fields: Sequence[tuple[UUID, str, str]]) -> list[bytes]:
        """Encrypt many fields (owner, field, value), in their order; one look-up for all the persons' keys."""
        owners = {owner for owner, _, _ in fields}
        found = await self._wrapped(tx, owners)
        fresh = [
            {"owner_id": owner, "wrapped": _seal(self._master, secrets.token_bytes(32), owner.bytes)}
            for owner in owners - found.keys()
        ]
        if fresh:
            await tx.execute(insert(DataKey).on_conflict_do_nothing(), fresh)
            found = await self._wrapped(tx, owners)
        keys = {owner: AESGCM(_open(self._master, wrapped, owner.bytes)) for owner, wrapped in found.items()}
        return [_seal(keys[owner], value.encode(), f"{owner}:{field}".encode()) for owner, field, value in fields]

    async def open_all(self, tx: AsyncSession, owner_id: UUID, fields: Sequence[tuple[str, bytes]]) -> list[str]:
        """Decrypt many fields of one person. `Erased` as `open`."""
        cipher = AESGCM(await self._key(tx, owner_id, create=False))
        return [_open(cipher, sealed, f"{owner_id}:{field}".encode()).decode() for field, sealed in fields]

    async def open(self, tx: AsyncSession, owner_id: UUID, field: str, sealed: bytes) -> str:
        """Decrypt one field. `Erased` when the person's key is gone or the bytes belong to something else."""
        key = await self._key(tx, owner_id, create=False)
        return _open(AESGCM(key), sealed, f"{owner_id}:{field}".encode()).decode()

    async def open_each(self, tx: AsyncSession, fields: Sequence[tuple[UUID, str, bytes]]) -> list[str | None]:
        """Decrypt fields of many persons (owner, field, sealed), in their order; one look-up for all the keys.

        None for one that is `Erased`.
        """
        wrapped = await self._wrapped(tx, {owner for owner, _, _ in fields})
        return [self._opened(wrapped.get(owner), owner, field, sealed) for owner, field, sealed in fields]

    def _opened(self, wrapped: bytes | None, owner_id: UUID, field: str, sealed: bytes) -> str | None:
        if wrapped is None:
            return None
        try:
            key = _open(self._master, wrapped, owner_id.bytes)
            return _open(AESGCM(key), sealed, f"{owner_id}:{field}".encode()).decode()
        except Erased:
            return None

    async def erase(self, tx: AsyncSession, owner_id: UUID) -> None:
        """Destroy a person's data key: everything sealed under it is gone for good."""
        row = await tx.get(DataKey, owner_id)
        if row is not None:
            await tx.delete(row)

    async def _wrapped(self, tx: AsyncSession, owners: Collection[UUID]) -> dict[UUID, bytes]:
        query = select(col(DataKey.owner_id), col(DataKey.wrapped)).where(col(DataKey.owner_id).in_(owners))
        return {row.owner_id: row.wrapped for row in await tx.execute(query)}

    async def _key(self, tx: AsyncSession, owner_id: UUID, *, create: bool) -> bytes:
        row = await tx.get(DataKey, owner_id)
        if row is None and create:
            wrapped = _seal(self._master, secrets.token_bytes(32), owner_id.bytes)
            await tx.execute(insert(DataKey).values(owner_id=owner_id, wrapped=wrapped).on_conflict_do_nothing())
            row = await tx.get(DataKey, owner_id)
        if row is None:
            raise Erased(owner_id)
        return _open(self._master, row.wrapped, owner_id.bytes)


def _seal(key: AESGCM, clear: bytes, bound_to: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + key.encrypt(nonce, clear, bound_to)


def _open(key: AESGCM, sealed: bytes, bound_to: bytes) -> bytes:
    try:
        return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
    except InvalidTag as error:
        raise Erased from error


def masked_phone(phone: str) -> str:
    """A telephone number as strangers may see it: the last four digits."""
    return f"•••{phone[-4:]}"
