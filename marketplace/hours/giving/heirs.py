"""Heirs: who inherits with whom in which parts, and what each of them gets in whole minutes.

What cannot be divided evenly goes to the largest remainders (Hamilton's method); of two equal ones to who was named
first. So the heirs together get every minute, and nobody misses a whole one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.giving.errors import HeirNotAllowed, NamedTwice, ProofMissing, ReceiverUnknown, ToOneself
from marketplace.hours.giving.orders import Draft
from marketplace.hours.models import Member


@dataclass(frozen=True, slots=True)
class Heir:
    """Who inherits, and how many parts of all the parts."""

    member_id: UUID
    parts: int = 1


def divide(minutes: int, parts: Sequence[int]) -> list[int]:
    """So many minutes in these parts (each above 0), in their order; the sum is `minutes`."""
    whole = sum(parts)
    shares = [minutes * one // whole for one in parts]
    by_remainder = sorted(range(len(parts)), key=lambda place: -(minutes * parts[place] % whole))
    for place in by_remainder[: minutes - sum(shares)]:
        shares[place] += 1
    return shares


async def heirs_of(
    tx: AsyncSession, member: Member, heirs: Sequence[Heir], proof: str | None, *, rules: TimeBankRules
) -> list[Member]:
    """The heirs as members, in their order. `HeirNotAllowed`, `NamedTwice`, `ToOneself`, `ProofMissing`,
    `ReceiverUnknown`."""
    if not heirs:
        return []
    if rules.giving.inherited_by != "heir":
        raise HeirNotAllowed(pointer="/heirs")
    ids = [one.member_id for one in heirs]
    if member.id in ids:
        raise ToOneself(pointer="/heirs")
    if len(set(ids)) < len(ids):
        raise NamedTwice(pointer="/heirs")
    if not proof:
        raise ProofMissing(pointer="/proof")
    return [await _heir(tx, one) for one in ids]


async def _heir(tx: AsyncSession, member_id: UUID) -> Member:
    heir = await tx.get(Member, member_id)
    if heir is None or heir.state != "active" or not heir.may_redeem:
        raise ReceiverUnknown(pointer="/heirs", member_id=str(member_id))
    return heir


def lines_to(member: Member, heirs: Sequence[tuple[Member, int]], minutes: int) -> list[Draft]:
    """A line to each heir (member, parts) who gets at least a minute."""
    shares = divide(minutes, [parts for _, parts in heirs])
    return [
        Draft(
            source=member.ledger_account,
            giver_id=member.id,
            destination="member",
            account=heir.ledger_account,
            receiver_id=heir.id,
            minutes=share,
            parts=parts,
        )
        for (heir, parts), share in zip(heirs, shares, strict=True)
        if share > 0
    ]
