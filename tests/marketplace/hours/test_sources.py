import asyncio
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import pool_account, programme_account
from marketplace.hours.errors import NoHoursSource, NotRedeemable
from marketplace.hours.models import Task
from marketplace.hours.tasks.sources import Purse, decide
from marketplace.people.grants import grant as grant_family
from marketplace.people.models import Elder
from marketplace.people.schemas import GrantIn, Relation
from marketplace.visits.models import Visit
from tests.marketplace.hours.builders import (
    SYSTEM,
    Bank,
    Person,
    a_bank,
    a_member_elder,
    a_person,
    a_task,
    balances,
    give,
)


def purse(kind: str, available: int) -> Purse:
    return Purse(kind, uuid4(), uuid4(), available, "for the test")  # type: ignore[arg-type]


def test_the_first_purse_with_all_the_minutes_pays_and_the_reason_says_why() -> None:
    source = decide(60, [purse("own", 59), purse("pool", 60), purse("programme", 500)])
    assert source.purse.kind == "pool"
    assert source.reason == "own has 59, pool has 60 of 60: for the test"
    assert [one["available_minutes"] for one in source.considered] == [59, 60, 500]


def test_minutes_of_two_purses_are_never_added_up() -> None:
    with pytest.raises(NoHoursSource) as refused:
        decide(60, [purse("own", 40), purse("pool", 40)])
    assert refused.value.data["needed"] == 60


def test_nobody_pays_when_there_is_no_purse() -> None:
    with pytest.raises(NoHoursSource):
        decide(1, [])


async def town_with_elder(
    platform: Platform, *, own: int = 0, pool: int = 0, programme: bool = False
) -> tuple[Bank, Elder]:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=own)
        if pool:
            await give(platform, tx, bank, pool_account(elder.district_id), pool)
        if programme:
            elder.categories = ["advanced_age"]
    return bank, elder


async def published(platform: Platform, elder: Elder, actor: Actor = SYSTEM, paid_by: str = "auto") -> Task:
    async with transaction(platform.db) as tx:
        return await a_task(platform, tx, elder, actor=actor, paid_by=paid_by)


@given(minutes=st.integers(1, 240), purses=st.lists(st.integers(0, 300), max_size=6))
def test_whoever_pays_has_enough_and_nobody_before_had(minutes: int, purses: list[int]) -> None:
    offered = [purse("pool", available) for available in purses]
    if max(purses, default=0) < minutes:
        with pytest.raises(NoHoursSource):
            decide(minutes, offered)
        return
    chosen = decide(minutes, offered).purse
    place = offered.index(chosen)
    assert chosen.available_minutes >= minutes
    assert all(available < minutes for available in purses[:place])


async def test_her_own_minutes_come_first(platform: Platform) -> None:
    _, elder = await town_with_elder(platform, own=60, pool=600, programme=True)
    task = await published(platform, elder)
    assert (task.source_kind, task.source_reason) == ("own", "own has 60 of 60: the beneficiary's own")
    assert await balances(platform, task.source_account) == [(60, 60)]


async def test_the_pool_of_her_branch_comes_second(platform: Platform) -> None:
    _, elder = await town_with_elder(platform, own=59, pool=60, programme=True)
    task = await published(platform, elder)
    assert (task.source_kind, task.source_account) == ("pool", pool_account(elder.district_id))
    assert await balances(platform, task.source_account) == [(60, 60)]


async def test_a_programme_for_her_category_comes_third(platform: Platform) -> None:
    bank, elder = await town_with_elder(platform, own=59, pool=59, programme=True)
    task = await published(platform, elder)
    assert (task.source_kind, task.source_account) == ("programme", programme_account(bank.programme_id))
    assert task.source_reason == "own has 59, pool has 59, programme has 999882 of 60: granted for advanced_age"
    assert await balances(platform, task.source_account) == [(-118, 60)]  # 59 + 59 were granted before


async def test_without_a_source_nothing_is_published(platform: Platform) -> None:
    _, elder = await town_with_elder(platform, own=59, pool=59)
    with pytest.raises(NoHoursSource) as refused:
        await published(platform, elder)
    assert refused.value.data["considered"] == [
        {"kind": "own", "available_minutes": 59},
        {"kind": "pool", "available_minutes": 59},
    ]
    async with transaction(platform.db) as tx:
        for table in ("task", "visit", "timer WHERE rule NOT IN ('cycle.due', 'answers.due')", "ledger_hold"):
            assert await tx.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table


async def test_paid_by_the_elder_alone_never_falls_back_on_the_pool(platform: Platform) -> None:
    _, elder = await town_with_elder(platform, own=59, pool=600)
    with pytest.raises(NoHoursSource):
        await published(platform, elder, paid_by="elder")


