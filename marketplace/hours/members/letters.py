"""Letters: short texts to a member's telephone, in her language. They are sent outside any transaction, maybe twice.

An elder without an account is told at the telephone on her record, a group at its contact's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.crypto import Erased, Vault
from marketplace.base.platform import Platform
from marketplace.hours.models import Member
from marketplace.people.models import Account, Elder, FamilyGrant

Pair = tuple[str, ...]  # a text in Chinese and in English


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone, and the language in which its owner reads."""

    number: str
    language: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A text for one telephone."""

    phone: str
    text: str


def letters_to(phones: Iterable[Phone], said: Pair, **fields: object) -> list[Letter]:
    """The text to each telephone once. A field that is a pair is told in the reader's language."""
    letters = []
    for phone in dict.fromkeys(phones):
        place = 1 if phone.language == "en" else 0
        told = {name: value[place] if isinstance(value, tuple) else value for name, value in fields.items()}
        text = said[place].format(**told)
        letters.append(Letter(phone.number, f"【六助】{text}" if place == 0 else f"[Liuzhu] {text}"))
    return letters


async def send_all(platform: Platform, letters: Iterable[Letter]) -> None:
    """Send them, one after the other."""
    for letter in letters:
        await platform.channel.send(letter.phone, letter.text)


async def phones_of(tx: AsyncSession, vault: Vault, member: Member, *, but: str = "") -> list[Phone]:
    """Where the member is told; nowhere for an organisation, or who asked to be forgotten, or where it is the account
    `but`: what she did herself a moment ago she knows."""
    account_id = member.account_id or member.contact_id
    if account_id is not None:
        return [] if str(account_id) == but else await account_phones(tx, vault, [account_id])
    return [] if member.elder_id is None else await elder_phones(tx, vault, member.elder_id)


async def elder_phones(tx: AsyncSession, vault: Vault, elder_id: UUID) -> list[Phone]:
    """Where an elder is told what was done for her, whether she is a member or not."""
    elder = await tx.get_one(Elder, elder_id)  # visible: she is told of what is her own
    if elder.account_id is not None:
        return await account_phones(tx, vault, [elder.account_id])
    try:
        return [Phone(await vault.open(tx, elder.id, "phone", elder.phone_sealed), "zh")]
    except Erased:
        return []


async def family_of(tx: AsyncSession, elder_id: UUID | None, *, now: datetime) -> list[UUID]:
    """Accounts of those whom the elder lets see her now; nobody for who is no elder."""
    query = select(col(FamilyGrant.account_id)).where(
        col(FamilyGrant.elder_id) == elder_id,
        col(FamilyGrant.revoked_at).is_(None),
        col(FamilyGrant.scopes).contains(["view"]),
        or_(col(FamilyGrant.until).is_(None), col(FamilyGrant.until) > now),
    )
    return list(await tx.scalars(query.order_by(col(FamilyGrant.id))))


async def account_phones(tx: AsyncSession, vault: Vault, account_ids: Iterable[UUID]) -> list[Phone]:
    """The telephones of these accounts, in their order."""
    phones = []
    for account_id in account_ids:
        account = await tx.get_one(Account, account_id)
        try:
            number = await vault.open(tx, account.id, "phone", account.phone_sealed)
        except Erased:  # she asked to be forgotten
            continue
        phones.append(Phone(number, account.language))
    return phones
