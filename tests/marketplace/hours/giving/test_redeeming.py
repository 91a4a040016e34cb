"""Redeeming by the rule set: from which age on, for whom, proved by whom; the error says which rule failed."""

from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from marketplace.hours.books import pool_account
from marketplace.hours.errors import (
    MayNotRedeem,
    NotARelative,
    NotRedeemable,
    RelationNotProved,
    RelativeTooYoung,
    TooYoungToRedeem,
)
from marketplace.hours.members.relatives import require_may_redeem
from marketplace.hours.models import Member, Task
from marketplace.hours.tenders import hold_commands
from marketplace.people.accounts import actor_of
from marketplace.people.models import Elder
from marketplace.people.schemas import Relation
from tests.builders import an_account
from tests.marketplace.hours.builders import SYSTEM, TEN, a_person, a_task, give
from tests.marketplace.hours.giving.scene import Scene, a_scene, an_elder_with, relate, under

Headers = Callable[[Actor], dict[str, str]]
FIFTY_NINE = date(1966, 3, 3)  # the clock shows 2 March 2026


async def ask(platform: Platform, elder: Elder, actor: Actor, paid_by: str) -> Task:
    async with transaction(platform.db) as tx:
        return await a_task(platform, tx, elder, actor=actor, paid_by=paid_by)


async def booking(platform: Platform, elder: Elder, scene: Scene) -> list[Any]:
    async with transaction(platform.db) as tx:
        return await hold_commands(
            tx,
            key="booking:1:hours",
            payer_id=scene.giver.actor.account_id,
            elder_id=elder.id,
            minutes=60,
            expires_at=TEN,
            rules=platform.policy.timebank,
            now=platform.now(),
        )


async def test_in_beijing_own_hours_are_saved_until_sixty_and_the_pool_pays_before(platform: Platform) -> None:
    beijing = under(platform, "beijing")
    scene = await a_scene(beijing)
    elder, _ = await an_elder_with(beijing, scene, minutes=60, birth_on=FIFTY_NINE)
    with pytest.raises(TooYoungToRedeem) as refused:
        await ask(beijing, elder, SYSTEM, "elder")
    assert refused.value.data == {"youngest": 60}
    async with transaction(platform.db) as tx:
        await give(platform, tx, scene.bank, pool_account(elder.district_id), 60)
    task = await ask(beijing, elder, SYSTEM, "auto")
    assert task.source_kind == "pool"
    async with transaction(platform.db) as tx:
        (await tx.get_one(Elder, elder.id)).birth_on = date(1966, 3, 2)
    assert (await ask(beijing, elder, SYSTEM, "elder")).source_kind == "own"


FOR_WHOM: list[tuple[str, Relation, bool]] = [
    ("beijing", "child", True),
    ("beijing", "parent", False),
    ("beijing", "spouse", False),
    ("nanjing", "spouse", True),
    ("nanjing", "parent", True),
    ("nanjing", "sibling", False),
    ("taiyuan", "spouse", False),
]


async def test_each_rule_set_says_for_whom_hours_are_redeemed(platform: Platform) -> None:
    scene = await a_scene(platform)
    for rules, relation, allowed in FOR_WHOM:
        city = under(platform, rules)
        elder, _ = await an_elder_with(city, scene)
        await relate(city, scene.giver, elder, relation)
        if allowed:
            task = await ask(city, elder, scene.giver.actor, "me")
            assert (task.source_kind, task.source_account) == ("relative", scene.giver.account)
            assert len(await booking(city, elder, scene)) == 1
            continue
        for redeem in (ask(city, elder, scene.giver.actor, "me"), booking(city, elder, scene)):
            with pytest.raises(NotARelative) as refused:
                await redeem
            assert refused.value.data == {"relations": ", ".join(city.policy.timebank.redeeming.relations)}


async def test_what_an_elder_says_of_a_relation_counts_once_staff_saw_a_proof(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    scene = await a_scene(platform)
    elder, _ = await an_elder_with(platform, scene)
    async with transaction(platform.db) as tx:
        account = await an_account(platform, tx, Role.ELDER)
        (await tx.get_one(Elder, elder.id)).account_id = account.id
        herself = await actor_of(tx, account)
    grant = await relate(platform, scene.giver, elder, actor=herself)
    with pytest.raises(RelationNotProved):
        await ask(platform, elder, scene.giver.actor, "me")
    address, paper = f"/v1/elders/{elder.id}/grants/{grant}/proof", {"proof": "household_register"}
    seen = {
        name: (await client.post(address, json=paper, headers=as_(actor))).status_code
        for name, actor in {"relative": scene.giver.actor, "foreign officer": scene.foreign}.items()
    }
    assert seen == {"relative": 403, "foreign officer": 404}
    answer = await client.post(address, json=paper, headers=as_(scene.officer))
    assert (answer.status_code, answer.json()["proved_at"]) == (200, "2026-03-02T01:00:00Z")
    assert (await ask(platform, elder, scene.giver.actor, "me")).source_kind == "relative"


async def test_staff_prove_no_relation_of_their_own(platform: Platform) -> None:
    scene = await a_scene(platform)
    elder, _ = await an_elder_with(platform, scene)
    async with transaction(platform.db) as tx:
        account = await an_account(platform, tx, Role.OFFICER, Role.FAMILY, region=scene.bank.town.districts[0])
        officer = await actor_of(tx, account)
        herself = await a_person(platform, tx, scene.bank, account=account)
        await give(platform, tx, scene.bank, herself.account, 60)
    await relate(platform, herself, elder, actor=officer)
    with pytest.raises(RelationNotProved):
        await ask(platform, elder, officer, "me")


async def test_a_relative_who_is_too_young_is_told_so(platform: Platform) -> None:
    scene = await a_scene(platform)
    elder, _ = await an_elder_with(platform, scene, birth_on=FIFTY_NINE)
    await relate(platform, scene.giver, elder)
    with pytest.raises(RelativeTooYoung) as refused:
        await ask(platform, elder, scene.giver.actor, "me")
    assert refused.value.data == {"relative_age": 60}
    assert isinstance(refused.value, NotRedeemable)


@pytest.mark.parametrize(("kind", "redeems"), [("individual", True), ("minor", True), ("group", False)])
def test_groups_only_donate(kind: str, *, redeems: bool) -> None:
    member = Member(kind=kind, district_id=new_id(), ledger_account=new_id(), joined_at=TEN)
    if redeems:
        require_may_redeem(member)
    else:
        with pytest.raises(MayNotRedeem):
            require_may_redeem(member)
