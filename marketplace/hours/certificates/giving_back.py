"""Where the minutes of a revoked certificate go: to the account that they were taken from, and on to where she is now.

That account closes when she changes her home branch, or leaves. It opens for the correction and closes again; what
comes back to a member who left goes to her branch's pool, as all that she had on leaving.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.books import excess_account, passing_through, pool_account
from marketplace.hours.certificates.models import Certificate
from marketplace.hours.members.excess import chosen_pool
from marketplace.hours.members.leaving import FOLLOWED, LEFT
from marketplace.hours.models import Member
from timebank import Command, Post, Reverse, Transfer

_TAKEN_FROM = text(
    "SELECT posting.account FROM ledger_entry entry JOIN ledger_posting posting ON posting.entry = entry.id"
    " WHERE entry.key = :key AND posting.account IS NOT NULL AND posting.amount < 0"
)


@dataclass(frozen=True, slots=True)
class GivingBack:
    """The ledger's commands that give `minutes` back; then they are on `account`, for another certificate to take.

    `pool` is where the rest goes after that, before what `closes` the account; None: it is hers and stays open.
    """

    key: str
    account: UUID
    minutes: int
    commands: tuple[Command, ...] = ()
    pool: UUID | None = None
    closes: tuple[Command, ...] = ()

    def after(self, taken: int, *, now: datetime) -> list[Command]:
        """What the ledger does once another certificate has taken so many of the minutes."""
        if self.pool is None:
            return []
        rest = self.minutes - taken
        given = [_post(f"{self.key}:pool", self.account, self.pool, rest, LEFT, now)] if rest else []
        return [*given, *self.closes]


async def giving_back(
    tx: AsyncSession, member: Member, certificate: Certificate, *, rules: TimeBankRules, now: datetime
) -> GivingBack:
    """How the minutes of the locked member's certificate come back."""
    key, home, minutes = f"{certificate.entry_key}:revoked", member.ledger_account, certificate.spent_minutes
    if minutes == 0:
        return GivingBack(key, home, 0)
    source: UUID = (await tx.scalars(_TAKEN_FROM, {"key": certificate.entry_key})).one()
    reverse = Reverse(key=key, entry_key=certificate.entry_key, occurred_at=now, reason=key)
    opens, closes = await passing_through(tx, source, key=key, now=now)
    if not opens:
        return GivingBack(key, home, minutes, (reverse,))
    if member.state == "left":
        return GivingBack(
            key, source, minutes, (*opens, reverse), pool=pool_account(member.district_id), closes=tuple(closes)
        )
    excess_to = excess_account(member.district_id, chosen_pool(member, rules))
    moved = _post(f"{key}:home", source, home, minutes, FOLLOWED, now, excess_to)
    return GivingBack(key, home, minutes, (*opens, reverse, moved, *closes))


def _post(
    key: str, source: UUID, destination: UUID, minutes: int, kind: str, now: datetime, excess_to: UUID | None = None
) -> Post:
    moved = (Transfer(source, destination, minutes),)
    return Post(key=key, transfers=moved, kind=kind, reference=key, occurred_at=now, excess_to=excess_to)
