"""The money's books: who is owed what, worked out by hand, and a proof that finds what was falsified."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from marketplace.payments import audit, books
from marketplace.payments.models import Payment
from marketplace.payments.simulator.process import SimulatorProcess
from tests.marketplace.payments.builders import earn, held, keep, post, posted
from timebank import Post
from timebank.errors import KeyConflict, LedgerError

AMOUNTS = st.integers(0, 100_000_000)
PERMILLES = st.integers(0, 1000)


@pytest.mark.parametrize(
    ("gross_fen", "permille", "fee_fen"),
    [(6_800, 50, 340), (10, 50, 0), (30, 50, 2), (50, 50, 2), (70, 50, 4), (31, 50, 2), (1, 1000, 1), (999, 0, 0)],
)
def test_the_platforms_share_is_rounded_half_to_even(gross_fen: int, permille: int, fee_fen: int) -> None:
    # 30 x 5 % = 1.5 -> 2; 50 x 5 % = 2.5 -> 2; 70 x 5 % = 3.5 -> 4; 31 x 5 % = 1.55 -> 2
    assert books.fee_fen(gross_fen, permille) == fee_fen


@given(AMOUNTS, PERMILLES)
def test_the_share_is_never_more_than_the_amount_and_off_by_at_most_half_a_fen(gross_fen: int, permille: int) -> None:
    fee = books.fee_fen(gross_fen, permille)
    assert 0 <= fee <= gross_fen
    assert abs(2 * (fee * 1000 - gross_fen * permille)) <= 1000


@given(AMOUNTS, PERMILLES)
def test_what_is_settled_is_divided_without_losing_a_fen(gross_fen: int, permille: int) -> None:
    now = held_at()
    commands = books.settle_commands(
        provider_id=new_id(), booking_id=new_id(), gross_fen=gross_fen, fee_permille=permille, occurred_at=now
    )
    entries = [command for command in commands if isinstance(command, Post)]
    assert sum(transfer.amount for entry in entries for transfer in entry.transfers) == gross_fen
    assert len(entries) == (1 if gross_fen else 0)


def held_at() -> datetime:
    return datetime(2026, 3, 2, 1, tzinfo=UTC)


async def test_a_settled_booking_makes_its_provider_and_the_platform_creditors(paying: Platform) -> None:
    provider_id = new_id()
    await earn(paying, provider_id, 6_800)
    # 6,800 fen at 5 %: 340 for the platform, 6,460 for the provider; the card paid all of it
    assert await posted(paying, "provider_payable", provider_id) == 6_460
    assert await posted(paying, "platform_fee") == 340
    assert await posted(paying, "card_receivable") == 0
    assert await posted(paying, "gateway_cash") == -6_800


async def test_a_booking_is_settled_once_and_another_amount_under_its_key_is_refused(platform: Platform) -> None:
    provider_id, booking_id = new_id(), new_id()

    async def settle(gross_fen: int) -> None:
        await post(
            platform,
            books.settle_commands(
                provider_id=provider_id,
                booking_id=booking_id,
                gross_fen=gross_fen,
                fee_permille=50,
                occurred_at=platform.now(),
            ),
        )

    await settle(2_000)
    await settle(2_000)
    assert await posted(platform, "provider_payable", provider_id) == 1_900
    with pytest.raises(KeyConflict):
        await settle(2_001)


async def test_part_of_a_settled_amount_given_back_is_borne_by_both(paying: Platform) -> None:
    provider_id = new_id()
    payment = await earn(paying, provider_id, 6_800)
    await post(
        paying,
        books.refund_commands(
            provider_id=provider_id,
            booking_id=payment.booking_id,
            refund_fen=1_000,
            fee_permille=50,
            cause="first",
            occurred_at=paying.now(),
        ),
    )
    payment = await keep(paying, payment, 5_800)
    # of 1,000 fen the platform bears 50, the provider 950
    assert await posted(paying, "provider_payable", provider_id) == 5_510
    assert await posted(paying, "platform_fee") == 290
    assert await posted(paying, "card_receivable") == 0
    async with transaction(paying.db) as tx:
        assert await audit.prove(tx) == []


async def test_a_reversed_settlement_leaves_nothing_and_cannot_be_reversed_twice(paying: Platform) -> None:
    provider_id = new_id()
    payment = await earn(paying, provider_id, 6_800)
    await post(
        paying, books.reverse_commands(booking_id=payment.booking_id, occurred_at=paying.now(), reason="not served")
    )
    await keep(paying, payment, 0)
    assert await posted(paying, "provider_payable", provider_id) == 0
    assert await posted(paying, "platform_fee") == 0
    assert await posted(paying, "gateway_cash") == 0
    async with transaction(paying.db) as tx:
        assert await audit.prove(tx) == []
    with pytest.raises(LedgerError):
        await post(
            paying, books.reverse_commands(booking_id=payment.booking_id, occurred_at=paying.now(), reason="again")
        )


async def test_the_proof_is_empty_for_honest_books_and_agrees_with_the_gateway(
    paying: Platform, simulator: SimulatorProcess
) -> None:
    provider_id = new_id()
    await earn(paying, provider_id, 6_800)
    await keep(paying, await held(paying, 1_800, method="alipay"), 0)
    await keep(paying, await held(paying, 3_000), 0)
    await held(paying, 900)
    async with transaction(paying.db) as tx:
        assert await audit.prove(tx) == []
        assert await audit.prove_against(tx, await simulator.summary()) == []


async def test_the_proof_names_money_that_a_row_claims_and_nobody_booked(
    paying: Platform, simulator: SimulatorProcess
) -> None:
    payment = await earn(paying, new_id(), 6_800)
    async with transaction(paying.db) as tx:
        stolen = update(Payment).where(col(Payment.id) == payment.id).values(captured_fen=6_700)
        await tx.execute(stolen)
        assert await audit.prove(tx) == [
            "gateway cash: 6800 against 6700",
            f"booking {payment.booking_id}: kept 6700 fen, earned 6800",
        ]
        assert await audit.prove_against(tx, await simulator.summary()) == ["captured: 6700 against 6800"]


async def test_the_proof_names_a_fee_kept_that_nobody_earned_and_earnings_without_a_payment(
    paying: Platform,
) -> None:
    kept = await keep(paying, await held(paying, 2_000), 500)
    booking_id = new_id()
    await post(
        paying,
        books.settle_commands(
            provider_id=new_id(), booking_id=booking_id, gross_fen=70, fee_permille=50, occurred_at=paying.now()
        ),
    )
    async with transaction(paying.db) as tx:
        assert await audit.prove(tx) == [
            f"booking {kept.booking_id}: kept 500 fen, earned 0",
            f"booking {booking_id}: earned 70 fen without a payment",
        ]
