"""Looking for a member: by a part of her name, by how her telephone ends, by her member number.

Names and endings find members of the reader's own branches. A whole telephone or member number, which nobody guesses
and she has to tell, finds her in any branch; who she is there the reader does not learn by it. A search is noted.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.crypto import Vault
from marketplace.hours.models import Member
from marketplace.people.access import visible_to
from marketplace.people.accounts import normal_phone
from marketplace.people.models import Account, Elder, Region
from marketplace.providers.models import Provider

SHORTEST_ENDING = 4  # digits; fewer would list half a branch
WHOLE_NUMBER = 11  # digits of a mobile telephone; a number of so many is looked up, not compared by its ending
PORTION = 500  # telephones opened at a time, so that others are served in between
OPENED = 10_000  # telephones opened for an ending, at most: a large branch's members, in about half a second
MOST = 20  # members shown
LONGEST = 100

_NAME = func.coalesce(col(Member.name), col(Account.name), col(Elder.name), col(Provider.name))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody typed: a member number, a telephone or its ending, parts of a name."""

    number: UUID | None
    digits: str
    words: tuple[str, ...]

    @property
    def by(self) -> Literal["number", "phone", "ending", "name"]:
        """What finds her."""
        if self.number is not None:
            return "number"
        if not self.digits:
            return "name"
        return "phone" if len(self.digits) >= WHOLE_NUMBER else "ending"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which members come into question: active ones only, of which kinds (None: any), and not these."""

    active: bool = False
    kinds: Collection[str] | None = None
    but: Collection[UUID] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A member found; her telephone's ending where she is of the reader's branches and has one."""

    member: Member
    ending: str | None


@dataclass(frozen=True, slots=True)
class Hits:
    """Who was found. `more`: there are others; `too_many`: an ending alone among more members than are compared."""

    found: tuple[Hit, ...] = ()
    more: bool = False
    too_many: bool = False


def wanted(text: str) -> Wanted | None:
    """What the text means; None for nothing."""
    text = text.strip()[:LONGEST]
    try:
        return Wanted(UUID(text), "", ())
    except ValueError:
        pass
    if _is_ending(text.replace(" ", "")):  # one number, in groups
        return Wanted(None, _digits(text), ())
    words = text.split()
    endings = [one for one in words if _is_ending(one)]
    names = tuple(one for one in words if one not in endings[:1])
    return Wanted(None, _digits(endings[0]) if endings else "", names) if words else None


def _is_ending(word: str) -> bool:
    bare = word.replace("-", "").removeprefix("+")
    return bare.isascii() and bare.isdecimal() and len(bare) >= SHORTEST_ENDING


def _digits(word: str) -> str:
    return normal_phone(word)


async def search(tx: AsyncSession, vault: Vault, text: str, choice: Choice, *, actor: Actor, now: datetime) -> Hits:
    """Members that the text means, active ones and then by name; up to `MOST`."""
    what = wanted(text)
    if what is None:
        return Hits()
    query = _members(actor, now, choice).where(_means(what, vault, actor))
    rows = [_Row(*row) for row in await tx.execute(query.limit((OPENED if what.by == "ending" else MOST) + 1))]
    if len(rows) > OPENED:
        return Hits(too_many=True)
    found = list(zip(rows, await _opened(tx, vault, rows), strict=True))
    if what.by == "ending":
        found = [(row, phone) for row, phone in found if phone is not None and phone.endswith(what.digits)]
    shown = found[:MOST]
    audit.note(tx, "member.searched", actor=actor, entity="member", by=what.by, found=len(shown))
    hits = [
        Hit(await tx.get_one(Member, row.member_id), phone[-SHORTEST_ENDING:] if phone else None)
        for row, phone in shown
    ]
    return Hits(tuple(hits), more=len(found) > MOST)


@dataclass(frozen=True, slots=True)
class _Row:
    """A member, and whose telephone is hers (None: nobody's, or she is beyond the reader's branches)."""

    member_id: UUID
    owner_id: UUID | None
    phone_sealed: bytes | None


def _near(actor: Actor) -> ColumnElement[bool]:
    """Is the member of the reader's branches?"""
    return col(Region.path).startswith(actor.region_path, autoescape=True)


def _members(actor: Actor, now: datetime, choice: Choice) -> Select[*tuple[Any, ...]]:
    """Members as `_Row`s: an account's telephone comes before an elder's."""
    owner = func.coalesce(col(Account.id), col(Elder.id))
    phone = func.coalesce(col(Account.phone_sealed), col(Elder.phone_sealed))
    query: Select[*tuple[Any, ...]] = (
        select(col(Member.id), case((_near(actor), owner)), case((_near(actor), phone)))
        .join(Region, col(Region.id) == col(Member.district_id))
        .outerjoin(Account, col(Account.id) == func.coalesce(col(Member.account_id), col(Member.contact_id)))
        .outerjoin(Elder, and_(col(Elder.id) == col(Member.elder_id), visible_to(actor, now)))
        .outerjoin(Provider, col(Provider.id) == col(Member.provider_id))
        .where(col(Member.id).not_in(choice.but))
        .order_by(col(Member.state) != "active", _NAME, col(Member.id))
    )
    if choice.active:
        query = query.where(col(Member.state) == "active")
    if choice.kinds is not None:
        query = query.where(col(Member.kind).in_(choice.kinds))
    return query


def _means(what: Wanted, vault: Vault, actor: Actor) -> ColumnElement[bool]:
    if what.by == "number":
        return col(Member.id) == what.number
    if what.by == "phone":
        phone = vault.hash("phone", what.digits)
        return or_(col(Account.phone_hash) == phone, col(Elder.phone_hash) == phone)
    return and_(_near(actor), *(_NAME.icontains(word, autoescape=True) for word in what.words))


async def _opened(tx: AsyncSession, vault: Vault, rows: Sequence[_Row]) -> list[str | None]:
    """The telephone of each row; None where there is none to be known, or she asked to be forgotten."""
    opened: list[str | None] = []
    for first in range(0, len(rows), PORTION):
        portion = rows[first : first + PORTION]
        sealed = [(row.owner_id, "phone", row.phone_sealed) for row in portion if row.owner_id and row.phone_sealed]
        phones = iter(await vault.open_each(tx, sealed))
        opened += [next(phones) if row.owner_id and row.phone_sealed else None for row in portion]
    return opened
