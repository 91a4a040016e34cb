"""A mother with hours and her daughter, who acts for her; what the mother is told of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.hours.models import Member
from marketplace.people.access import Scope
from marketplace.people.grants import grant, revoke
from marketplace.people.models import Elder
from marketplace.people.schemas import GrantIn
from tests.builders import an_actor
from tests.marketplace.hours.builders import HOUR, SYSTEM, TEN
from tests.marketplace.hours.giving.desk import Desk, Json
from tests.marketplace.hours.giving.scene import Scene, a_scene, an_elder_with

BY_FAMILY = "由您授权的家属代您办理，如有疑问请联系社区。"
ALL: tuple[Scope, ...] = ("view", "book", "pay")


@dataclass(frozen=True)
class Family:
    """A mother with 300 minutes, and a daughter who is no member of the time bank."""

    desk: Desk
    scene: Scene
    elder: Elder
    mother: Member
    daughter: Actor
    grant_id: UUID

    def task(self, **changes: Any) -> Json:
        window = {"window_start": TEN.isoformat(), "window_end": (TEN + HOUR).isoformat(), "minutes": 60}
        return {"elder_id": str(self.elder.id), "kind": "companionship", **window, **changes}

    def for_her(self, **body: Any) -> Json:
        return {**body, "on_behalf_of": str(self.mother.id)}

    async def told(self) -> list[str]:
        return [text.removeprefix("【六助】").removesuffix(BY_FAMILY) for text in await self.desk.deliver()]

    async def let(self, *scopes: Scope) -> Actor:
        """Another of her children, with a grant of these scopes."""
        async with transaction(self.desk.platform.db) as tx:
            child = await an_actor(self.desk.platform, tx, Role.FAMILY)
            assert child.account_id is not None
            data = GrantIn(account_id=child.account_id, relation="child", scopes=scopes)
            await grant(tx, self.elder.id, data, actor=SYSTEM, now=self.desk.platform.now())
            return child

    async def revoke(self) -> None:
        async with transaction(self.desk.platform.db) as tx:
            await revoke(tx, self.elder.id, self.grant_id, actor=SYSTEM, now=self.desk.platform.now())


async def a_family(desk: Desk, scopes: Iterable[Scope] = ALL) -> Family:
    scene = await a_scene(desk.platform)
    elder, mother = await an_elder_with(desk.platform, scene, minutes=300)
    async with transaction(desk.platform.db) as tx:
        daughter = await an_actor(desk.platform, tx, Role.FAMILY)
        assert daughter.account_id is not None
        data = GrantIn(account_id=daughter.account_id, relation="child", scopes=tuple(scopes))
        row = await grant(tx, elder.id, data, actor=SYSTEM, now=desk.platform.now())
    return Family(desk, scene, elder, mother, daughter, row.id)
