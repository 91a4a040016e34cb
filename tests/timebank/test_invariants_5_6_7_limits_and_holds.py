"""Invariants 5, 6 and 7: floors and caps, holds under a simulated clock, and the one reversal."""

from datetime import timedelta

import pytest

from tests.timebank.town import AUTHORISED, BAI_B, HOUR, ISSUANCE, NOON, POOL_A, VERA_A, WANG_B, Town, post
from timebank import Capture, Hold, Release, Reverse, SetLimits, Transfer, sweep
from timebank.errors import (
    AlreadyReversed,
    CapReached,
    CaptureTooLarge,
    HoldExpired,
    HoldResolved,
    InsufficientBalance,
    NotReversible,
    UnknownEntry,
    UnknownHold,
)

LATER = NOON + 2 * HOUR


async def test_invariant_5_no_minute_below_the_floor_leaves_an_account(town: Town) -> None:
    with pytest.raises(InsufficientBalance) as refusal:
        await town.give(BAI_B, VERA_A, 601, key="v1")
    assert refusal.value.data == {"key": "v1", "account": str(BAI_B), "available": 600, "floor": 0, "amount": 601}
    await town.give(BAI_B, VERA_A, 600)
    assert await town.posted(BAI_B, VERA_A) == [0, 600]


async def test_invariant_5_held_minutes_count_as_gone(town: Town) -> None:
    await town.do(Hold("h1", BAI_B, 550, NOON + HOUR, "task:1"))
    with pytest.raises(InsufficientBalance):
        await town.give(BAI_B, VERA_A, 51)
    with pytest.raises(InsufficientBalance):
        await town.do(Hold("h2", BAI_B, 51, NOON + HOUR, "task:2"))
    await town.give(BAI_B, VERA_A, 50)


async def test_invariant_5_a_negative_floor_gives_credit_down_to_it(town: Town) -> None:
    await town.do(SetLimits("limits", VERA_A, floor=-30, cap=None))
    await town.give(VERA_A, WANG_B, 30)
    with pytest.raises(InsufficientBalance):
        await town.give(VERA_A, WANG_B, 1)


async def test_invariant_5_what_exceeds_the_cap_goes_to_the_pool_in_the_same_entry(town: Town) -> None:
    await town.do(SetLimits("limits", VERA_A, floor=0, cap=100))
    await town.give(BAI_B, VERA_A, 80)
    [result] = await town.do(post("v2", Transfer(BAI_B, VERA_A, 60), excess_to=POOL_A))
    assert (result.amount, result.excess) == (20, 40)  # 80 + 20 = 100, the other 40 to the pool
    assert await town.posted(BAI_B, VERA_A, POOL_A) == [460, 100, 40]


async def test_invariant_5_the_cap_counts_earlier_transfers_of_the_same_entry(town: Town) -> None:
    await town.do(SetLimits("limits", VERA_A, floor=0, cap=100))
    transfers = (Transfer(BAI_B, VERA_A, 70), Transfer(BAI_B, VERA_A, 70))
    [result] = await town.do(post("v1", *transfers, excess_to=POOL_A))
    assert (result.amount, result.excess) == (100, 40)


async def test_invariant_5_without_a_pool_a_reached_cap_refuses(town: Town) -> None:
    await town.do(SetLimits("limits", VERA_A, floor=0, cap=100))
    with pytest.raises(CapReached) as refusal:
        await town.give(BAI_B, VERA_A, 101)
    assert refusal.value.data["cap"] == 100
    assert await town.posted(VERA_A) == [0]


