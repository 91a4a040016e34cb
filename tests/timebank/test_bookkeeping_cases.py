"""The book-keeping cases of the exchange, each with its numbers written out and worked by hand."""

from datetime import timedelta

from tests.timebank.town import BAI_B, HOUR, ISSUANCE, LIU_A, NOON, POOL_A, RESERVE, VERA_A, WANG_B, Town, post
from timebank import Capture, Hold, Reverse, Transfer


async def test_a_grant_issues_from_the_city_and_clears_against_the_branch(town: Town) -> None:
    # city: issuance -600, position(B) +600 | B: clearing -600, Bai +600
    assert await town.legs("grant:bai") == [
        ("account", "city", None, -600),
        ("account", "B", None, 600),
        ("clearing", "B", "B", -600),
        ("position", "city", "B", 600),
    ]
    assert await town.posted(ISSUANCE, BAI_B) == [-600, 600]


async def test_a_service_within_a_branch_takes_two_legs(town: Town) -> None:
    await town.give(BAI_B, WANG_B, 60, key="v1")
    assert await town.legs("v1") == [("account", "B", None, -60), ("account", "B", None, 60)]
    assert await town.posted(BAI_B, WANG_B) == [540, 60]


async def test_a_cross_branch_service_clears_in_both_books_and_is_mirrored_in_the_city(town: Town) -> None:
    # Vera (home A) serves Bai (home B): B: Bai -60, clearing +60 | A: clearing -60, Vera +60
    await town.give(BAI_B, VERA_A, 60, key="v1")
    assert await town.legs("v1") == [
        ("account", "B", None, -60),
        ("account", "A", None, 60),
        ("clearing", "B", "B", 60),
        ("position", "city", "B", -60),
        ("clearing", "A", "A", -60),
        ("position", "city", "A", 60),
    ]
    # B: -600 from the grant, +60 now: B's clearing is -540, mirrored +540; A's is -60, mirrored +60
    assert await town.positions() == {"A": (-60, 60), "B": (-540, 540)}


async def test_a_volunteer_redeems_for_his_mother_in_another_branch_by_hold_and_capture(town: Town) -> None:
    await town.give(BAI_B, VERA_A, 90)
    await town.do(Hold("h1", VERA_A, 60, NOON + HOUR, "task:1"))
    vera = await town.account(VERA_A)
    assert (vera.posted, vera.held, vera.available) == (90, 60, 30)  # nothing posted yet
    [captured] = await town.do(Capture("c1", "h1", WANG_B, NOON, "visit:1"))
    assert (captured.amount, captured.state) == (60, "posted")
    # A: Vera -60, clearing +60 | B: clearing -60, Wang +60 | city: position(A) -60, position(B) +60
    assert sorted(await town.legs("c1"), key=str) == sorted(
        [
            ("account", "A", None, -60),
            ("clearing", "A", "A", 60),
            ("clearing", "B", "B", -60),
            ("account", "B", None, 60),
            ("position", "city", "A", -60),
            ("position", "city", "B", 60),
        ],
        key=str,
    )
    assert await town.posted(VERA_A, WANG_B) == [30, 60]
    # A's clearing: -90 + 60 = -30; that of B: -600 + 90 - 60 = -570
    assert await town.positions() == {"A": (-30, 30), "B": (-570, 570)}


async def test_a_gift_back_to_the_city_clears_on_one_side_only(town: Town) -> None:
    # Bai gives 100 to the city's reserve: B: Bai -100, clearing +100 | city: position(B) -100, reserve +100
    await town.give(BAI_B, RESERVE, 100, key="gift")
    assert await town.legs("gift") == [
        ("account", "B", None, -100),
        ("account", "city", None, 100),
        ("clearing", "B", "B", 100),
        ("position", "city", "B", -100),
    ]
    assert await town.positions() == {"B": (-500, 500)}


async def test_the_reserve_is_funded_from_issuance_within_the_city_book(town: Town) -> None:
    await town.give(ISSUANCE, RESERVE, 1_000)
    assert await town.posted(ISSUANCE, RESERVE) == [-1_600, 1_000]


async def test_a_reversal_mirrors_every_leg_and_restores_every_balance(town: Town) -> None:
    await town.give(BAI_B, VERA_A, 60, key="v1")
    await town.do(Reverse("r1", "v1", NOON, "wrong volunteer"))
    assert await town.legs("r1") == [
        (role, book, branch, -amount) for role, book, branch, amount in await town.legs("v1")
    ]
    assert await town.posted(BAI_B, VERA_A) == [600, 0]
    assert await town.positions() == {"A": (0, 0), "B": (-600, 600)}


async def test_a_reversal_of_spent_minutes_is_owed_and_the_next_earnings_pay_it_first(town: Town) -> None:
    await town.give(BAI_B, VERA_A, 60, key="earned")
    await town.give(VERA_A, LIU_A, 50)
    await town.do(Reverse("r1", "earned", NOON, "never took place"))
    vera = await town.account(VERA_A)
    # she has 60 - 50 = 10; -60 leaves -50, which is 50 below her floor of 0
    assert (vera.posted, vera.owed, vera.available) == (-50, 50, 0)
    await town.give(BAI_B, VERA_A, 30)
    vera = await town.account(VERA_A)
    assert (vera.posted, vera.owed, vera.available) == (-20, 20, 0)
    await town.give(BAI_B, VERA_A, 30)
    vera = await town.account(VERA_A)
    assert (vera.posted, vera.owed, vera.available) == (10, 0, 10)


async def test_a_captured_part_frees_the_rest_of_the_hold(town: Town) -> None:
    await town.do(Hold("h1", BAI_B, 120, NOON + HOUR, "task:1"))
    await town.do(Capture("c1", "h1", WANG_B, NOON, "visit:1", amount=45))
    bai = await town.account(BAI_B)
    assert (bai.posted, bai.held, bai.available) == (555, 0, 555)


async def test_a_hold_taken_before_a_reversal_is_still_paid_and_the_shortfall_stays_owed(town: Town) -> None:
    await town.give(BAI_B, VERA_A, 60, key="earned")
    await town.do(Hold("h1", VERA_A, 60, NOON + timedelta(days=1), "task:1"))
    await town.do(Reverse("r1", "earned", NOON, "never took place"))
    await town.do(Capture("c1", "h1", WANG_B, NOON, "visit:1"))
    vera = await town.account(VERA_A)
    assert (vera.posted, vera.held, vera.owed) == (-60, 0, 60)
    assert await town.posted(WANG_B) == [60]


async def test_one_entry_may_pay_several_helpers_from_one_elder(town: Town) -> None:
    [result] = await town.do(post("v1", Transfer(BAI_B, VERA_A, 60), Transfer(BAI_B, WANG_B, 30)))
    assert result.amount == 90
    assert await town.posted(BAI_B, VERA_A, WANG_B, POOL_A) == [510, 60, 30, 0]
