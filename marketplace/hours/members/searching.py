"""Looking for a member: by a part of her name, by how her telephone ends, by her member number.

Names and endings find members of the reader's own branches. A whole telephone or member number, which nobody guesses
and she has to tell, finds her in any branch; who she is there the reader does not learn by it. A search is noted.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
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
OPENED = 10_000  # telephones opened for an ending, at most: a branch's members, within half a second
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
    compared = what.by == "ending"
    rows = [tuple(row) for row in await tx.execute(query.limit(OPENED + 1 if compared else MOST + 1))]
    if len(rows) > OPENED:
        return Hits(too_many=True)
    phones = await _opened(tx, vault, rows)
    hits = [_hit(row, phone) for row, phone in zip(rows, phones, strict=True)]
    if compared:
        hits = [hit for hit, phone in zip(hits, phones, strict=True) if phone and phone.endswith(what.digits)]
    audit.note(tx, "member.searched", actor=actor, entity="member", by=what.by, found=len(hits[:MOST]))
    return Hits(tuple(hits[:MOST]), more=len(hits) > MOST)


def _members(actor: Actor, now: datetime, choice: Choice) -> Select[*tuple[Any, ...]]:
    """Members with whose telephone is theirs, and whether they are of the reader's branches."""
    near = col(Region.path).startswith(actor.region_path, autoescape=True)
    query: Select[*tuple[Any, ...]] = (
        select(Member, near, col(Account.id), col(Account.phone_sealed), col(Elder.id), col(Elder.phone_sealed))
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
    near = col(Region.path).startswith(actor.region_path, autoescape=True)
    return and_(near, *(_NAME.icontains(word, autoescape=True) for word in what.words))


async def _opened(tx: AsyncSession, vault: Vault, rows: Sequence[tuple[Any, ...]]) -> list[str | None]:
    """The telephone of each row, where she is of the reader's branches and was not forgotten."""
    fields = [
        (account_id or elder_id, "phone", phone if account_id else elder_phone)
        for _, near, account_id, phone, elder_id, elder_phone in rows
        if near and (account_id or elder_id)
    ]
    opened = iter(await vault.open_each(tx, fields))
    return [next(opened) if near and (account or elder) else None for _, near, account, _, elder, _ in rows]


def _hit(row: tuple[Any, ...], phone: str | None) -> Hit:
    return Hit(row[0], phone[-SHORTEST_ENDING:] if phone else None)
