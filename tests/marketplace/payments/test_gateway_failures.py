"""Lost answers, broken servers and reused keys: one key has one effect, and every failure says what may follow."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from marketplace.payments.gateway import (
    Declined,
    Gateway,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    IntentState,
)
from marketplace.payments.simulator.process import SimulatorProcess
from marketplace.payments.stripe_gateway import StripeGateway

VISA = "pm_card_visa"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
async def simulator(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SimulatorProcess]:
    process = await SimulatorProcess.start(tmp_path_factory.mktemp("payments") / "simulator.db")
    yield process
    assert await process.stop() == 0


@pytest.fixture
async def gateway(simulator: SimulatorProcess) -> AsyncIterator[Gateway]:
    client = StripeGateway(api_key="sk_test_failures", webhook_secret="", api_base=simulator.url)
    yield client
    await client.aclose()
    await simulator.switch(fail=None, latency_ms=0)


async def hold(gateway: Gateway, key: str, amount_fen: int = 1_000) -> str:
    return (await gateway.authorise(amount_fen, payment_method=VISA, key=key, reference=key)).id


async def test_a_lost_answer_and_its_retry_with_the_same_key_have_one_effect(
    simulator: SimulatorProcess, gateway: Gateway
) -> None:
    held = await hold(gateway, "lost:hold", 8_000)
    before = await simulator.summary()
    await simulator.switch(fail={"mode": "cut_after_effect", "count": 2})
    for _ in range(2):
        with pytest.raises(GatewayUnavailable):
            await gateway.capture(held, 8_000, key="lost:capture")
    taken = await gateway.capture(held, 8_000, key="lost:capture")
    assert taken.captured_fen == 8_000
    after = await simulator.summary()
    assert after["captured_fen"] - before["captured_fen"] == 8_000
    assert after["counts"]["event"] - before["counts"]["event"] == 2  # charge.captured, payment_intent.succeeded


@pytest.mark.parametrize("mode", ["unavailable_503", "rate_limit_429", "cut_before_effect"])
async def test_a_failure_before_the_effect_leaves_the_key_fresh(
    simulator: SimulatorProcess, gateway: Gateway, mode: str
) -> None:
    await simulator.switch(fail={"mode": mode, "count": 1})
    with pytest.raises(GatewayUnavailable) as failure:
        await hold(gateway, f"fresh:{mode}")
    assert not failure.value.replayed
    assert await gateway.find_by_reference(f"fresh:{mode}", since=LONG_AGO) == []
    await hold(gateway, f"fresh:{mode}")
    assert len(await gateway.find_by_reference(f"fresh:{mode}", since=LONG_AGO)) == 1


@pytest.mark.parametrize(("mode", "effects"), [("error_500", 0), ("error_500_after_effect", 1)])
async def test_a_stored_500_is_replayed_and_the_effect_must_be_looked_up(
    simulator: SimulatorProcess, gateway: Gateway, mode: str, effects: int
) -> None:
    await simulator.switch(fail={"mode": mode, "count": 1})
    for replayed in (False, True):
        with pytest.raises(GatewayUnavailable) as failure:
            await hold(gateway, f"stored:{mode}")
        assert failure.value.replayed is replayed
    assert len(await gateway.find_by_reference(f"stored:{mode}", since=LONG_AGO)) == effects


async def test_the_same_key_with_another_amount_is_refused_and_changes_nothing(gateway: Gateway) -> None:
    first = await hold(gateway, "same", 1_000)
    with pytest.raises(GatewayRefused) as refusal:
        await gateway.authorise(1_001, payment_method=VISA, key="same", reference="same")
    assert refusal.value.code == "idempotency_error"
    assert await hold(gateway, "same", 1_000) == first


async def test_a_decline_is_replayed_under_its_key_without_a_second_attempt(
    simulator: SimulatorProcess, gateway: Gateway
) -> None:
    before = (await simulator.summary())["counts"]["charge"]
    for _ in range(2):
        with pytest.raises(Declined):
            await gateway.authorise(1, payment_method="pm_card_chargeDeclined", key="no", reference="no")
    assert (await simulator.summary())["counts"]["charge"] == before + 1


async def test_a_second_request_is_told_to_wait_while_the_first_with_its_key_runs(
    simulator: SimulatorProcess, gateway: Gateway
) -> None:
    await simulator.switch(latency_ms=400)
    first = asyncio.create_task(hold(gateway, "busy"))
    await asyncio.sleep(0.15)
    with pytest.raises(GatewayUnavailable) as failure:
        await hold(gateway, "busy")
    assert failure.value.code == "idempotency_key_in_use"
    assert await first == await hold(gateway, "busy")


async def test_twenty_captures_at_once_with_different_keys_take_the_money_once(
    simulator: SimulatorProcess, gateway: Gateway
) -> None:
    held = await hold(gateway, "race:hold", 2_500)
    before = (await simulator.summary())["captured_fen"]
    answers = await asyncio.gather(
        *(gateway.capture(held, 2_500, key=f"race:{number}") for number in range(20)), return_exceptions=True
    )
    refusals = [each for each in answers if isinstance(each, GatewayRefused)]
    assert len(refusals) == 19
    assert all(each.intent and each.intent.state is IntentState.CAPTURED for each in refusals)
    assert (await simulator.summary())["captured_fen"] == before + 2_500


async def test_a_provider_that_cannot_be_reached_is_unavailable() -> None:
    nowhere = StripeGateway(api_key="sk_test_x", webhook_secret="", api_base="http://127.0.0.1:9")
    with pytest.raises(GatewayUnavailable):
        await nowhere.fetch_intent("pi_x")
    await nowhere.aclose()


async def test_a_wrong_platform_key_is_unavailable_until_a_person_mends_it(simulator: SimulatorProcess) -> None:
    stranger = StripeGateway(api_key="pk_wrong", webhook_secret="", api_base=simulator.url)
    with pytest.raises(GatewayUnavailable):
        await stranger.fetch_intent("pi_x")
    await stranger.aclose()


@pytest.mark.parametrize(
    ("payment_method", "amount_fen", "code"),
    [
        ("pm_unknown", 1_000, "resource_missing"),
        ("", 1_000, "payment_method_missing"),
        (VISA, 0, "parameter_invalid_integer"),
        (VISA, -5, "parameter_invalid_integer"),
        (VISA, 100_000_000, "amount_too_large"),
    ],
)
async def test_a_request_that_means_nothing_is_refused_by_name(
    gateway: Gateway, payment_method: str, amount_fen: int, code: str
) -> None:
    key = f"bad:{payment_method}:{amount_fen}"
    with pytest.raises(GatewayRefused) as refusal:
        await gateway.authorise(amount_fen, payment_method=payment_method, key=key, reference=key)
    assert refusal.value.code == code
    assert await gateway.find_by_reference(key, since=LONG_AGO) == []


async def test_unknown_objects_are_refused_as_missing(gateway: Gateway) -> None:
    for call in (
        gateway.fetch_intent("pi_unknown"),
        gateway.capture("pi_unknown", 1, key="u:1"),
        gateway.refund("pi_unknown", 1, key="u:2"),
        gateway.transfer("acct_unknown", 1, key="u:3", group="g"),
        gateway.reverse_transfer("tr_unknown", 1, key="u:4"),
    ):
        with pytest.raises(GatewayError) as refusal:
            await call
        assert refusal.value.code == "resource_missing"
