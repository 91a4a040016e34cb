"""Who is meant by an id: members, accounts and branches by name, as far as the reader's own branches reach."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.errors import Language
from marketplace.console.words import Say, speaker
from marketplace.hours.books import pool_account
from marketplace.hours.models import Member
from marketplace.people.access import visible_to
from marketplace.people.models import Account, Elder, Region
from marketplace.providers.models import Provider


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a page, when, and in which language."""

    actor: Actor
    now: datetime
    language: Language

    @property
    def zh(self) -> bool:
        """Is it Chinese?"""
        return self.language == "zh"

    @property
    def say(self) -> Say:
        """What speaks the language."""
        return speaker(self.language)


@dataclass(frozen=True, slots=True)
class Names:
    """Names by id. Somebody of a branch beyond the reader's reach is called by her branch alone."""

    members: Mapping[UUID, str]
    accounts: Mapping[UUID, str]
    branches: Mapping[UUID, str]
    pools: Mapping[UUID, str]

    def member(self, member_id: UUID | None, nobody: str) -> str:
        """A member's name; `nobody` without one."""
        return nobody if member_id is None else self.members.get(member_id, nobody)


async def names_for(tx: AsyncSession, members: Collection[UUID], accounts: Collection[UUID], reader: Reader) -> Names:
    """Names of these members and accounts, and of every branch."""
    actor, say = reader.actor, reader.say
    districts = list(await tx.scalars(select(Region).where(col(Region.level) == "district")))
    branches = {one.id: one.name_zh if reader.zh else one.name_en for one in districts}
    reach = {one.id for one in districts if one.path.startswith(actor.region_path)}
    found: dict[UUID, str] = {}
    for member, *names in await tx.execute(_people(actor, reader.now).where(col(Member.id).in_(members))):
        name = next((one for one in names if one), None) if member.district_id in reach else None
        found[member.id] = name or say("member_of", branch=branches.get(member.district_id, ""))
    people = await tx.execute(select(col(Account.id), col(Account.name)).where(col(Account.id).in_(accounts)))
    pools = {pool_account(one.id): say("pool_of", branch=branches[one.id]) for one in districts}
    return Names(found, {row[0]: row[1] for row in people}, branches, pools)


def _people(actor: Actor, now: datetime):  # type: ignore[no-untyped-def]  # the row's type is as long as the query
    return (
        select(Member, col(Member.name), col(Account.name), col(Elder.name), col(Provider.name))
        .outerjoin(Account, col(Account.id) == col(Member.account_id))
        .outerjoin(Elder, and_(col(Elder.id) == col(Member.elder_id), visible_to(actor, now)))
        .outerjoin(Provider, col(Provider.id) == col(Member.provider_id))
    )
