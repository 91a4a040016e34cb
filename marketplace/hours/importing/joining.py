"""The people of a bank that comes in: accounts for those who sign in, members for all, in bulk."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Role
from marketplace.base.clock import local_instant
from marketplace.base.crypto import Vault
from marketplace.base.ids import new_id
from marketplace.hours.books import member_account
from marketplace.hours.importing.columns import HistoryRow, MemberRow
from marketplace.hours.importing.models import ImportedLine, ImportedMember
from marketplace.hours.importing.standing import Known
from marketplace.hours.models import Member
from marketplace.people.models import Account

T = TypeVar("T")
PORTION = 2_000
FIELD = "imported"
IMPORTED = "imported"  # the kind of entry by which an old bank's history, or its balances, came in


def entry_key(import_id: UUID, key: str) -> str:
    """The ledger's name for a row of history."""
    return f"import:{import_id}:{key}"


@dataclass(frozen=True, slots=True)
class Incoming:
    """Who an old id becomes. `owner` names the ledger's account, `person` whose data key seals."""

    member_id: UUID
    person: UUID
    account_id: UUID | None
    elder_id: UUID | None
    district_id: UUID
    owner: str

    @property
    def account(self) -> UUID:
        """The account in the ledger."""
        return member_account(self.district_id, self.owner)


async def open_members(
    tx: AsyncSession, vault: Vault, rows: Sequence[MemberRow], elders: Mapping[str, Known], import_id: UUID
) -> dict[str, Incoming]:
    """Write accounts and members; by old id. A volunteer tells her gender at first, and may serve from then on."""
    incoming = {row.external_id: _incoming(row, elders.get(row.external_id)) for row in rows}
    for portion in portions(rows):
        pairs = [(row, incoming[row.external_id]) for row in portion]
        await _accounts(tx, vault, [(row, one) for row, one in pairs if one.elder_id is None])
        await tx.execute(insert(Member), [_member(row, one) for row, one in pairs])
        origins = [
            {
                "member_id": one.member_id,
                "import_id": import_id,
                "external_id": row.external_id,
                "birth_on": row.birth_on,
            }
            for row, one in pairs
        ]
        await tx.execute(insert(ImportedMember), origins)
    return incoming


def _incoming(row: MemberRow, elder: Known | None) -> Incoming:
    if elder is not None:
        owner = f"elder:{elder.elder_id}"
        return Incoming(new_id(), elder.elder_id, elder.account_id, elder.elder_id, row.district_id, owner)
    account_id = new_id()
    return Incoming(new_id(), account_id, account_id, None, row.district_id, f"account:{account_id}")


async def _accounts(tx: AsyncSession, vault: Vault, pairs: Sequence[tuple[MemberRow, Incoming]]) -> None:
    if not pairs:
        return
    sealed = await vault.seal_all(tx, [(one.person, "phone", row.phone) for row, one in pairs])
    rows = [
        {
            "id": one.account_id,
            "name": row.name,
            "phone_sealed": phone,
            "phone_hash": vault.hash("phone", row.phone),
            "roles": [Role.VOLUNTEER.value],
            "language": "zh",
            "state": "active",
        }
        for (row, one), phone in zip(pairs, sealed, strict=True)
    ]
    await tx.execute(insert(Account), rows)


def _member(row: MemberRow, one: Incoming) -> dict[str, Any]:
    return {
        "id": one.member_id,
        "kind": row.kind,
        "account_id": one.account_id,
        "elder_id": one.elder_id,
        "district_id": one.district_id,
        "ledger_account": one.account,
        "state": "active",
        "version": 1,
        "joined_at": local_instant(row.joined_on, time()),
    }


async def keep_lines(
    tx: AsyncSession, vault: Vault, history: Sequence[HistoryRow], incoming: Mapping[str, Incoming], import_id: UUID
) -> None:
    """Keep what the old bank said of each entry, for both sides, sealed."""
    for portion in portions(history):
        told = [
            (incoming[name], entry_key(import_id, row.key), " · ".join(filter(None, (row.kind, row.text))))
            for row in portion
            if row.kind or row.text
            for name in (row.source, row.destination)
            if name
        ]
        sealed = await vault.seal_all(tx, [(one.person, f"{FIELD}:{key}", words) for one, key, words in told])
        rows = [
            {"member_id": one.member_id, "entry_key": key, "words_sealed": words}
            for (one, key, _), words in zip(told, sealed, strict=True)
        ]
        if rows:
            await tx.execute(insert(ImportedLine), rows)


async def words_kept(tx: AsyncSession, vault: Vault, member: Member, keys: Sequence[str]) -> dict[str, str]:
    """What the old bank said of these entries of the member's, by the entry's key."""
    person = member.elder_id or member.account_id  # an elder may get her account later
    if person is None or not keys:
        return {}
    mine = (col(ImportedLine.member_id) == member.id, col(ImportedLine.entry_key).in_(keys))
    found = (await tx.execute(select(col(ImportedLine.entry_key), col(ImportedLine.words_sealed)).where(*mine))).all()
    if not found:
        return {}
    opened = await vault.open_all(tx, person, [(f"{FIELD}:{key}", words) for key, words in found])
    return dict(zip((key for key, _ in found), opened, strict=True))


def portions(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """The rows in portions that fit one statement."""
    return (rows[start : start + PORTION] for start in range(0, len(rows), PORTION))
