"""Telling people what became of hours: a short text to whoever gives or receives them, and, where an officer acted for
somebody, to her and to the family that she lets see her. Texts are sent outside any transaction and may come twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.crypto import Erased, Vault
from marketplace.hours.giving.models import TransferLine, TransferOrder
from marketplace.hours.giving.orders import lines_of
from marketplace.hours.giving.phrases import ACTS, GIVEN, OFFICER, RECEIVED, of_kind
from marketplace.hours.models import Member
from marketplace.people.models import Account, Elder, FamilyGrant


@dataclass(frozen=True, slots=True)
class Letter:
    """A text for one telephone."""

    phone: str
    text: str


async def letters_about(
    tx: AsyncSession, vault: Vault, order_id: UUID, state: str, *, by: str, now: datetime
) -> list[Letter]:
    """What is told of an order that has come to `state` by an account's doing (empty: by itself), and to whom."""
    order = await tx.get_one(TransferOrder, order_id)
    lines = await lines_of(tx, order.id)
    letters: list[Letter] = []
    for member_id, minutes in givers_to_tell(order, lines, state):
        if by and await _is_account_of(tx, member_id, by):
            continue  # what she did herself a moment ago she knows
        template = GIVEN[state]
        if order.on_behalf_of == member_id:
            template = tuple(said + by for said, by in zip(template, OFFICER, strict=True))
        family = await _family(tx, member_id, now=now) if order.on_behalf_of is not None else ()
        herself = order.kind != "inheritance"  # then the family is told for her
        letters += await _to(tx, vault, member_id, template, order.kind, minutes, also=family, herself=herself)
    if state in RECEIVED:
        for line in lines:
            if line.receiver_id is not None and line.moves and line.receiver_id != order.giver_id:
                letters += await _to(tx, vault, line.receiver_id, RECEIVED[state], order.kind, line.minutes)
    return letters


def givers_to_tell(order: TransferOrder, lines: Iterable[TransferLine], state: str) -> list[tuple[UUID, int]]:
    """Whoever's hours it is about."""
    if order.kind == "collection":
        return [(line.giver_id, line.minutes) for line in lines if line.giver_id is not None and _is_told(line, state)]
    if order.giver_id is None or state not in GIVEN:
        return []
    return [(order.giver_id, order.minutes)]


async def _is_account_of(tx: AsyncSession, member_id: UUID, account: str) -> bool:
    member = await tx.get_one(Member, member_id)
    return str(member.account_id) == account


def _is_told(line: TransferLine, state: str) -> bool:
    """Who was asked is asked by a text; afterwards those hear who agreed."""
    return state == "collecting" or (state in GIVEN and line.consent == "given")


async def letters_of_issue(tx: AsyncSession, vault: Vault, member_id: UUID, minutes: int) -> list[Letter]:
    """A programme issued a month's minutes to a key elder."""
    return await _to(tx, vault, member_id, RECEIVED["done"], "programme_grant", minutes)


async def letters_saying(tx: AsyncSession, vault: Vault, member_id: UUID, said: tuple[str, str]) -> list[Letter]:
    """A member told this, which is said in Chinese and in English."""
    phones = dict.fromkeys(await _phones(tx, vault, await tx.get_one(Member, member_id)))
    return [_letter(phone, said[language == "en"], language) for phone, language in phones]


def _letter(phone: str, said: str, language: str) -> Letter:
    return Letter(phone, f"[Liuzhu] {said}" if language == "en" else f"【六助】{said}")


async def letters_of_act(tx: AsyncSession, vault: Vault, member_id: UUID, act: str, *, now: datetime) -> list[Letter]:
    """An officer did something for a member that moved no hours."""
    told = tuple(said + by for said, by in zip(ACTS[act], OFFICER, strict=True))
    return await _to(tx, vault, member_id, told, "", 0, also=await _family(tx, member_id, now=now))


async def _to(
    tx: AsyncSession,
    vault: Vault,
    member_id: UUID,
    template: tuple[str, ...],
    kind: str,
    minutes: int,
    *,
    also: Iterable[UUID] = (),
    herself: bool = True,
) -> list[Letter]:
    own = await _phones(tx, vault, await tx.get_one(Member, member_id)) if herself else []
    phones = [*own, *await _account_phones(tx, vault, also)]
    letters = []
    for phone, language in dict.fromkeys(phones):
        place = 1 if language == "en" else 0
        said = template[place].format(what=of_kind(kind)[place], minutes=minutes)
        letters.append(_letter(phone, said, language))
    return letters


async def _phones(tx: AsyncSession, vault: Vault, member: Member) -> list[tuple[str, str]]:
    """The member's own telephone, with the language in which she reads."""
    if member.account_id is not None:
        return await _account_phones(tx, vault, [member.account_id])
    if member.elder_id is None:
        return []
    elder = await tx.get_one(Elder, member.elder_id)  # visible: she is told of her own hours
    try:
        return [(await vault.open(tx, elder.id, "phone", elder.phone_sealed), "zh")]
    except Erased:
        return []


async def _family(tx: AsyncSession, member_id: UUID, *, now: datetime) -> list[UUID]:
    """Accounts of those whom the elder lets see her now; nobody for who is no elder."""
    query = (
        select(col(FamilyGrant.account_id))
        .join(Member, col(Member.elder_id) == col(FamilyGrant.elder_id))
        .where(
            col(Member.id) == member_id,
            col(FamilyGrant.revoked_at).is_(None),
            col(FamilyGrant.scopes).contains(["view"]),
            or_(col(FamilyGrant.until).is_(None), col(FamilyGrant.until) > now),
        )
    )
    return list(await tx.scalars(query.order_by(col(FamilyGrant.id))))


async def _account_phones(tx: AsyncSession, vault: Vault, account_ids: Iterable[UUID]) -> list[tuple[str, str]]:
    phones = []
    for account_id in account_ids:
        account = await tx.get_one(Account, account_id)
        try:
            phone = await vault.open(tx, account.id, "phone", account.phone_sealed)
        except Erased:  # she asked to be forgotten
            continue
        phones.append((phone, account.language))
    return phones
