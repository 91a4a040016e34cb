"""Key elders of Nanjing's groups, a pool with minutes, and the runs that grant and issue them."""

from datetime import date
from typing import Any
from uuid import UUID

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import pool_account
from marketplace.hours.giving.allocating import Allocation, allocate
from marketplace.hours.giving.issuing import Issues, issue
from marketplace.hours.models import Member
from marketplace.people.models import Elder
from tests.marketplace.hours.builders import SYSTEM, give
from tests.marketplace.hours.giving.scene import Scene, an_elder_with

EIGHTY_ONE, SEVENTY = date(1944, 5, 1), date(1955, 5, 1)  # the clock shows 2 March 2026
NEEDY = ("empty_nest", "low_income", "disabled")


async def three_elders(platform: Platform, scene: Scene) -> list[tuple[Elder, Member]]:
    """Of group 2, of group 1, and of none; all members of the first branch."""
    return [
        await an_elder_with(platform, scene, categories=NEEDY, birth_on=SEVENTY),
        await an_elder_with(platform, scene, categories=("empty_nest",), birth_on=EIGHTY_ONE),
        await an_elder_with(platform, scene, birth_on=SEVENTY),
    ]


async def fill(platform: Platform, scene: Scene, minutes: int) -> UUID:
    pool = pool_account(scene.districts[0])
    async with transaction(platform.db) as tx:
        await give(platform, tx, scene.bank, pool, minutes)
    return pool


async def allocated(platform: Platform, scene: Scene, **changed: Any) -> Allocation:
    given = {"each": None, "dry_run": False, "policy": platform.policy, "actor": SYSTEM, "now": platform.now()}
    async with transaction(platform.db) as tx:
        return await allocate(tx, scene.districts[0], **{**given, **changed})


async def issued(platform: Platform, scene: Scene, *, dry_run: bool = False) -> Issues:
    async with transaction(platform.db) as tx:
        return await issue(tx, scene.districts[0], dry_run=dry_run, policy=platform.policy, now=platform.now())
