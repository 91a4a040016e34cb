"""A relay step by step, with the numbers written out; limits, refusals, guards against raw SQL."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.timebank.links.banks import Bank, Banks, carry, compare, pay
from tests.timebank.town import HOUR, NOON
from timebank import CloseAccount, Cycle, LedgerError, SetLimits, apply, run_cycle
from timebank.export import export_lines
from timebank.links import (
    LinkSuspended,
    RelayConflict,
    prepare_out,
    resume_link,
    suspend_link,
)
from timebank.links.protocol import REFUSED, Answer, Move, Step
from timebank.links.relays import relays_of
from timebank.verify import verify


async def test_a_payment_moves_both_mirrors_by_the_same_amount(banks: Banks) -> None:
    east, west = banks
    relay = await east.start(60)
    link = await east.link()
    assert (link.balance, link.leaving, link.room_out) == (0, 60, 140)
    assert await carry(east, west, relay, Step.PREPARE) is Move.COMMIT
    # decided: east's payer has paid; west knows of nothing but the room it holds
    assert await east.posted(east.payer, east.mirror_account) == [540, 60]
    assert await west.posted(west.mirror_account, west.payee) == [0, 0]
    assert ((await west.link()).arriving, (await west.link()).room_in) == (60, 140)
    assert await carry(east, west, await east.relay(relay.id), Step.COMMIT) is Move.CONFIRM
    assert await west.posted(west.mirror_account, west.payee) == [-60, 60]
    assert await east.flying() == await west.flying() == []
    ours, theirs = await east.link(), await west.link()
    assert (ours.sent_height, ours.sent_head) == (theirs.received_height, theirs.received_head) == (1, ours.sent_head)
    assert await compare(east, west) == await compare(west, east) == []
    assert await east.faults() == await west.faults() == []


async def test_a_payment_from_a_branch_clears_with_the_city_like_any_other(banks: Banks) -> None:
    east, west = banks
    relay = await pay(east, west, 60)
    query = (
        "SELECT p.role, p.book, p.amount FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry"
        " WHERE e.key = :key ORDER BY p.leg"
    )

    async def legs(bank: Bank) -> list[tuple[str, str, int]]:
        async with bank.begin() as tx:
            rows = await tx.execute(text(query), {"key": f"relay:{bank.id}:{relay.id}:commit"})
            return [(row[0], row[1].replace(bank.city, "city "), row[2]) for row in rows]

    # Bai (B) pays: B: Bai -60, clearing +60 | city: position(B) -60, mirror +60
    assert await legs(east) == [
        ("account", "city B", -60),
        ("account", "city ", 60),
        ("clearing", "city B", 60),
        ("position", "city ", -60),
    ]
    # Vera (A) is paid: city: mirror -60, position(A) +60 | A: clearing -60, Vera +60
    assert await legs(west) == [
        ("account", "city ", -60),
        ("account", "city A", 60),
        ("clearing", "city A", -60),
        ("position", "city ", 60),
    ]
    # supply: 600 were issued in each city; east's people now hold 540, west's 660
    assert (await east.wealth(), await west.wealth()) == (540, 660)
    assert await east.posted(east.account("issuance"), east.mirror_account) == [-600, 60]


async def test_the_nightly_cycle_counts_a_relay_as_trade_with_the_city(banks: Banks) -> None:
    east, west = banks
    await pay(east, west, 60)
    await pay(west, east, 25)

    async def cycle(bank: Bank) -> Cycle:
        async with bank.begin() as tx:
            return await run_cycle(tx, bank.city, unit="minute", on_day=date(2026, 3, 2), caps={}, now=NOON)

    # east: B was granted 600 and paid 60 to the city's mirror, A got 25 from it; the city gave out 600 and kept 35
    ours = await cycle(east)
    nets = {line.branch.removeprefix(east.city): line.net for line in ours.lines}
    assert (nets, ours.city_net) == ({"A": -25, "B": -600 + 60}, 565)
    # west: B was granted 600 and paid 25, A got 60: the city gave out 635
    theirs = await cycle(west)
    assert theirs.city_net == 600 - 25 + 60
    assert await east.faults() == await west.faults() == []


async def test_the_outside_verifier_takes_the_export_of_a_bank_that_trades(banks: Banks) -> None:
    east, west = banks
    await pay(east, west, 60)
    await east.start(10)
    await west.receive(Step.PREPARE, await east.start(20), now=NOON)
    for bank in banks:
        async with bank.begin() as tx:
            lines = [line async for line in export_lines(tx)]
        assert verify(lines).read.entries


async def test_trade_in_both_directions_nets_in_the_mirrors(banks: Banks) -> None:
    east, west = banks
    await pay(east, west, 90)
    await pay(west, east, 120)
    await pay(east, west, 10)
    # east: +90 -120 +10 = -20: west owes east 20
    assert ((await east.link()).balance, (await west.link()).balance) == (-20, 20)
    assert await compare(east, west) == await compare(west, east) == []


async def test_a_refused_payment_gives_the_payer_everything_back(banks: Banks) -> None:
    east, west = banks
    async with west.begin() as tx:
        await suspend_link(tx, west.id, reason="holiday", now=NOON)
    relay = await east.start(60)
    assert await carry(east, west, relay, Step.PREPARE) is Move.END
    ended = await east.relay(relay.id)
    assert (ended.state, ended.reason, ended.confirmed_at) == ("aborted", "link_suspended", NOON)
    assert (await east.link()).leaving == 0
    assert await east.posted(east.payer) == [600]
    assert await east.faults() == []


async def test_a_suspended_link_ends_what_was_decided_and_decides_nothing_new(banks: Banks) -> None:
    east, west = banks
    decided, open_still = await east.start(60), await east.start(30)
    assert await carry(east, west, decided, Step.PREPARE) is Move.COMMIT
    for bank in banks:
        async with bank.begin() as tx:
            await suspend_link(tx, bank.id, reason="a doubt", now=NOON)
    assert await carry(east, west, await east.relay(decided.id), Step.COMMIT) is Move.CONFIRM
    answer = Answer("prepared")  # given before the partner suspended
    assert await east.record(open_still, Step.PREPARE, answer, now=NOON) is Move.END
    with pytest.raises(LinkSuspended):
        await east.start(1)
    async with east.begin() as tx:
        await resume_link(tx, east.id, now=NOON)
    await east.start(1)


async def test_an_overdue_relay_expires_at_the_payer_and_the_payee_learns_it_by_asking(banks: Banks) -> None:
    east, west = banks
    relay = await east.start(60)
    await west.receive(Step.PREPARE, relay, now=NOON)  # its answer is lost
    late = NOON + 2 * HOUR
    [waiting] = await west.flying()
    answer = await east.receive(Step.ASK, waiting, now=late)
    assert answer.state == "expired"
    assert await west.record(waiting, Step.ASK, answer, now=late) is Move.END
    assert await west.flying() == []
    assert await east.record(relay, Step.PREPARE, Answer("prepared"), now=late) is Move.WAIT  # the late answer
    assert (await east.relay(relay.id)).state == "expired"
    assert await east.posted(east.payer) == [600]
    assert await east.faults() == await west.faults() == []


async def test_a_commit_is_done_however_late_and_whatever_the_payees_clock_says(banks: Banks) -> None:
    east, west = banks
    west.skew = 5 * HOUR
    relay = await east.start(60, lives=6 * HOUR)
    assert await carry(east, west, relay, Step.PREPARE) is Move.COMMIT
    decided = await east.relay(relay.id)
    assert await carry(east, west, decided, Step.COMMIT, now=NOON + timedelta(days=30)) is Move.CONFIRM
    assert await west.posted(west.payee) == [60]


async def test_commits_that_overtake_one_another_are_done_in_the_payers_order(banks: Banks) -> None:
    east, west = banks
    first, second = await east.start(10), await east.start(20)
    for relay in (first, second):
        assert await carry(east, west, relay, Step.PREPARE) is Move.COMMIT
    first, second = await east.relay(first.id), await east.relay(second.id)
    assert await carry(east, west, second, Step.COMMIT) is Move.WAIT
    assert await carry(east, west, first, Step.COMMIT) is Move.CONFIRM
    assert await carry(east, west, second, Step.COMMIT) is Move.CONFIRM
    assert await compare(east, west) == []


async def test_the_minutes_of_a_payee_who_left_wait_in_the_links_account(banks: Banks) -> None:
    east, west = banks
    relay = await east.start(60)
    assert await carry(east, west, relay, Step.PREPARE) is Move.COMMIT
    async with west.begin() as tx:
        await apply(tx, [CloseAccount(f"left:{west.city}", west.payee)], now=NOON)
    assert await carry(east, west, await east.relay(relay.id), Step.COMMIT) is Move.CONFIRM
    assert await west.posted(west.mirror_account, west.unclaimed) == [-60, 60]
    assert await west.faults() == []


async def test_what_passes_the_payees_cap_goes_to_her_branchs_pool(banks: Banks) -> None:
    east, west = banks
    async with west.begin() as tx:
        await apply(tx, [SetLimits(f"cap:{west.city}", west.payee, 0, 45)], now=NOON)
    await pay(east, west, 60)
    assert await west.posted(west.payee, west.pool, west.mirror_account) == [45, 15, -60]


async def test_the_same_relay_again_changes_nothing_and_another_under_its_id_is_refused(banks: Banks) -> None:
    east, west = banks
    relay = await east.start(60)
    again = await east.start(60, relay=relay.id)
    assert again == relay
    with pytest.raises(RelayConflict):
        await east.start(61, relay=relay.id)
    for _ in range(2):
        assert (await west.receive(Step.PREPARE, relay, now=NOON)).state == "prepared"
    assert (await west.link()).arriving == 60
    with pytest.raises(RelayConflict):  # a partner may not reuse the id of a relay of ours
        await west.start(60, relay=relay.id)


async def test_a_commit_of_other_contents_or_another_history_is_refused(banks: Banks) -> None:
    east, west = banks
    first, second = await east.start(10), await east.start(20)
    for relay in (first, second):
        await carry(east, west, relay, Step.PREPARE)
    decided = await east.relay(first.id)
    wrongs: list[tuple[dict[str, Any], str]] = [
        ({"contents": b"x" * 32}, "relay_conflict"),
        ({"head": b"x" * 32}, "chain_diverged"),
        ({"decided_at": NOON - HOUR}, "chain_diverged"),
        ({"seq": 2}, "relay_out_of_order"),
    ]
    for wrong, code in wrongs:
        assert await west.receive(Step.COMMIT, replace(decided, **wrong), now=NOON) == Answer(REFUSED, code)
    assert (await west.receive(Step.COMMIT, decided, now=NOON)).state == "committed"
    assert await west.receive(Step.COMMIT, replace(decided, seq=7), now=NOON) == Answer(REFUSED, "relay_ended")
    assert await west.receive(Step.ABORT, decided, now=NOON) == Answer(REFUSED, "relay_ended")


async def test_an_account_lists_its_relays_newest_first(banks: Banks) -> None:
    east, west = banks
    first = await east.start(10)
    second = await east.start(20, now=NOON + HOUR)
    paid = await pay(west, east, 5)
    async with east.begin() as tx:
        assert [one.id for one in await relays_of(tx, east.payer)] == [second.id, first.id]
        assert [one.id for one in await relays_of(tx, east.payee)] == [paid.id]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": 0}, "invalid_command"),
        ({"amount": 2**63}, "invalid_command"),
        ({"amount": 60.0}, "invalid_command"),
        ({"amount": 601}, "limit_reached"),
        ({"payer": "west/bai"}, "invalid_command"),
        ({"payee": "north/vera"}, "invalid_command"),
        ({"payee": "west/" + "x" * 200}, "invalid_command"),
        ({"expires_at": NOON}, "relay_expired"),
        ({"account": "the mirror"}, "unknown_account"),
        ({"account": uuid4()}, "unknown_account"),
        ({"link": uuid4()}, "unknown_link"),
    ],
)
async def test_a_bad_relay_is_refused_by_name_and_changes_nothing(
    banks: Banks, change: dict[str, object], code: str
) -> None:
    east, _ = banks
    given: dict[str, object] = {
        "link": east.id,
        "account": east.payer,
        "amount": 60,
        "payer": "east/bai",
        "payee": "west/vera",
        "expires_at": NOON + HOUR,
        **change,
    }
    if given["account"] == "the mirror":
        given["account"] = east.mirror_account
    with pytest.raises(LedgerError) as refused:
        async with east.begin() as tx:
            await prepare_out(tx, relay=uuid4(), **given, now=NOON)  # type: ignore[arg-type] # wrong on purpose
    assert refused.value.code == code
    assert await east.flying() == []
    assert (await east.link()).leaving == 0
