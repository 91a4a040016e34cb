"""The worker is killed with -9 between the beats of a payment's step and started again: one effect, no less, no more.

Real processes throughout: PostgreSQL, Valkey, the payment simulator and the worker.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col

from marketplace.base.clock import FileClock
from marketplace.base.database import transaction
from marketplace.base.embedded import Valkey
from marketplace.base.outbox import Delivery, Message
from marketplace.base.platform import Platform
from marketplace.base.settings import Settings
from marketplace.payments.collecting.beats import advance
from marketplace.payments.models import Payment, PaymentStep
from marketplace.payments.simulator.process import SimulatorProcess
from marketplace.payments.stripe_gateway import StripeGateway
from tests.faults.relay import Mode, Relay, relaying
from tests.marketplace.payments.builders import ask, decide, read

ROOT = Path(__file__).parents[2]
WORKER = """
import os
from marketplace.base.settings import Settings
from marketplace.worker import main
main(Settings.read(os.environ))
"""
AMOUNT_FEN = 4_200
KEPT_FEN = 3_000
PATIENCE_SECONDS = 40


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with Valkey(tmp_path_factory.mktemp("valkey"), durable=False) as server:
        yield server


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[SimulatorProcess]:
    process = await SimulatorProcess.start(tmp_path / "simulator.db", seed=1)
    yield process
    await process.stop()


@pytest.fixture
async def relay(simulator: SimulatorProcess) -> AsyncIterator[Relay]:
    async with relaying(simulator.url) as between:
        yield between


@pytest.fixture
def worker_settings(platform: Platform, settings: Settings, valkey: Valkey, relay: Relay, tmp_path: Path) -> Settings:
    """The worker's: everything real, the domain's clock standing still, and a lease that a test can wait for."""
    clock_file = tmp_path / "clock"
    FileClock(clock_file).set(platform.now())
    return replace(
        settings,
        redis_url=valkey.url,
        stripe_api_key="sk_test_worker",
        stripe_api_base=relay.url,
        stripe_webhook_secret="whsec_simulator",
        clock_file=clock_file,
        lease_seconds=3.0,
    )


@asynccontextmanager
async def working(settings: Settings, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker process; killed at the end, if it is still there."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            WORKER,
            cwd=ROOT,
            env={**inherited, "PYTHONPATH": str(ROOT), **settings.environment()},
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - another process changes what is looked at
            await asyncio.sleep(0.05)


async def prepare(platform: Platform, simulator: SimulatorProcess, step: str) -> tuple[Payment, UUID]:
    """A payment whose next step is `step`, and the delivery that will take it."""
    payment = await ask(platform, AMOUNT_FEN)
    if step == "capture":
        gateway = StripeGateway(api_key="sk_test_worker", webhook_secret="whsec_simulator", api_base=simulator.url)
        platform.parts["gateway"] = gateway
        await advance(platform, payment.id)
        await gateway.aclose()
        await finish_all(platform)
        await decide(platform, payment, KEPT_FEN)
    name = {"authorise": "booking.requested", "capture": "payment.decided"}[step]
    async with transaction(platform.db) as tx:
        delivery = (
            select(col(Delivery.id))
            .join(Message, col(Message.id) == col(Delivery.message_id))
            .where(col(Message.name) == name)
        )
        return payment, (await tx.scalars(delivery)).one()


async def finish_all(platform: Platform) -> None:
    """What prepared the payment needs no worker any more."""
    async with transaction(platform.db) as tx:
        for delivery in await tx.scalars(select(Delivery)):
            delivery.state = "done"


STATE_AFTER = {"authorise": "authorized", "capture": "captured"}


async def kill_at(
    moment: str, platform: Platform, relay: Relay, process: asyncio.subprocess.Process, waiting: tuple[UUID, UUID, str]
) -> None:
    """Kill the worker when it has come to `moment`; `waiting` is the payment, its delivery and the state to come."""
    payment_id, delivery_id, state = waiting
    await asyncio.wait_for(relay.caught.wait(), PATIENCE_SECONDS)
    if moment != "recorded":
        process.kill()
        await process.wait()
        return
    async with platform.db.session() as tx, tx.begin():
        # the worker holds a lease and no lock: from now on it can record, but not mark its delivery
        await tx.execute(select(Delivery).where(col(Delivery.id) == delivery_id).with_for_update())
        relay.go.set()

        async def recorded() -> bool:
            return (await read(platform, payment_id)).state == state

        await until(recorded)
        process.kill()
        await process.wait()


MODES: dict[str, Mode] = {"claimed": "lose_request", "effected": "lose_answer", "recorded": "wait"}


@pytest.mark.parametrize("moment", ["claimed", "effected", "recorded"])
@pytest.mark.parametrize("step", ["authorise", "capture"])
async def test_a_worker_killed_between_two_beats_leaves_exactly_one_effect(
    platform: Platform,
    simulator: SimulatorProcess,
    relay: Relay,
    worker_settings: Settings,
    tmp_path: Path,
    step: str,
    moment: str,
) -> None:
    payment, delivery_id = await prepare(platform, simulator, step)
    relay.mode = MODES[moment]
    async with working(worker_settings, tmp_path / "worker.log") as process:
        await kill_at(moment, platform, relay, process, (payment.id, delivery_id, STATE_AFTER[step]))
    effects_then = await effects(simulator)
    open_then = await open_steps(platform, payment.id)
    assert effects_then[step] == (0 if moment == "claimed" else 1)
    assert open_then == ([] if moment == "recorded" else [step])

    relay.mode = "pass"
    relay.go.set()
    async with working(worker_settings, tmp_path / "worker.log"):

        async def delivered() -> bool:
            async with transaction(platform.db) as tx:
                return (await tx.get_one(Delivery, delivery_id)).state == "done"

        await until(delivered)
    after = await read(platform, payment.id)
    assert after.state == STATE_AFTER[step]
    assert after.captured_fen == (KEPT_FEN if step == "capture" else 0)
    assert await effects(simulator) == {"authorise": 1, "capture": 1 if step == "capture" else 0}
    assert await open_steps(platform, payment.id) == []
    summary = await simulator.summary()
    assert (summary["captured_fen"], summary["authorised_fen"]) == (
        (KEPT_FEN, 0) if step == "capture" else (0, AMOUNT_FEN)
    )


async def effects(simulator: SimulatorProcess) -> dict[str, int]:
    """How many authorisations and captures the provider has made."""
    summary = await simulator.summary()
    intents = summary["counts"]["payment_intent"]
    assert set(intents) <= {"requires_capture", "succeeded"}
    return {"authorise": sum(intents.values()), "capture": intents.get("succeeded", 0)}


async def open_steps(platform: Platform, payment_id: UUID) -> list[str]:
    """The kinds of the payment's steps that were claimed and not closed."""
    async with transaction(platform.db) as tx:
        steps = await tx.scalars(
            select(col(PaymentStep.kind)).where(
                col(PaymentStep.payment_id) == payment_id, col(PaymentStep.state) == "claimed"
            )
        )
        return list(steps)
