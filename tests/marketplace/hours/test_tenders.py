from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import book_of, member_account
from marketplace.hours.errors import NotAMember, NotRedeemable
from marketplace.hours.tenders import capture_commands, hold_commands, release_commands
from marketplace.people.grants import grant as grant_family
from marketplace.people.models import Elder
from marketplace.people.schemas import GrantIn, Relation
from marketplace.providers.models import Provider
from tests.marketplace.hours.builders import (
    SYSTEM,
    Bank,
    Person,
    a_bank,
    a_member_elder,
    a_person,
    apply,
    balances,
    give,
    legs_of,
)
from timebank import Command
from timebank.errors import InsufficientBalance

KEY = "booking:1:hours"


async def scene(platform: Platform, relation: Relation = "child") -> tuple[Bank, Elder, Person, Provider]:
    """A child at home in A with 90 minutes, the mother in B, a provider in B."""
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, district=1)
        child = await a_person(platform, tx, bank, Role.FAMILY)
        await give(platform, tx, bank, child.account, 90)
        assert child.actor.account_id is not None
        data = GrantIn(account_id=child.actor.account_id, relation=relation, scopes=("view", "book", "pay"))
        await grant_family(tx, elder.id, data, actor=SYSTEM, now=platform.now())
        provider = Provider(
            name="示例机构",
            kind="home_care",
            legal_person_code=uuid4().hex[:18],
            district_id=bank.town.districts[1].id,
            lon=8.7,
            lat=49.42,
            applied_at=platform.now(),
        )
        tx.add(provider)
    return bank, elder, child, provider


async def hold(platform: Platform, elder: Elder, payer_id: UUID | None, minutes: int = 60) -> list[Command]:
    async with transaction(platform.db) as tx:
        return await hold_commands(
            tx,
            key=KEY,
            payer_id=payer_id,
            elder_id=elder.id,
            minutes=minutes,
            expires_at=platform.now() + timedelta(days=90),
            rules=platform.policy.timebank,
            now=platform.now(),
        )


async def test_a_booking_holds_the_payers_minutes_and_pays_the_provider_across_districts(platform: Platform) -> None:
    bank, elder, child, provider = await scene(platform)
    await apply(platform, await hold(platform, elder, child.actor.account_id))
    assert await balances(platform, child.account) == [(90, 60)]
    async with transaction(platform.db) as tx:
        commands = await capture_commands(tx, key=KEY, provider_id=provider.id, now=platform.now())
    await apply(platform, commands)
    account = member_account(provider.district_id, f"provider:{provider.id}")
    assert await balances(platform, child.account, account) == [(30, 0), (60, 0)]
    a, b = (book_of(district.id) for district in bank.town.districts)
    assert await legs_of(platform, f"{KEY}:capture") == sorted(
        [
            (a, "member", -60),
            (a, "clearing", 60),
            (b, "clearing", -60),
            (b, "member", 60),
            ("city", "position", -60),
            ("city", "position", 60),
        ]
    )


async def test_settling_again_has_nothing_to_say(platform: Platform) -> None:
    _, elder, child, provider = await scene(platform)
    await apply(platform, await hold(platform, elder, child.actor.account_id))
    for expected in (True, False):
        async with transaction(platform.db) as tx:
            commands = await capture_commands(tx, key=KEY, provider_id=provider.id, now=platform.now())
        assert bool(commands) is expected
        await apply(platform, commands)


async def test_a_cancelled_booking_gives_the_minutes_back_however_often_it_is_told(platform: Platform) -> None:
    _, elder, child, _ = await scene(platform)
    await apply(platform, await hold(platform, elder, child.actor.account_id))
    for _ in range(2):
        async with transaction(platform.db) as tx:
            commands = await release_commands(tx, key=KEY)
        await apply(platform, commands)
    assert await balances(platform, child.account) == [(90, 0)]


async def test_a_booking_that_never_held_has_nothing_to_release(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        assert await release_commands(tx, key="booking:none:hours") == []


async def test_without_a_payer_the_elders_own_minutes_are_held(platform: Platform) -> None:
    bank, elder, _, _ = await scene(platform)
    account = member_account(elder.district_id, f"elder:{elder.id}")
    async with transaction(platform.db) as tx:
        await give(platform, tx, bank, account, 60)
    await apply(platform, await hold(platform, elder, None))
    assert await balances(platform, account) == [(60, 60)]


async def test_more_than_is_there_is_not_held(platform: Platform) -> None:
    _, elder, child, _ = await scene(platform)
    with pytest.raises(InsufficientBalance):
        await apply(platform, await hold(platform, elder, child.actor.account_id, 91))


async def test_a_sibling_redeems_nothing(platform: Platform) -> None:
    _, elder, sibling, _ = await scene(platform, "sibling")
    with pytest.raises(NotRedeemable):
        await hold(platform, elder, sibling.actor.account_id)


async def test_who_is_no_member_pays_with_nothing(platform: Platform) -> None:
    _, elder, child, _ = await scene(platform)
    async with transaction(platform.db) as tx:
        await tx.delete(await tx.get_one(type(child.member), child.member.id))
    with pytest.raises(NotAMember):
        await hold(platform, elder, child.actor.account_id)
