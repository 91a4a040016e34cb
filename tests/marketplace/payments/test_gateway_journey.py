"""The real SDK against the simulator in its own process: money is held, taken, given back, passed on, taken back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from marketplace.payments.gateway import (
    Declined,
    Gateway,
    GatewayRefused,
    IntentState,
    RefundState,
    Reversal,
)
from marketplace.payments.simulator.process import SimulatorProcess
from marketplace.payments.stripe_gateway import StripeGateway

VISA = "pm_card_visa"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
async def simulator(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SimulatorProcess]:
    data: Path = tmp_path_factory.mktemp("payments") / "simulator.db"
    process = await SimulatorProcess.start(data, seed=1)
    yield process
    assert await process.stop() == 0


@pytest.fixture(scope="module")
async def gateway(simulator: SimulatorProcess) -> AsyncIterator[Gateway]:
    client = StripeGateway(api_key="sk_test_journey", webhook_secret="whsec_simulator", api_base=simulator.url)
    yield client
    await client.aclose()


async def test_held_money_is_captured_refunded_transferred_and_taken_back(
    simulator: SimulatorProcess, gateway: Gateway
) -> None:
    before = await simulator.summary()
    held = await gateway.authorise(10_000, payment_method=VISA, key="j:hold", reference="booking-1")
    assert (held.state, held.capturable_fen, held.captured_fen) == (IntentState.AUTHORISED, 10_000, 0)
    assert held.reference == "booking-1"
    taken = await gateway.capture(held.id, 10_000, key="j:capture")
    assert (taken.state, taken.capturable_fen, taken.captured_fen) == (IntentState.CAPTURED, 0, 10_000)
    back = await gateway.refund(held.id, 3_000, key="j:refund")
    assert (back.amount_fen, back.state) == (3_000, RefundState.SUCCEEDED)
    assert (await gateway.fetch_intent(held.id)).refunded_fen == 3_000
    account = await gateway.open_account("provider-1", key="j:account")
    paid = await gateway.transfer(account, 6_000, key="j:transfer", group="day-1")
    assert (paid.account_id, paid.amount_fen, paid.reversed_fen, paid.group) == (account, 6_000, 0, "day-1")
    reversal = await gateway.reverse_transfer(paid.id, 1_500, key="j:reverse")
    assert reversal == Reversal(id=reversal.id, transfer_id=paid.id, amount_fen=1_500)
    assert [each.reversed_fen for each in await gateway.find_transfers("day-1")] == [1_500]
    after = await simulator.summary()
    # 100.00 taken - 30.00 back - 60.00 passed on + 15.00 taken back = 25.00 yuan stay
    assert after["balance_fen"] - before["balance_fen"] == 2_500
    assert after["accounts_fen"] - before["accounts_fen"] == 4_500


async def test_a_partial_capture_releases_the_rest_and_refunds_only_what_was_taken(gateway: Gateway) -> None:
    held = await gateway.authorise(5_000, payment_method=VISA, key="p:hold", reference="b")
    taken = await gateway.capture(held.id, 3_200, key="p:capture")
    assert (taken.captured_fen, taken.capturable_fen, taken.refunded_fen) == (3_200, 0, 0)
    with pytest.raises(GatewayRefused) as refusal:
        await gateway.refund(held.id, 3_201, key="p:refund-too-much")
    assert refusal.value.code == "amount_too_large"
    await gateway.refund(held.id, 3_200, key="p:refund")
    assert (await gateway.fetch_intent(held.id)).refunded_fen == 3_200
    with pytest.raises(GatewayRefused) as refusal:
        await gateway.refund(held.id, 1, key="p:refund-again")
    assert refusal.value.code == "charge_already_refunded"


async def test_more_than_was_held_cannot_be_captured(gateway: Gateway) -> None:
    held = await gateway.authorise(5_000, payment_method=VISA, key="m:hold", reference="b")
    with pytest.raises(GatewayRefused) as refusal:
        await gateway.capture(held.id, 5_001, key="m:capture")
    assert refusal.value.code == "amount_too_large"
    assert (await gateway.fetch_intent(held.id)).capturable_fen == 5_000


async def test_a_void_intent_holds_nothing_and_tells_its_state_when_captured(gateway: Gateway) -> None:
    held = await gateway.authorise(4_000, payment_method=VISA, key="v:hold", reference="b")
    void = await gateway.void(held.id, key="v:void")
    assert (void.state, void.capturable_fen, void.refunded_fen) == (IntentState.VOID, 0, 0)
    with pytest.raises(GatewayRefused) as refusal:
        await gateway.capture(held.id, 4_000, key="v:capture")
    assert refusal.value.code == "payment_intent_unexpected_state"
    assert refusal.value.intent is not None
    assert refusal.value.intent.state is IntentState.VOID


@pytest.mark.parametrize(
    ("payment_method", "reason"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
    ],
)
async def test_a_declined_card_holds_nothing_and_names_the_banks_reason(
    gateway: Gateway, payment_method: str, reason: str
) -> None:
    with pytest.raises(Declined) as decline:
        await gateway.authorise(2_000, payment_method=payment_method, key=f"d:{reason}", reference="b")
    assert decline.value.code == reason
    intent = await gateway.fetch_intent(decline.value.intent_id or "")
    assert (intent.state, intent.capturable_fen) == (IntentState.OPEN, 0)


async def test_a_card_that_fails_at_capture_takes_nothing(gateway: Gateway) -> None:
    held = await gateway.authorise(2_000, payment_method="pm_card_captureFails", key="f:hold", reference="b")
    with pytest.raises(Declined):
        await gateway.capture(held.id, 2_000, key="f:capture")
    intent = await gateway.fetch_intent(held.id)
    assert (intent.state, intent.capturable_fen, intent.captured_fen) == (IntentState.OPEN, 0, 0)


@pytest.mark.parametrize(("outcome", "state"), [("success", IntentState.AUTHORISED), ("failure", IntentState.OPEN)])
async def test_the_payer_decides_at_the_bank_when_the_card_asks_for_it(
    simulator: SimulatorProcess, gateway: Gateway, outcome: str, state: IntentState
) -> None:
    asked = await gateway.authorise(
        2_000, payment_method="pm_card_authenticationRequired", key=f"a:{outcome}", reference="b"
    )
    assert asked.state is IntentState.ACTION_REQUIRED
    assert asked.action_url is not None
    assert asked.action_url.startswith(simulator.url)
    await simulator.authenticate(asked.id, outcome)
    assert (await gateway.fetch_intent(asked.id)).state is state


@pytest.mark.parametrize("wallet", ["alipay", "wechat_pay"])
async def test_a_wallet_pays_at_once_and_can_never_be_held(gateway: Gateway, wallet: str) -> None:
    paid = await gateway.authorise(1_800, payment_method=wallet, key=f"w:{wallet}", reference="meal", automatic=True)
    assert (paid.state, paid.captured_fen) == (IntentState.CAPTURED, 1_800)
    with pytest.raises(GatewayRefused):
        await gateway.authorise(1_800, payment_method=wallet, key=f"w:{wallet}:hold", reference="meal")


async def test_a_transfer_above_the_balance_is_refused_and_moves_nothing(
    simulator: SimulatorProcess, gateway: Gateway
) -> None:
    account = await gateway.open_account("provider-2", key="t:account")
    available = (await simulator.summary())["balance_fen"]
    with pytest.raises(GatewayRefused) as refusal:
        await gateway.transfer(account, available + 1, key="t:too-much", group="day-2")
    assert refusal.value.code == "balance_insufficient"
    assert (await simulator.summary())["balance_fen"] == available
    assert await gateway.find_transfers("day-2") == []


async def test_a_reversal_finds_nothing_once_the_provider_was_paid_out(
    simulator: SimulatorProcess, gateway: Gateway
) -> None:
    await gateway.authorise(900, payment_method=VISA, key="r:pay", reference="b", automatic=True)
    account = await gateway.open_account("provider-3", key="r:account")
    paid = await gateway.transfer(account, 900, key="r:transfer", group="day-3")
    await simulator.pay_out(account)
    with pytest.raises(GatewayRefused) as refusal:
        await gateway.reverse_transfer(paid.id, 900, key="r:reverse")
    assert refusal.value.code == "balance_insufficient"


async def test_intents_are_found_by_our_reference_across_pages_oldest_first(gateway: Gateway) -> None:
    first = await gateway.authorise(101, payment_method=VISA, key="s:first", reference="wanted")
    for number in range(105):  # more than the provider's largest page
        await gateway.authorise(100, payment_method=VISA, key=f"s:{number}", reference="other")
    last = await gateway.authorise(102, payment_method=VISA, key="s:last", reference="wanted")
    assert await gateway.find_by_reference("wanted", since=LONG_AGO) == [first, last]
    assert await gateway.find_by_reference("wanted", since=datetime.now(UTC) + timedelta(days=1)) == []


async def test_an_authorisation_ends_seven_days_after_it_was_made(
    simulator: SimulatorProcess, gateway: Gateway
) -> None:
    held = await gateway.authorise(700, payment_method=VISA, key="e:hold", reference="b")
    assert held.capture_before_at is not None
    week = timedelta(days=7)
    assert abs(held.capture_before_at - datetime.now(UTC) - week) < timedelta(seconds=30)
    await simulator.advance(int(week.total_seconds()) - 60)
    assert (await gateway.fetch_intent(held.id)).state is IntentState.AUTHORISED
    assert await simulator.advance(61) >= 1
    assert (await gateway.fetch_intent(held.id)).state is IntentState.VOID
    with pytest.raises(GatewayRefused):
        await gateway.capture(held.id, 700, key="e:late")
