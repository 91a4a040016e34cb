"""Two running banks trade over real HTTP while their line is cut at every message, and while either is killed with -9.

However it went: both proofs are empty, the mirrors are each other's negatives, and payer and payee have what both banks
say. The instances are shared; each test pays another amount.
"""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from tests.marketplace.hours.links.cuts import Lost
from tests.marketplace.hours.links.instances import LIMITS, LONG, Side, until
from tests.marketplace.hours.links.world import (
    A_WHILE,
    World,
    blocked,
    caught,
    garble_received,
    moved,
    prepared_and_expired,
    put_back_received,
    states,
    until_expired,
    until_nobody_waits,
    until_somebody_waits,
)


async def test_the_operators_have_agreed_and_each_has_heard_the_others_limit(world: World) -> None:
    east, west = world.pair("east")
    assert ((await east.link()).our_limit, (await east.link()).their_limit) == (LIMITS["east"], LIMITS["west"])
    assert ((await west.link()).our_limit, (await west.link()).their_limit) == (LIMITS["west"], LIMITS["east"])
    await world.agree()


@pytest.mark.parametrize("payer", ["east", "west"])
async def test_a_payment_reaches_the_other_bank(world: World, payer: str) -> None:
    here, there = world.pair(payer)
    before = await world.balances()
    relay = await here.pay(there, 60)
    await world.at_rest()
    assert await states(relay, here, there) == ["committed", "committed"]
    assert await world.balances() == moved(before, payer, 60)
    await world.agree()


@pytest.mark.parametrize(
    ("step", "lost", "payer"),
    [
        ("prepare", "request", "east"),
        ("prepare", "answer", "west"),
        ("commit", "request", "west"),
        ("commit", "answer", "east"),
    ],
)
async def test_a_short_cut_delays_the_payment_and_changes_nothing(
    world: World, payer: str, step: str, lost: Lost
) -> None:
    here, there = world.pair(payer)
    before = await world.balances()
    world.line.cut_at(step, lost)
    relay = await here.pay(there, 11)
    await caught(world.line)
    arrived = {("prepare", "request"): None, ("prepare", "answer"): "prepared", ("commit", "request"): "prepared"}
    decided = "prepared" if step == "prepare" else "committed"
    assert await states(relay, here, there) == [decided, arrived.get((step, lost), "committed")]
    assert [one.id for one in await here.flying()] == [relay]
    world.line.heal()
    world.pass_time(A_WHILE)
    await world.at_rest()
    assert await states(relay, here, there) == ["committed", "committed"]
    assert await world.balances() == moved(before, payer, 11)
    await world.agree()


@pytest.mark.parametrize(("lost", "payer"), [("request", "west"), ("answer", "east")])
async def test_a_long_cut_before_the_decision_gives_the_payer_everything_back(
    world: World, payer: str, lost: Lost
) -> None:
    here, there = world.pair(payer)
    before = await world.balances()
    world.line.cut_at("prepare", lost)
    relay = await here.pay(there, 12)
    await caught(world.line)
    world.pass_time(LONG)
    await until_expired(relay, here)  # though the line is still cut: nobody's minutes wait for the partner
    assert (await world.balances())[payer] == before[payer]
    world.line.heal()
    world.pass_time(LONG)
    await world.at_rest()
    arrived = await states(relay, there)
    # in the second case it was told, or has learnt by asking
    assert arrived == [None] if lost == "request" else arrived in (["aborted"], ["expired"])
    assert await world.balances() == before
    await world.agree()


async def test_a_long_cut_after_the_decision_only_delays_the_payment(world: World) -> None:
    here, there = world.pair("east")
    before = await world.balances()
    world.line.cut_at("commit", "request")
    relay = await here.pay(there, 13)
    await caught(world.line)
    for _ in range(3):
        world.pass_time(timedelta(days=1))
        await asyncio.sleep(0.15)
    assert await states(relay, here, there) == ["committed", "prepared"]
    world.line.heal()
    world.pass_time(A_WHILE)
    await world.at_rest()
    assert await world.balances() == moved(before, "east", 13)
    await world.agree()


@pytest.mark.parametrize("lost", ["request", "answer"])
@pytest.mark.parametrize("step", ["abort", "ask"])
async def test_a_cut_at_the_end_of_a_failed_payment_leaves_no_room_held(world: World, step: str, lost: Lost) -> None:
    here, there = world.pair("west")
    before = await world.balances()
    relay = await prepared_and_expired(world, here, there, 14)
    world.line.heal()
    # only one of the two ways to learn of the end: the payer's bank tells, or the payee's asks
    silent = {"abort": here.name, "ask": there.name}[step]
    world.line.cut_at(step, lost, both_ways=False)
    world.line.down.add(silent)
    world.pass_time(A_WHILE)
    await caught(world.line)
    world.line.heal()
    world.pass_time(A_WHILE)
    await world.at_rest()
    assert (await there.link()).arriving == 0
    assert (await states(relay, here, there))[0] == "expired"
    assert await world.balances() == before
    await world.agree()


