"""A bank with people who give: members, officers, rule sets of other cities, a channel that keeps its texts."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.base.policy import load_rules
from marketplace.hours.audit import prove
from marketplace.hours.giving import gifts
from marketplace.hours.giving.entries import Placed
from marketplace.hours.giving.models import TransferOrder
from marketplace.hours.members.proxies import Acts
from marketplace.hours.models import Member
from marketplace.people.grants import grant as grant_family
from marketplace.people.models import Elder
from marketplace.people.schemas import GrantIn, Relation
from tests.builders import an_actor
from tests.marketplace.hours.builders import SYSTEM, Bank, Person, a_bank, a_member_elder, a_person, give


@dataclass
class Told:
    """A channel that keeps what was sent: (telephone, text)."""

    texts: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, phone: str, text: str) -> None:
        self.texts.append((phone, text))


def under(platform: Platform, rules: str, **changed: Any) -> Platform:
    """The platform under another city's rule set, with parts of its giving rules changed."""
    found = load_rules(rules)
    giving = found.giving.model_copy(update=changed)
    timebank = found.model_copy(update={"giving": giving})
    return replace(platform, policy=platform.policy.model_copy(update={"timebank": timebank}))


@dataclass(frozen=True)
class Scene:
    """Two branches: a giver with minutes in the first, somebody in the second, officers of each, an operator."""

    bank: Bank
    giver: Person
    other: Person
    officer: Actor
    colleague: Actor
    foreign: Actor
    operator: Actor

    @property
    def districts(self) -> tuple[UUID, UUID]:
        first, second = self.bank.town.districts
        return first.id, second.id


async def a_scene(platform: Platform, *, minutes: int = 600, birth_on: date = date(1980, 5, 1)) -> Scene:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        giver = await a_person(platform, tx, bank, Role.VOLUNTEER, Role.FAMILY, birth_on=birth_on)
        other = await a_person(platform, tx, bank, district=1, birth_on=birth_on)
        if minutes:
            await give(platform, tx, bank, giver.account, minutes)
        first, second = bank.town.districts
        return Scene(
            bank,
            giver,
            other,
            await an_actor(platform, tx, Role.OFFICER, region=first),
            await an_actor(platform, tx, Role.OFFICER, region=first),
            await an_actor(platform, tx, Role.OFFICER, region=second),
            await an_actor(platform, tx, Role.OPERATOR),
        )


async def an_elder_with(
    platform: Platform,
    scene: Scene,
    *,
    district: int = 0,
    minutes: int = 0,
    categories: tuple[str, ...] = (),
    birth_on: date | None = None,
) -> tuple[Elder, Member]:
    async with transaction(platform.db) as tx:
        elder, member = await a_member_elder(platform, tx, scene.bank, district=district, minutes=minutes)
        elder.categories = list(categories)
        elder.birth_on = birth_on or elder.birth_on
    return elder, member


async def relate(
    platform: Platform, person: Person, elder: Elder, relation: Relation = "child", *, actor: Actor = SYSTEM
) -> UUID:
    """The elder's grant to the person, written by staff unless somebody else is named; its id."""
    assert person.actor.account_id is not None
    data = GrantIn(account_id=person.actor.account_id, relation=relation, scopes=("view", "book"))
    async with transaction(platform.db) as tx:
        return (await grant_family(tx, elder.id, data, actor=actor, now=platform.now())).id


async def gift(platform: Platform, scene: Scene, to: Member | Person, minutes: int, **changed: Any) -> Placed:
    """The giver gives."""
    member = to.member if isinstance(to, Person) else to
    giver: Person = changed.pop("giver", scene.giver)
    async with transaction(platform.db) as tx:
        return await gifts.give(
            tx,
            Acts(await tx.get_one(Member, giver.member.id)),
            [gifts.Share(member.id, minutes)],
            reason=None,
            policy=platform.policy,
            actor=giver.actor,
            now=platform.now(),
        )


async def order_now(platform: Platform, placed: Placed) -> TransferOrder:
    async with transaction(platform.db) as tx:
        return await tx.get_one(TransferOrder, placed.order.id)


async def faults(platform: Platform) -> list[str]:
    async with transaction(platform.db) as tx:
        return await prove(tx)


async def rows(platform: Platform, query: str, **values: Any) -> list[tuple[Any, ...]]:
    async with transaction(platform.db) as tx:
        return [tuple(row) for row in await tx.execute(text(query), values)]


async def member_now(platform: Platform, member: Member) -> Member:
    async with transaction(platform.db) as tx:
        return (await tx.scalars(select(Member).where(col(Member.id) == member.id))).one()
