"""Telling people what became of hours: a short text to whoever gives or receives them.

Where somebody acted for the giver, the family whom she lets see her is told as well.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.crypto import Vault
from marketplace.hours.giving.entries import excess_of
from marketplace.hours.giving.models import TransferLine, TransferOrder
from marketplace.hours.giving.orders import lines_of
from marketplace.hours.giving.phrases import GIVEN, RECEIVED, of_kind
from marketplace.hours.members.letters import Letter, account_phones, family_of, letters_to, phones_of
from marketplace.hours.members.notices import by_whom
from marketplace.hours.models import Member


async def letters_about(
    tx: AsyncSession, vault: Vault, order_id: UUID, state: str, *, by: str, now: datetime
) -> list[Letter]:
    """What is told of an order that has come to `state` by an account's doing (empty: by itself), and to whom."""
    order = await tx.get_one(TransferOrder, order_id)
    lines = await lines_of(tx, order.id)
    letters: list[Letter] = []
    for member_id, minutes in givers_to_tell(order, lines, state):
        letters += await _to_giver(tx, vault, order, member_id, minutes, state, by=by, now=now)
    for line in lines if state in RECEIVED else []:
        if line.receiver_id is not None and line.moves and line.receiver_id != order.giver_id:
            letters += await _to_receiver(tx, vault, order, line, state)
    return letters


async def _to_giver(
    tx: AsyncSession,
    vault: Vault,
    order: TransferOrder,
    member_id: UUID,
    minutes: int,
    state: str,
    *,
    by: str,
    now: datetime,
) -> list[Letter]:
    member = await tx.get_one(Member, member_id)
    if by and by in {str(member.account_id), str(member.contact_id)}:
        return []  # what she did herself a moment ago she knows
    said = GIVEN[state]
    if order.on_behalf_of == member_id:
        said = by_whom(said, order.acted_as or "officer")
    # the dead are not told, their family is
    phones = await phones_of(tx, vault, member) if order.kind != "inheritance" else []
    if order.on_behalf_of is not None:
        family = [one for one in await family_of(tx, member.elder_id, now=now) if str(one) != by]
        phones = [*phones, *await account_phones(tx, vault, family)]
    return letters_to(phones, said, what=of_kind(order.kind), minutes=minutes)


async def _to_receiver(
    tx: AsyncSession, vault: Vault, order: TransferOrder, line: TransferLine, state: str
) -> list[Letter]:
    phones = await phones_of(tx, vault, await tx.get_one(Member, line.receiver_id))
    excess = await excess_of(tx, order, line)
    said = RECEIVED["excess" if excess and state == "done" else state]
    return letters_to(phones, said, what=of_kind(order.kind), minutes=line.minutes - excess, excess=excess)


def givers_to_tell(order: TransferOrder, lines: Iterable[TransferLine], state: str) -> list[tuple[UUID, int]]:
    """Whoever's hours it is about."""
    if order.kind == "collection":
        return [(line.giver_id, line.minutes) for line in lines if line.giver_id is not None and _is_told(line, state)]
    if order.giver_id is None or state not in GIVEN:
        return []
    return [(order.giver_id, order.minutes)]


def _is_told(line: TransferLine, state: str) -> bool:
    """Who was asked is asked by a text; afterwards those hear who agreed."""
    return state == "collecting" or (state in GIVEN and line.consent == "given")


async def letters_of_issue(tx: AsyncSession, vault: Vault, member_id: UUID, minutes: int) -> list[Letter]:
    """A programme issued a month's minutes to a key elder."""
    phones = await phones_of(tx, vault, await tx.get_one(Member, member_id))
    return letters_to(phones, RECEIVED["done"], what=of_kind("programme_grant"), minutes=minutes)