async def test_invariant_5_a_capture_respects_the_cap_too(town: Town) -> None:
    await town.do(SetLimits("limits", VERA_A, floor=0, cap=10), Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"))
    [result] = await town.do(Capture("c1", "h1", VERA_A, NOON, "visit:1", excess_to=POOL_A))
    assert (result.amount, result.excess) == (10, 50)


async def test_invariant_5_a_floor_cannot_be_raised_above_what_is_there(town: Town) -> None:
    await town.do(SetLimits("l1", VERA_A, floor=-30, cap=None), town.move(VERA_A, WANG_B, 20))
    with pytest.raises(InsufficientBalance):
        await town.do(SetLimits("l2", VERA_A, floor=-10, cap=None))


async def test_invariant_6_a_hold_past_its_expiry_cannot_be_captured_though_no_sweep_ran(town: Town) -> None:
    await town.do(Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"))
    with pytest.raises(HoldExpired) as refusal:
        await town.do(Capture("c1", "h1", WANG_B, NOON, "visit:1"), now=NOON + HOUR)
    assert refusal.value.data["hold_key"] == "h1"
    await town.do(Capture("c1", "h1", WANG_B, NOON, "visit:1"), now=NOON + HOUR - timedelta(microseconds=1))
    assert await town.posted(WANG_B) == [60]


async def test_invariant_6_an_expired_hold_no_longer_keeps_its_minutes_though_no_sweep_ran(town: Town) -> None:
    await town.do(Hold("h1", BAI_B, 600, NOON + HOUR, "task:1"))
    assert (await town.account(BAI_B, now=LATER)).available == 600
    await town.do(town.move(BAI_B, WANG_B, 600), now=LATER)
    with pytest.raises(HoldExpired):
        await town.do(Capture("c1", "h1", WANG_B, NOON, "visit:1"), now=LATER)


async def test_invariant_6_a_late_release_gives_the_hour_back(town: Town) -> None:
    await town.do(Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"))
    [result] = await town.do(Release("free", "h1"), now=LATER)
    assert (result.amount, result.state) == (60, "expired")
    assert (await town.account(BAI_B)).held == 0


async def test_invariant_6_a_release_after_the_capture_gives_nothing_and_does_not_fail(town: Town) -> None:
    await town.do(Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"), Capture("c1", "h1", WANG_B, NOON, "visit:1"))
    [result] = await town.do(Release("free", "h1"))
    assert (result.amount, result.state) == (0, "captured")
    assert await town.posted(BAI_B) == [540]


async def test_invariant_6_a_resolved_hold_is_not_captured_again(town: Town) -> None:
    await town.do(Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"), Release("free", "h1"))
    with pytest.raises(HoldResolved) as refusal:
        await town.do(Capture("c1", "h1", WANG_B, NOON, "visit:1"))
    assert refusal.value.data["state"] == "released"


async def test_invariant_6_no_more_is_captured_than_was_held(town: Town) -> None:
    await town.do(Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"))
    with pytest.raises(CaptureTooLarge):
        await town.do(Capture("c1", "h1", WANG_B, NOON, "visit:1", amount=61))
    with pytest.raises(UnknownHold):
        await town.do(Capture("c1", "h9", WANG_B, NOON, "visit:1"))


async def test_invariant_6_the_sweep_only_tidies_what_has_expired(town: Town) -> None:
    await town.do(*(Hold(f"h{hours}", BAI_B, 60, NOON + hours * HOUR, "task") for hours in (1, 2, 3)))
    for expected in (2, 0):
        async with town.begin() as tx:
            assert await sweep(tx, now=LATER) == expected
    assert (await town.account(BAI_B)).held == 60


async def test_invariant_7_an_entry_is_reversed_at_most_once(town: Town) -> None:
    await town.give(BAI_B, VERA_A, 60, key="v1")
    await town.do(Reverse("r1", "v1", NOON, "mistake"))
    with pytest.raises(AlreadyReversed) as refusal:
        await town.do(Reverse("r2", "v1", NOON, "mistake"))
    assert refusal.value.data["reversed_by"] == "r1"
    with pytest.raises(NotReversible):
        await town.do(Reverse("r3", "r1", NOON, "mistake"))
    with pytest.raises(UnknownEntry):
        await town.do(Reverse("r4", "nothing", NOON, "mistake"))


async def test_invariant_7_a_reversal_may_cross_the_cap(town: Town) -> None:
    await town.do(SetLimits("limits", BAI_B, floor=0, cap=600))
    await town.give(BAI_B, VERA_A, 60, key="v1")
    await town.give(VERA_A, BAI_B, 60)
    await town.do(Reverse("r1", "v1", NOON, "mistake"))
    assert await town.posted(BAI_B, VERA_A) == [660, -60]


async def test_invariant_12_no_more_is_issued_than_authorised(town: Town) -> None:
    await town.give(ISSUANCE, BAI_B, AUTHORISED - 600)
    with pytest.raises(InsufficientBalance):
        await town.give(ISSUANCE, BAI_B, 1)
    assert await town.posted(ISSUANCE, BAI_B) == [-6_000, 6_000]