async def test_a_bank_that_is_never_told_learns_of_the_decision_by_asking(world: World) -> None:
    here, there = world.pair("east")
    before = await world.balances()
    world.line.cut_at("commit", "request", both_ways=False)  # nothing reaches the payee's bank any more
    relay = await here.pay(there, 15)
    await caught(world.line)
    world.pass_time(LONG)

    async def is_done() -> bool:
        return (await states(relay, there)) == ["committed"]

    await until(is_done)
    assert await world.balances() == moved(before, "east", 15)
    assert [one.id for one in await here.flying()] == [relay]  # the payer's bank does not know that it is done
    world.line.heal()
    world.pass_time(A_WHILE)
    await world.at_rest()
    await world.agree()


async def test_many_payments_both_ways_over_a_line_that_comes_and_goes(world: World) -> None:
    before = await world.balances()
    east, west = world.pair("east")
    relays: list[tuple[Side, UUID]] = []
    cuts: list[tuple[str, Lost]] = [("commit", "request"), ("prepare", "answer"), ("commit", "answer")]
    for number, (step, lost) in enumerate(cuts):
        world.line.cut_at(step, lost)
        relays += [(east, await east.pay(west, 20 + number)), (west, await west.pay(east, 30 + number))]
        await caught(world.line)
        world.line.heal()
        world.pass_time(timedelta(seconds=30))
    await world.at_rest()
    assert [await states(relay, side) for side, relay in relays] == [["committed"]] * 6
    assert (await world.balances())["east"][2] == before["east"][2] + (20 + 21 + 22) - (30 + 31 + 32)
    await world.agree()


@pytest.mark.parametrize("victim", ["payer", "payee"])
async def test_a_bank_killed_within_its_commit_ends_as_if_it_had_not_begun(world: World, victim: str) -> None:
    here, there = world.pair("east")
    before = await world.balances()
    side = here if victim == "payer" else there
    step = "prepare" if victim == "payer" else "commit"
    # the last message before the victim's commit is held up until the victim's row is locked
    world.line.cut_at(step, "request")
    relay = await here.pay(there, 16)
    await caught(world.line)
    session = await blocked(side)
    world.line.heal()
    world.pass_time(timedelta(seconds=30))
    await until_somebody_waits(side)
    await side.kill()
    await session.rollback()
    await session.close()
    await until_nobody_waits(side)
    decided = "prepared" if victim == "payer" else "committed"
    assert await states(relay, here, there) == [decided, "prepared"]
    await side.start()
    world.pass_time(A_WHILE)
    await world.at_rest()
    assert await states(relay, here, there) == ["committed", "committed"]
    assert await world.balances() == moved(before, "east", 16)
    await world.agree()


@pytest.mark.parametrize(("victim", "lost"), [("payer", "request"), ("payee", "answer")])
async def test_a_bank_killed_around_the_commit_message_loses_nothing(world: World, victim: str, lost: Lost) -> None:
    here, there = world.pair("west")
    before = await world.balances()
    world.line.cut_at("commit", lost)
    relay = await here.pay(there, 17)
    await caught(world.line)
    side = here if victim == "payer" else there
    await side.kill()
    assert await states(relay, here, there) == ["committed", "prepared" if lost == "request" else "committed"]
    await side.start()
    world.line.heal()
    world.pass_time(A_WHILE)
    await world.at_rest()
    assert await world.balances() == moved(before, "west", 17)
    await world.agree()


async def test_a_rewritten_history_is_found_named_and_suspends_the_link(world: World) -> None:
    here, there = world.pair("east")
    relays = [await here.pay(there, minutes) for minutes in (5, 6, 7)]
    await world.at_rest()
    second = await there.relay(relays[1])
    link = await there.link()
    assert second is not None
    kept = await garble_received(there, second.seq)
    assert any("relay_chain_broken" in fault for fault in await there.faults())  # its own proof knows as well

    found = await here.post(f"/v1/links/{here.link_id}/compare", here.operator)
    assert found == {"differences": ["sent_chain_differs"], "first_relay": str(relays[1]), "height": second.seq}
    suspended = await here.link()
    assert (suspended.state, suspended.reason) == ("suspended", "sent_chain_differs")
    assert suspended.balance == -link.balance  # nothing was corrected
    refused = await here.http.post(
        f"/v1/members/{here.payer_id}/relays",
        json={"payee": f"{there.name}/{there.payee_id}", "minutes": 1},
        headers=here.headers(here.payer),
    )
    assert refused.json()["code"] == "link_suspended"

    await put_back_received(there, kept, link.received_head)
    await here.post(f"/v1/links/{here.link_id}/resume", here.operator)
    await world.agree()


async def test_a_quote_and_a_comparison_say_that_the_partner_is_silent(world: World) -> None:
    here, there = world.pair("east")
    world.line.down |= {"east", "west"}
    body = {"payee": f"{there.name}/{there.payee_id}", "minutes": 10}
    for path, actor, document in (
        (f"/v1/members/{here.payer_id}/relays/quote", here.payer, body),
        (f"/v1/links/{here.link_id}/compare", here.operator, None),
    ):
        answer = await here.http.post(path, json=document, headers=here.headers(actor))
        assert (answer.status_code, answer.json()["code"]) == (409, "partner_silent")
    world.line.heal()
    quoted = await here.post(f"/v1/members/{here.payer_id}/relays/quote", here.payer, body)
    assert quoted["room_minutes"] == min((await here.link()).room_out, (await there.link()).room_in)
    await world.agree()
