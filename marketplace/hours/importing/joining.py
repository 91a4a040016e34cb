"""The people of a bank that comes in: accounts for those who sign in, members for all, in bulk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any
from uuid import UUID

from dateutil.relativedelta import relativedelta
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import timers
from marketplace.base.actor import Role
from marketplace.base.clock import local_instant
from marketplace.base.crypto import Vault
from marketplace.base.ids import new_id
from marketplace.hours.books import member_account
from marketplace.hours.importing.columns import SIGNING_IN, HistoryRow, MemberRow
from marketplace.hours.importing.models import ImportedLine, ImportedMember
from marketplace.hours.importing.standing import Known
from marketplace.hours.members.ages import MAJORITY
from marketplace.hours.members.guardians import OF_AGE_DUE
from marketplace.hours.members.students import FIELD as STUDENT_NUMBER
from marketplace.hours.models import Member
from marketplace.people.models import Account
from marketplace.visits.models import Performer

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
    tx: AsyncSession,
    vault: Vault,
    rows: Sequence[MemberRow],
    elders: Mapping[str, Known],
    import_id: UUID,
    *,
    here: Mapping[str, Incoming],
) -> dict[str, Incoming]:
    """Write accounts and members, by old id; `here` are those of earlier steps, whom wards and groups name.

    Nobody meets them yet: accounts cannot sign in, memberships wait. A volunteer tells her gender at first, and may
    serve from then on.
    """
    known = dict(here)
    for row in rows:  # those whom others name come before them
        known[row.external_id] = _incoming(row, elders.get(row.external_id), known)
    incoming = {row.external_id: known[row.external_id] for row in rows}
    pairs = [(row, incoming[row.external_id]) for row in rows]
    await _accounts(tx, vault, [(row, one) for row, one in pairs if row.kind in SIGNING_IN])
    groups = [(row, one) for row, one in pairs if row.kind == "group"]
    if groups:
        await tx.execute(insert(Performer), [_performer(row, one) for row, one in groups])
    numbers = await _numbers(tx, vault, pairs)
    await tx.execute(insert(Member), [_member(row, one, known, numbers, vault) for row, one in pairs])
    origins = [
        {"member_id": one.member_id, "import_id": import_id, "external_id": row.external_id, "birth_on": row.birth_on}
        for row, one in pairs
    ]
    await tx.execute(insert(ImportedMember), origins)
    for row, one in pairs:
        if row.guardian and row.birth_on is not None:
            of_age_on = row.birth_on + relativedelta(years=MAJORITY)
            await timers.set_timer(tx, OF_AGE_DUE, one.member_id, local_instant(of_age_on, time()))
    return incoming


def _incoming(row: MemberRow, elder: Known | None, known: Mapping[str, "Incoming"]) -> Incoming:
    if elder is not None:
        owner = f"elder:{elder.elder_id}"
        return Incoming(new_id(), elder.elder_id, elder.account_id, elder.elder_id, row.district_id, owner)
    member_id = new_id()
    if row.kind == "group":
        contact = known[row.contact].person
        return Incoming(member_id, contact, None, None, row.district_id, f"group:{member_id}")
    account_id = new_id()
    return Incoming(member_id, account_id, account_id, None, row.district_id, f"account:{account_id}")


async def _numbers(tx: AsyncSession, vault: Vault, pairs: Sequence[tuple[MemberRow, Incoming]]) -> dict[str, bytes]:
    """The students' numbers, sealed, by old id."""
    students = [(row, one) for row, one in pairs if row.kind == "student"]
    if not students:
        return {}
    sealed = await vault.seal_all(tx, [(one.person, STUDENT_NUMBER, row.student_number) for row, one in students])
    return {row.external_id: number for (row, _), number in zip(students, sealed, strict=True)}


def _performer(row: MemberRow, one: Incoming) -> dict[str, Any]:
    """A group comes with its contact, as one that is founded here."""
    return {
        "id": one.member_id,
        "kind": "volunteer",
        "account_id": one.person,
        "provider_id": None,
        "district_id": one.district_id,
        "name": row.name,
        "gender": row.gender,
        "mode": "walk",
        "skills": [],
        "state": "active",
    }


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
            "state": "closed",
        }
        for (row, one), phone in zip(pairs, sealed, strict=True)
    ]
    await tx.execute(insert(Account), rows)


def _member(
    row: MemberRow, one: Incoming, known: Mapping[str, Incoming], numbers: Mapping[str, bytes], vault: Vault
) -> dict[str, Any]:
    student, group = row.kind == "student", row.kind == "group"
    return {
        "id": one.member_id,
        "kind": row.kind,
        "account_id": one.account_id,
        "elder_id": one.elder_id,
        "district_id": one.district_id,
        "performer_id": one.member_id if group else None,
        "ledger_account": one.account,
        "state": "pending",
        "version": 1,
        "joined_at": local_instant(row.joined_on, time()),
        "birth_on": None if row.kind == "elder" else row.birth_on,
        "guardian_id": known[row.guardian].member_id if row.guardian else None,
        "school": row.school if student else None,
        "student_number_sealed": numbers.get(row.external_id),
        "student_hash": vault.hash("student", row.student) if student else None,
        "name": row.name if group else None,
        "contact_id": one.person if group else None,
        "size": row.size,
    }


async def incoming_of(tx: AsyncSession, import_id: UUID) -> dict[str, Incoming]:
    """Who came with an import, by old id."""
    query = (
        select(col(ImportedMember.external_id), Member)
        .join(Member, col(Member.id) == col(ImportedMember.member_id))
        .where(col(ImportedMember.import_id) == import_id)
    )
    found = {}
    for external_id, member in await tx.execute(query):
        person = person_of(member)
        if person is None:
            continue
        owner = f"group:{member.id}" if member.kind == "group" else f"account:{member.account_id}"
        if member.elder_id is not None:
            owner = f"elder:{member.elder_id}"
        found[external_id] = Incoming(member.id, person, member.account_id, member.elder_id, member.district_id, owner)
    return found


def person_of(member: Member) -> UUID | None:
    """Under whose key the member's words are sealed: an elder may get her account later, a group has its contact's."""
    return member.elder_id or member.account_id or member.contact_id


async def keep_lines(
    tx: AsyncSession, vault: Vault, history: Sequence[HistoryRow], incoming: Mapping[str, Incoming], import_id: UUID
) -> None:
    """Keep what the old bank said of each entry, for both sides, sealed."""
    told = [
        (incoming[name], entry_key(import_id, row.key), " · ".join(filter(None, (row.kind, row.text))))
        for row in history
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
    person = person_of(member)
    if person is None or not keys:
        return {}
    mine = (col(ImportedLine.member_id) == member.id, col(ImportedLine.entry_key).in_(keys))
    found = (await tx.execute(select(col(ImportedLine.entry_key), col(ImportedLine.words_sealed)).where(*mine))).all()
    if not found:
        return {}
    opened = await vault.open_all(tx, person, [(f"{FIELD}:{key}", words) for key, words in found])
    return dict(zip((key for key, _ in found), opened, strict=True))
