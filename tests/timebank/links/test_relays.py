"""A relay step by step, with the numbers written out; limits, refusals, guards against raw SQL."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from tests.timebank.links.banks import Bank, carry, compare, pay
from tests.timebank.town import HOUR, NOON
from timebank import CloseAccount, Command, Cycle, LedgerError, Post, Reverse, SetLimits, Transfer, apply, run_cycle
from timebank.errors import AccountNotEmpty, AppendOnly, InsufficientBalance, named
from timebank.export import export_lines
from timebank.links import (
    LimitReached,
    LinkExists,
    LinkNotEmpty,
    LinkSuspended,
    MirrorLocked,
    RelayConflict,
    close_link,
    hear_limit,
    open_link,
    prepare_in,
    prepare_out,
    resume_link,
    set_our_limit,
    suspend_link,
)
from timebank.links.mirrors import (
    Flying,
    Seen,
    differences,
    first_difference,
    head_at,
    relay_at,
    seen_of,
    word_of,
)
from timebank.links.moves import record
from timebank.links.protocol import REFUSED, Answer, Move, Step
from timebank.links.relays import relays_of
from timebank.proof import prove
from timebank.schema import grant_sql
from timebank.verify import verify

Banks = tuple[Bank, Bank]


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


async def test_our_limit_counts_what_is_in_flight_by_the_mirrors_own_floor(banks: Banks) -> None:
    east, west = banks
    first = await east.start(150)
    assert (await west.receive(Step.PREPARE, first, now=NOON)).state == "prepared"
    async with east.begin() as tx:
        await hear_limit(tx, east.id, 1_000)  # east believes in a limit that west never gave
    second = await east.start(60)
    # west lets east owe 200; 150 are on their way, so 50 fit and 60 do not
    assert await west.receive(Step.PREPARE, second, now=NOON) == Answer(REFUSED, "limit_reached")
    terms: dict[str, Any] = {"payer": "east/bai", "payee": "west/vera", "expires_at": NOON + HOUR}
    with pytest.raises(LimitReached) as refused:
        async with west.begin() as tx:
            await prepare_in(
                tx, west.id, uuid4(), account=west.payee, excess_to=None, unit="minute", amount=60, **terms, now=NOON
            )
    assert refused.value.data == {"link": str(west.id), "whose": "ours", "room": 50, "amount": 60}


async def test_their_limit_counts_what_is_leaving(banks: Banks) -> None:
    east, _ = banks
    await east.start(150)
    with pytest.raises(LimitReached) as refused:
        await east.start(60)
    assert refused.value.data == {"link": str(east.id), "whose": "theirs", "room": 50, "amount": 60}
    await east.start(50)
    assert await east.faults() == []


async def test_a_lowered_limit_lets_end_what_is_under_way_and_admits_nothing_more(banks: Banks) -> None:
    east, west = banks
    relay = await east.start(100)
    async with east.begin() as tx:
        await hear_limit(tx, east.id, 40)
    assert await carry(east, west, relay, Step.PREPARE) is Move.COMMIT
    with pytest.raises(LimitReached):
        await east.start(1)
    assert (await east.link()).balance == 100


async def test_our_limit_cannot_fall_below_what_is_owed_and_under_way(banks: Banks) -> None:
    east, west = banks
    await pay(east, west, 80)
    await west.receive(Step.PREPARE, await east.start(70), now=NOON)
    async with west.begin() as tx:
        await set_our_limit(tx, west.id, 150, key=f"lower:{west.city}", now=NOON)
    with pytest.raises(InsufficientBalance):
        async with west.begin() as tx:
            await set_our_limit(tx, west.id, 149, key=f"lower still:{west.city}", now=NOON)


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


async def test_a_diverged_answer_suspends_the_link(banks: Banks) -> None:
    east, west = banks
    relay = await east.start(60)
    await carry(east, west, relay, Step.PREPARE)
    decided = await east.relay(relay.id)
    assert await east.record(decided, Step.COMMIT, Answer(REFUSED, "chain_diverged"), now=NOON) is Move.SUSPEND
    link = await east.link()
    assert (link.state, link.reason) == ("suspended", f"chain_diverged, relay {relay.id}")
    assert [one.id for one in await east.flying()] == [relay.id]  # it stays listed until a person has looked


async def test_a_divergence_names_its_first_relay(banks: Banks) -> None:
    east, west = banks
    relays = [await pay(east, west, minutes) for minutes in (10, 20, 30, 40)]

    async def theirs(seq: int) -> bytes | None:
        async with west.begin() as tx:
            return b"other" if seq >= 3 else await head_at(tx, west.id, "in", seq)

    async def ours(seq: int) -> bytes | None:
        async with east.begin() as tx:
            return await head_at(tx, east.id, "out", seq)

    assert await first_difference(4, ours, theirs) == 3
    async with east.begin() as tx:
        assert await relay_at(tx, east.id, "out", 3) == relays[2].id


async def test_a_partner_set_back_to_yesterday_is_found(banks: Banks) -> None:
    east, west = banks
    async with west.begin() as tx:
        yesterday = await word_of(tx, west.id, received=0)
    await pay(west, east, 30)  # which west no longer knows to have sent
    async with east.begin() as tx:
        found = await differences(tx, east.id, replace(yesterday, sent_at=None), seen=await seen_of(tx, east.id))
    assert found == ["received_chain_differs"]
    await pay(east, west, 40)  # which west no longer knows to have received
    async with east.begin() as tx:
        seen = await seen_of(tx, east.id)
        found = await differences(tx, east.id, replace(yesterday, sent_at=None), seen=seen)
    assert seen == Seen(received=1, confirmed=1)
    assert found == ["sent_relay_lost", "received_chain_differs"]


async def test_what_moves_while_the_partner_is_asked_is_no_difference(banks: Banks) -> None:
    east, west = banks
    await pay(east, west, 10)
    async with east.begin() as tx:
        seen = await seen_of(tx, east.id)
    async with west.begin() as tx:
        word = await word_of(tx, west.id, received=seen.received)
    await pay(east, west, 20)
    await pay(west, east, 30)
    decided = await east.start(5)
    await carry(east, west, decided, Step.PREPARE)
    async with east.begin() as tx:
        assert await differences(tx, east.id, word, seen=seen) == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"balance": -9}, "mirror_differs"),
        ({"received_head": b"x" * 32}, "sent_chain_differs"),
        ({"received_height": 7}, "sent_chain_differs"),
        ({"sent_at": b"x" * 32}, "received_chain_differs"),
        ({"flying": (Flying(UUID(int=3), "in", "prepared", 5, None),)}, f"unknown_in_flight:{UUID(int=3)}"),
    ],
)
async def test_each_kind_of_difference_has_its_code(banks: Banks, wrong: dict[str, Any], code: str) -> None:
    east, west = banks
    await pay(east, west, 10)
    async with east.begin() as tx:
        seen = await seen_of(tx, east.id)
    async with west.begin() as tx:
        word = await word_of(tx, west.id, received=seen.received)
    async with east.begin() as tx:
        assert await differences(tx, east.id, replace(word, **wrong), seen=seen) == [code]


@pytest.mark.parametrize("change", ["post", "reverse"])
async def test_a_mirror_moves_with_a_relay_only(banks: Banks, change: str) -> None:
    east, west = banks
    relay = await pay(east, west, 60)
    move = Transfer(east.mirror_account, east.payer, 10)
    commands: dict[str, Command] = {
        "post": Post(f"steal:{east.city}", (move,), "gift", "gift", NOON),
        "reverse": Reverse(f"undo:{east.city}", f"relay:{east.id}:{relay.id}:commit", NOON, "a mistake"),
    }
    with pytest.raises(MirrorLocked):
        async with east.begin() as tx:
            await apply(tx, [commands[change]], now=NOON)


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE ledger_relay SET state = 'aborted' WHERE state = 'committed'",
        "UPDATE ledger_relay SET amount = 1",
        "UPDATE ledger_relay SET confirmed_at = now()",
        "DELETE FROM ledger_relay",
        "TRUNCATE ledger_relay",
        "DELETE FROM ledger_link",
        "UPDATE ledger_link SET sent_height = 0",
        "UPDATE ledger_link SET sent_head = ''",
        "UPDATE ledger_link SET their_name = 'north'",
    ],
)
async def test_raw_sql_cannot_rewrite_a_relay_or_its_link(banks: Banks, attack: str) -> None:
    east, west = banks
    await pay(east, west, 60)
    with pytest.raises(DBAPIError) as refused:
        async with east.begin() as tx:
            await tx.execute(text(attack))
    assert isinstance(named(refused.value), AppendOnly)


async def test_raw_sql_cannot_owe_more_than_the_partner_lets(banks: Banks) -> None:
    east, _ = banks
    with pytest.raises(DBAPIError) as refused:
        async with east.begin() as tx:
            await tx.execute(text(f"UPDATE ledger_link SET leaving = leaving + 201 WHERE id = '{east.id}'"))
    assert isinstance(named(refused.value), LimitReached)


@pytest.mark.parametrize(
    ("tampering", "check"),
    [
        ("UPDATE ledger_relay SET amount = amount + 1", "relay_chain_broken"),
        ("UPDATE ledger_link SET received_height = 5", "link_head_differs_from_relays"),
        ("UPDATE ledger_link SET balance = balance + 1", "link_differs_from_relays"),
        (
            "UPDATE ledger_relay SET state = 'aborted', seq = NULL, decided_at = NULL, head = NULL, entry = NULL",
            "relay_without_its_hold",
        ),
    ],
)
async def test_the_proof_finds_what_the_owner_tampered_with(banks: Banks, tampering: str, check: str) -> None:
    east, west = banks
    await pay(east, west, 60)
    column = "id" if "ledger_link" in tampering else "link"
    async with AsyncSession(east.engine) as tx:
        await tx.execute(text("SET LOCAL session_replication_role = replica"))  # no trigger fires
        await tx.execute(text(f"{tampering} WHERE {column} = '{east.id}'"))
        assert check in {failure.name for failure in await prove(tx)}
        await tx.rollback()


async def test_a_link_closes_only_when_nothing_is_owed_or_in_flight(banks: Banks) -> None:
    east, west = banks
    await pay(east, west, 60)

    async def close(bank: Bank) -> None:
        async with bank.begin() as tx:
            await close_link(tx, bank.id, reason="the end", now=NOON)

    with pytest.raises(LinkNotEmpty):
        await close(east)
    await pay(west, east, 60)
    flying = await east.start(10)
    with pytest.raises(LinkNotEmpty):
        await close(east)
    await east.record(flying, Step.PREPARE, Answer(REFUSED, "payee_unknown"), now=NOON)
    await close(east)
    with pytest.raises(LinkSuspended):
        async with east.begin() as tx:
            await resume_link(tx, east.id, now=NOON)
    assert await east.faults() == []


async def test_a_closed_link_may_be_followed_by_another_to_the_same_partner(banks: Banks) -> None:
    east, _ = banks
    async with east.begin() as tx:
        await close_link(tx, east.id, reason="the end", now=NOON)
    names = {"our_name": "east", "their_name": "west"}
    async with east.begin() as tx:
        fresh = await open_link(tx, uuid4(), book=east.city, unit="minute", **names, limit=5, now=NOON)
    assert (fresh.state, fresh.our_limit, fresh.balance) == ("open", 5, 0)


async def test_an_application_role_relays_by_the_functions_and_writes_nothing_itself(banks: Banks) -> None:
    east, west = banks
    role = f"application_{uuid4().hex}"
    async with east.begin() as tx:
        await tx.execute(text(f'CREATE ROLE "{role}"'))
        for statement in grant_sql(role):
            await tx.execute(text(statement))
    relay = await east.start(60)
    async with east.begin() as tx:
        await tx.execute(text(f'SET LOCAL ROLE "{role}"'))
        assert await record(tx, relay, Step.PREPARE, Answer("prepared"), now=NOON) is Move.COMMIT
        assert (await word_of(tx, east.id, received=0)).sent_height == 1
    await pay(west, east, 10)
    for attack in ("UPDATE ledger_relay SET reason = 'x'", "UPDATE ledger_link SET their_limit = 0"):
        async with AsyncSession(east.engine) as tx:
            await tx.execute(text(f'SET LOCAL ROLE "{role}"'))
            with pytest.raises(DBAPIError, match="permission denied"):
                await tx.execute(text(attack))
    async with east.begin() as tx:
        for revoke in (f'DROP OWNED BY "{role}"', f'DROP ROLE "{role}"'):
            await tx.execute(text(revoke))


async def test_a_link_does_not_close_over_unclaimed_minutes(banks: Banks) -> None:
    east, west = banks
    relay = await east.start(60)
    await carry(east, west, relay, Step.PREPARE)
    async with west.begin() as tx:
        await apply(tx, [CloseAccount(f"left:{west.city}", west.payee)], now=NOON)
    await carry(east, west, await east.relay(relay.id), Step.COMMIT)
    await pay(west, east, 60)
    with pytest.raises(AccountNotEmpty):
        async with west.begin() as tx:
            await close_link(tx, west.id, reason="the end", now=NOON)


async def test_an_account_lists_its_relays_newest_first(banks: Banks) -> None:
    east, west = banks
    first = await east.start(10)
    second = await east.start(20, now=NOON + HOUR)
    paid = await pay(west, east, 5)
    async with east.begin() as tx:
        assert [one.id for one in await relays_of(tx, east.payer)] == [second.id, first.id]
        assert [one.id for one in await relays_of(tx, east.payee)] == [paid.id]


async def test_opening_again_changes_nothing_and_a_name_belongs_to_one_link(banks: Banks) -> None:
    east, _ = banks
    names = {"our_name": "east", "their_name": "west"}
    async with east.begin() as tx:
        again = await open_link(tx, east.id, book=east.city, unit="minute", **names, limit=1, now=NOON)
    assert again.our_limit == 300
    with pytest.raises(LinkExists):
        async with east.begin() as tx:
            await open_link(tx, uuid4(), book=east.city, unit="minute", **names, limit=1, now=NOON)


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
