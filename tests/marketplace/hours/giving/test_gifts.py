"""Gifts go where the rule set lets them, as much as it lets in a year, all or nothing."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import CITY, book_of
from marketplace.hours.errors import MayNotRedeem
from marketplace.hours.giving import deciding, gifts
from marketplace.hours.giving.entries import Placed
from marketplace.hours.giving.errors import (
    GiftsNotAllowed,
    GiftsOfYearReached,
    NamedTwice,
    NotEnoughMinutes,
    ReceiverFull,
    ReceiverUnknown,
    ToOneself,
)
from marketplace.hours.members.proxies import Acts
from marketplace.hours.models import Member
from marketplace.people.models import Elder
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import a_person, balances, give, legs_of
from tests.marketplace.hours.giving.scene import (
    Scene,
    a_scene,
    an_elder_with,
    faults,
    gift,
    member_now,
    order_now,
    relate,
    rows,
    under,
)

# a thousand members by SQL: joining one by one would take longer than all other tests together
_MANY = text(
    "WITH made AS (INSERT INTO account (id, name, phone_sealed, phone_hash, roles, language, state)"
    " SELECT gen_random_uuid(), 'n' || n, '', decode(lpad(to_hex(n), 8, '0'), 'hex'), '{}', 'zh', 'active'"
    " FROM generate_series(1, 1000) n RETURNING id)"
    " INSERT INTO member (id, kind, account_id, district_id, ledger_account, state, version, joined_at)"
    " SELECT gen_random_uuid(), 'individual', id, :district, id, 'active', 1, now() FROM made"
)
_ACCOUNTS = text(
    "SELECT ledger_apply((SELECT jsonb_agg(jsonb_build_object('type', 'open', 'key', 'open:' || ledger_account,"
    " 'account', ledger_account, 'book', CAST(:book AS text), 'unit', 'minute', 'kind', 'member', 'owner', NULL,"
    " 'floor', 0, 'cap', NULL)) FROM member WHERE ledger_account = account_id), now())"
)
_THEM = text("SELECT id FROM member WHERE ledger_account = account_id ORDER BY id")


async def test_a_gift_across_branches_is_six_legs_and_one_entry(platform: Platform) -> None:
    pidu = under(platform, "pidu")  # gifts to any member
    scene = await a_scene(pidu)
    placed = await gift(pidu, scene, scene.other, 100)
    assert placed.order.state == "done"
    assert await balances(platform, scene.giver.account, scene.other.account) == [(500, 0), (100, 0)]
    first, second = (book_of(one) for one in scene.districts)
    assert await legs_of(platform, placed.order.key) == sorted(
        [
            (first, "member", -100),
            (first, "clearing", 100),
            (second, "clearing", -100),
            (second, "member", 100),
            (CITY, "position", -100),
            (CITY, "position", 100),
        ]
    )
    assert await faults(platform) == []


async def test_where_nobody_is_given_to_nobody_is(platform: Platform) -> None:
    nanjing = under(platform, "nanjing")
    scene = await a_scene(nanjing)
    with pytest.raises(GiftsNotAllowed) as refused:
        await gift(nanjing, scene, scene.other, 10)
    assert refused.value.data == {"gifts_to": "nobody"}
    assert await rows(platform, "SELECT id FROM transfer_order") == []


async def test_among_relatives_a_child_gives_to_her_mother_and_the_mother_to_her_child(platform: Platform) -> None:
    scene = await a_scene(platform)  # Taiyuan: gifts to relatives
    elder, mother = await an_elder_with(platform, scene, district=1, minutes=50)
    with pytest.raises(GiftsNotAllowed):
        await gift(platform, scene, mother, 10)
    await relate(platform, scene.giver, elder, "child")
    await gift(platform, scene, mother, 10)
    async with transaction(platform.db) as tx:
        acts = Acts(await tx.get_one(Member, mother.id))
        share = [gifts.Share(scene.giver.member.id, 30)]
        actor, now = scene.giver.actor, platform.now()
        await gifts.give(tx, acts, share, reason=None, policy=platform.policy, actor=actor, now=now)
    assert await balances(platform, scene.giver.account, mother.ledger_account) == [(620, 0), (30, 0)]


async def test_in_beijing_coins_go_up_to_parents_and_not_down(platform: Platform) -> None:
    beijing = under(platform, "beijing")  # relations: child, grandchild
    scene = await a_scene(beijing)
    elder, mother = await an_elder_with(beijing, scene, minutes=50)
    await relate(beijing, scene.giver, elder, "child")
    await gift(beijing, scene, mother, 10)
    async with transaction(platform.db) as tx:
        acts, share = Acts(await tx.get_one(Member, mother.id)), [gifts.Share(scene.giver.member.id, 30)]
        with pytest.raises(GiftsNotAllowed):
            await gifts.give(
                tx, acts, share, reason=None, policy=beijing.policy, actor=scene.giver.actor, now=platform.now()
            )


async def test_a_relation_that_nobody_proved_carries_no_gift(platform: Platform) -> None:
    scene = await a_scene(platform)
    elder, mother = await an_elder_with(platform, scene)
    async with transaction(platform.db) as tx:
        (await tx.get_one(Elder, elder.id)).account_id = scene.other.actor.account_id
    await relate(platform, scene.giver, elder, actor=scene.other.actor)
    with pytest.raises(GiftsNotAllowed):
        await gift(platform, scene, mother, 10)


async def test_a_years_gifts_end_at_the_limit_and_begin_anew_with_the_citys_year(
    platform: Platform, clock: MovableClock
) -> None:
    pidu = under(platform, "pidu", gifts_year_minutes=100)
    scene = await a_scene(pidu)
    await gift(pidu, scene, scene.other, 60)
    with pytest.raises(GiftsOfYearReached) as refused:
        await gift(pidu, scene, scene.other, 41)
    assert refused.value.data == {"limit": 100, "given": 60}
    await gift(pidu, scene, scene.other, 40)
    clock.set(datetime(2026, 12, 31, 15, 59, tzinfo=UTC))  # 23:59 in the city
    with pytest.raises(GiftsOfYearReached):
        await gift(pidu, scene, scene.other, 1)
    clock.set(datetime(2026, 12, 31, 16, tzinfo=UTC))
    await gift(pidu, scene, scene.other, 100)
    assert await balances(platform, scene.giver.account) == [(400, 0)]


async def test_what_waits_counts_for_the_year_and_what_was_rejected_does_not(platform: Platform) -> None:
    pidu = under(platform, "pidu", gifts_year_minutes=100, second_person_above_minutes=50)
    scene = await a_scene(pidu)
    waiting = await gift(pidu, scene, scene.other, 60)
    with pytest.raises(GiftsOfYearReached):
        await gift(pidu, scene, scene.other, 41)
    async with transaction(platform.db) as tx:
        await deciding.reject(tx, waiting.order.id, actor=scene.officer, now=platform.now(), reason="too much")
    await gift(pidu, scene, scene.other, 41)
    assert (await order_now(platform, waiting)).state == "rejected"


async def test_of_rivals_only_as_many_give_as_the_year_and_the_balance_let(platform: Platform) -> None:
    pidu = under(platform, "pidu", gifts_year_minutes=100)
    scene = await a_scene(pidu)
    results = await asyncio.gather(*(gift(pidu, scene, scene.other, 40) for _ in range(5)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["GiftsOfYearReached"] * 3 + ["Placed"] * 2
    assert await balances(platform, scene.giver.account) == [(520, 0)]


async def test_a_group_gives_nothing_and_receives_nothing(platform: Platform) -> None:
    pidu = under(platform, "pidu")
    scene = await a_scene(pidu)
    group = (await member_now(platform, scene.giver.member)).model_copy(update={"kind": "group"})
    async with transaction(platform.db) as tx:
        with pytest.raises(MayNotRedeem):
            await gifts.give(
                tx,
                Acts(group),
                [gifts.Share(scene.other.member.id, 10)],
                reason=None,
                policy=pidu.policy,
                actor=scene.giver.actor,
                now=platform.now(),
            )


async def many(platform: Platform, scene: Scene, shares: list[tuple[Member, int]]) -> Placed:
    async with transaction(platform.db) as tx:
        return await gifts.give(
            tx,
            Acts(await tx.get_one(Member, scene.giver.member.id)),
            [gifts.Share(member.id, minutes) for member, minutes in shares],
            reason="谢谢大家",
            policy=platform.policy,
            actor=scene.giver.actor,
            now=platform.now(),
        )


async def test_one_gives_to_many_in_one_entry_all_or_nothing(platform: Platform) -> None:
    pidu = under(platform, "pidu")
    scene = await a_scene(pidu, minutes=90)
    async with transaction(platform.db) as tx:
        pupils = [await a_person(platform, tx, scene.bank, district=number % 2) for number in range(4)]
    thanks = [(pupil.member, 30) for pupil in pupils]
    with pytest.raises(NotEnoughMinutes) as refused:  # 120 of 90
        await many(pidu, scene, thanks)
    assert refused.value.data["available"] == 0  # after the three that would have fitted
    assert await balances(platform, scene.giver.account, *(one.account for one in pupils)) == [(90, 0), *[(0, 0)] * 4]
    placed = await many(pidu, scene, thanks[:3])
    assert await balances(platform, scene.giver.account, *(one.account for one in pupils)) == [
        (0, 0),
        (30, 0),
        (30, 0),
        (30, 0),
        (0, 0),
    ]
    assert [line.minutes for line in placed.lines] == [30, 30, 30]
    assert await rows(platform, "SELECT count(*) FROM ledger_entry WHERE kind = 'gift'") == [(1,)]
    assert await faults(platform) == []


async def test_a_receiver_at_the_cap_and_one_who_is_no_member_receive_nothing(platform: Platform) -> None:
    pidu = under(platform, "pidu")
    scene = await a_scene(pidu)
    async with transaction(platform.db) as tx:
        await give(platform, tx, scene.bank, scene.other.account, 89_995)
    with pytest.raises(ReceiverFull) as refused:
        await gift(pidu, scene, scene.other, 6)
    assert refused.value.data == {"cap": 90_000}
    async with transaction(platform.db) as tx:
        (await tx.get_one(Member, scene.other.member.id)).state = "suspended"
    with pytest.raises(ReceiverUnknown):
        await gift(pidu, scene, scene.other, 1)
    assert await balances(platform, scene.giver.account, scene.other.account) == [(600, 0), (89_995, 0)]


async def test_nobody_gives_to_oneself_or_names_somebody_twice(platform: Platform) -> None:
    pidu = under(platform, "pidu")
    scene = await a_scene(pidu)
    with pytest.raises(ToOneself):
        await gift(pidu, scene, scene.giver, 10)
    with pytest.raises(NamedTwice):
        await many(pidu, scene, [(scene.other.member, 10), (scene.other.member, 20)])


async def test_a_thousand_receive_in_one_entry(platform: Platform, clock: MovableClock) -> None:
    pidu = under(platform, "pidu")
    scene = await a_scene(pidu, minutes=1_000)
    clock.set(clock.instant + timedelta(hours=1))
    async with transaction(platform.db) as tx:
        await tx.execute(_MANY, {"district": scene.districts[0]})
        await tx.execute(_ACCOUNTS, {"book": book_of(scene.districts[0])})
        ids = list(await tx.scalars(_THEM))
    assert len(ids) == 1_000
    async with transaction(platform.db) as tx:
        acts = Acts(await tx.get_one(Member, scene.giver.member.id))
        placed = await gifts.give(
            tx,
            acts,
            [gifts.Share(one, 1) for one in ids],
            reason=None,
            policy=pidu.policy,
            actor=scene.giver.actor,
            now=platform.now(),
        )
    assert (placed.order.minutes, len(placed.lines)) == (1_000, 1_000)
    assert await balances(platform, scene.giver.account) == [(0, 0)]