async def test_minutes_held_for_one_task_do_not_pay_for_another(platform: Platform) -> None:
    _, elder = await town_with_elder(platform, own=119)
    await published(platform, elder)
    with pytest.raises(NoHoursSource) as refused:
        await published(platform, elder)
    assert refused.value.data["considered"] == [
        {"kind": "own", "available_minutes": 59},
        {"kind": "pool", "available_minutes": 0},
    ]


async def test_two_who_ask_at_once_never_promise_the_same_minutes(platform: Platform) -> None:
    _, elder = await town_with_elder(platform, own=60, pool=60)
    results = await asyncio.gather(*(published(platform, elder) for _ in range(4)), return_exceptions=True)
    kinds = [one.source_kind for one in results if isinstance(one, Task)]
    assert sorted(kinds, key=str) == ["own", "pool"]
    assert all(isinstance(one, Task | NoHoursSource) for one in results)
    async with transaction(platform.db) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM visit")) == 2


async def a_relative(platform: Platform, bank: Bank, elder: Elder, relation: Relation, minutes: int = 60) -> Person:
    async with transaction(platform.db) as tx:
        person = await a_person(platform, tx, bank, Role.FAMILY, Role.VOLUNTEER)
        await give(platform, tx, bank, person.account, minutes)
        account_id = _account(person)
        data = GrantIn(account_id=account_id, relation=relation, scopes=("view", "book"))
        await grant_family(tx, elder.id, data, actor=SYSTEM, now=platform.now())
    return person


def _account(person: Person) -> UUID:
    assert person.actor.account_id is not None
    return person.actor.account_id


@pytest.mark.parametrize("relation", ["child", "grandchild", "parent"])
async def test_a_lineal_relative_redeems_own_hours_for_her(platform: Platform, relation: Relation) -> None:
    bank, elder = await town_with_elder(platform, own=600)
    person = await a_relative(platform, bank, elder, relation)
    task = await published(platform, elder, person.actor, "me")
    assert (task.source_kind, task.source_account) == ("relative", person.account)
    assert task.source_reason == f"relative has 60 of 60: redeemed by a {relation}"
    assert await balances(platform, person.account) == [(60, 60)]


@pytest.mark.parametrize("relation", ["spouse", "sibling", "other"])
async def test_who_is_not_a_lineal_relative_redeems_nothing(platform: Platform, relation: Relation) -> None:
    bank, elder = await town_with_elder(platform)
    person = await a_relative(platform, bank, elder, relation)
    with pytest.raises(NotRedeemable):
        await published(platform, elder, person.actor, "me")


@pytest.mark.parametrize(("birth_on", "allowed"), [(date(1966, 3, 2), True), (date(1966, 3, 3), False)])
async def test_the_relative_must_be_sixty_on_the_day(platform: Platform, birth_on: date, *, allowed: bool) -> None:
    bank, elder = await town_with_elder(platform)
    person = await a_relative(platform, bank, elder, "child")
    async with transaction(platform.db) as tx:
        (await tx.get_one(Elder, elder.id)).birth_on = birth_on  # the clock shows 2 March 2026
    if allowed:
        assert (await published(platform, elder, person.actor, "me")).source_kind == "relative"
    else:
        with pytest.raises(NotRedeemable):
            await published(platform, elder, person.actor, "me")


async def test_a_grant_that_has_ended_proves_no_relation(platform: Platform) -> None:
    bank, elder = await town_with_elder(platform)
    person = await a_relative(platform, bank, elder, "child")
    async with transaction(platform.db) as tx:
        await tx.execute(text("UPDATE family_grant SET revoked_at = :now"), {"now": platform.now() - timedelta(days=1)})
    with pytest.raises(NotRedeemable):
        await published(platform, elder, person.actor, "me")


async def test_an_elder_who_pays_herself_uses_her_own_account(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=60)
        person = await a_person(platform, tx, bank, Role.ELDER)
        elder.account_id = person.actor.account_id
    assert (await published(platform, elder, person.actor, "me")).source_kind == "own"


async def test_the_visit_of_a_task_is_no_business_of_the_planner(platform: Platform) -> None:
    _, elder = await town_with_elder(platform, own=60)
    task = await published(platform, elder)
    async with transaction(platform.db) as tx:
        visit = (await tx.scalars(select(Visit).where(col(Visit.cause_id) == task.id))).one()
        assert (visit.cause_kind, visit.mandatory, visit.service_seconds) == ("task", False, 3600)
        assert await tx.scalar(select(func.count()).select_from(Visit)) == 1
