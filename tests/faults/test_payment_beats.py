"""The worker is killed with -9 between the beats of a payment's step and started again: one effect, no less, no more.

Real processes throughout: PostgreSQL, Valkey, the payment simulator and the worker.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from marketplace.base import outbox
from marketplace.base.clock import FileClock
from marketplace.base.database import transaction
from marketplace.base.embedded import Valkey
from marketplace.base.outbox import Delivery, Message
from marketplace.base.platform import Platform
from marketplace.base.settings import Settings
from marketplace.payments import audit
from marketplace.payments.collecting.beats import advance
from marketplace.payments.models import Payment, PaymentStep
from marketplace.payments.payouts.models import Payout, PayoutAccount
from marketplace.payments.simulator.process import SimulatorProcess
from marketplace.payments.stripe_gateway import StripeGateway
from tests.builders import a_town
from tests.faults.relay import Mode, Relay, relaying
from tests.marketplace.payments.builders import a_provider, ask, decide, earn, keep

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
    """The worker's: everything real, and the domain's clock standing still."""
    clock_file = tmp_path / "clock"
    FileClock(clock_file).set(platform.now())
    return replace(
        settings,
        redis_url=valkey.url,
        stripe_api_key="sk_test_worker",
        stripe_api_base=relay.url,
        stripe_webhook_secret="whsec_simulator",
        clock_file=clock_file,
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


@asynccontextmanager
async def collecting(platform: Platform, simulator: SimulatorProcess) -> AsyncIterator[StripeGateway]:
    """This process speaks to the simulator without the relay between, to prepare what the worker shall do."""
    gateway = StripeGateway(api_key="sk_test_worker", webhook_secret="whsec_simulator", api_base=simulator.url)
    platform.parts["gateway"] = gateway
    yield gateway
    await gateway.aclose()


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the worker is to do: a step of a payment, or a payout's transfer, by one delivery."""

    model: type[Payment | Payout]
    id: UUID
    delivery_id: UUID


async def prepare(platform: Platform, simulator: SimulatorProcess, step: str) -> Waiting:
    """A payment or payout whose next step is `step`, and the delivery that will take it."""
    if step == "transfer":
        return Waiting(Payout, await a_payout(platform, simulator), await only_delivery(platform, "payout.due"))
    payment = await ask(platform, AMOUNT_FEN)
    if step == "authorise":
        return Waiting(Payment, payment.id, await only_delivery(platform, "booking.requested"))
    async with collecting(platform, simulator):
        await advance(platform, payment.id)
        if step == "refund":
            await keep(platform, payment, AMOUNT_FEN)
    await finish_all(platform)
    await decide(platform, payment, 0 if step == "void" else KEPT_FEN)
    return Waiting(Payment, payment.id, await only_delivery(platform, "payment.decided"))


async def a_payout(platform: Platform, simulator: SimulatorProcess) -> UUID:
    """A provider with an account has earned 42.00 yuan less 5 %, and its payout is due."""
    async with transaction(platform.db) as tx:
        provider = await a_provider(tx, (await a_town(tx)).districts[0])
    async with collecting(platform, simulator) as gateway:
        await earn(platform, provider.id, AMOUNT_FEN)
        account_id = await gateway.open_account(str(provider.id), key="the account")
    await finish_all(platform)
    async with transaction(platform.db) as tx:
        tx.add(PayoutAccount(provider_id=provider.id, account_id=account_id))
        payout_id = (await tx.scalars(select(col(Payout.id)))).one()
        await outbox.send(tx, "payout.due", id=payout_id)
    return payout_id


async def only_delivery(platform: Platform, name: str) -> UUID:
    """The one delivery of this message that is still to be made."""
    async with transaction(platform.db) as tx:
        delivery = (
            select(col(Delivery.id))
            .join(Message, col(Message.id) == col(Delivery.message_id))
            .where(col(Message.name) == name, col(Delivery.state) != "done")
        )
        return (await tx.scalars(delivery)).one()


async def finish_all(platform: Platform) -> None:
    """What prepared the payment needs no worker any more."""
    async with transaction(platform.db) as tx:
        for delivery in await tx.scalars(select(Delivery)):
            delivery.state = "done"


@dataclass(frozen=True, slots=True)
class End:
    """How it must end: the state, and the simulator's sums. 42.00 yuan asked, 30.00 kept; of a payout 5 % stay here."""

    state: str
    authorised_fen: int = 0
    captured_fen: int = 0
    refunded_fen: int = 0
    transferred_fen: int = 0
    canceled: int = 0


ENDS = {
    "authorise": End("authorized", authorised_fen=AMOUNT_FEN),
    "capture": End("captured", captured_fen=KEPT_FEN),
    "void": End("canceled", canceled=1),
    "refund": End("captured", captured_fen=AMOUNT_FEN, refunded_fen=AMOUNT_FEN - KEPT_FEN),
    "transfer": End("paid", captured_fen=AMOUNT_FEN, transferred_fen=3_990),
}
# which of the provider's counts tells how often the step took effect
EFFECTS: dict[str, Callable[[dict[str, Any]], int]] = {
    "authorise": lambda counts: sum(counts["payment_intent"].values()),
    "capture": lambda counts: int(counts["payment_intent"].get("succeeded", 0)),
    "void": lambda counts: int(counts["payment_intent"].get("canceled", 0)),
    "refund": lambda counts: int(counts["refund"]),
    "transfer": lambda counts: int(counts["transfer"]),
}


async def effects(simulator: SimulatorProcess, step: str) -> int:
    """How often the provider has done it."""
    return EFFECTS[step]((await simulator.summary())["counts"])


async def is_claimed(platform: Platform, waiting: Waiting) -> bool:
    """Was a call written down whose outcome is not?"""
    async with transaction(platform.db) as tx:
        if waiting.model is Payout:
            return (await tx.get_one(Payout, waiting.id)).state == "sent"
        step = select(col(PaymentStep.id)).where(
            col(PaymentStep.payment_id) == waiting.id, col(PaymentStep.state) == "claimed"
        )
        return await tx.scalar(step) is not None


async def is_done(platform: Platform, waiting: Waiting) -> bool:
    """Has the delivery been marked as made?"""
    async with transaction(platform.db) as tx:
        return (await tx.get_one(Delivery, waiting.delivery_id)).state == "done"


async def let_lease_run_out(platform: Platform, waiting: Waiting) -> None:
    """The dead worker's claim of the delivery ends now, and not in a minute."""
    async with transaction(platform.db) as tx:
        ended = update(Delivery).where(col(Delivery.id) == waiting.delivery_id)
        await tx.execute(ended.values(next_at=func.now()))


async def kill_at(
    moment: str, platform: Platform, relay: Relay, process: asyncio.subprocess.Process, waiting: Waiting
) -> None:
    """Kill the worker when it has come to `moment`."""
    await asyncio.wait_for(relay.caught.wait(), PATIENCE_SECONDS)
    if moment != "recorded":
        process.kill()
        await process.wait()
        return
    async with platform.db.session() as tx, tx.begin():
        # the worker holds a lease and no lock: from now on it can record, but not mark its delivery
        await tx.execute(select(Delivery).where(col(Delivery.id) == waiting.delivery_id).with_for_update())
        relay.go.set()

        async def recorded() -> bool:
            return not await is_claimed(platform, waiting)

        await until(recorded)
        process.kill()
        await process.wait()


MODES: dict[str, Mode] = {"claimed": "lose_request", "effected": "lose_answer", "recorded": "wait"}


@pytest.mark.parametrize("moment", ["claimed", "effected", "recorded"])
@pytest.mark.parametrize("step", ["authorise", "capture", "void", "refund", "transfer"])
async def test_a_worker_killed_between_two_beats_leaves_exactly_one_effect(
    platform: Platform,
    simulator: SimulatorProcess,
    relay: Relay,
    worker_settings: Settings,
    deliver_all: Callable[[Platform], Awaitable[int]],
    tmp_path: Path,
    step: str,
    moment: str,
) -> None:
    waiting = await prepare(platform, simulator, step)
    relay.mode = MODES[moment]
    async with working(worker_settings, tmp_path / "worker.log") as process:
        await kill_at(moment, platform, relay, process, waiting)
    assert await effects(simulator, step) == (0 if moment == "claimed" else 1)
    assert await is_claimed(platform, waiting) == (moment != "recorded")
    assert not await is_done(platform, waiting)

    relay.mode = "pass"
    relay.go.set()
    await let_lease_run_out(platform, waiting)
    if step == "authorise":
        async with working(worker_settings, tmp_path / "worker.log"):
            await until(lambda: is_done(platform, waiting))
    else:  # whoever finds the work does it: this process, which is there already, stands in for the worker's next one
        async with collecting(platform, simulator):
            await deliver_all(platform)
        assert await is_done(platform, waiting)
    assert not await is_claimed(platform, waiting)
    assert await effects(simulator, step) == 1
    async with transaction(platform.db) as tx:
        state = await tx.scalar(select(col(waiting.model.state)).where(col(waiting.model.id) == waiting.id))
        summary = await simulator.summary()
        assert await audit.prove_against(tx, summary) == []
    end = ENDS[step]
    sums = {name: summary[name] for name in summary if name in asdict(end)}
    canceled = summary["counts"]["payment_intent"].get("canceled", 0)
    assert End(state=state or "", canceled=canceled, **sums) == end
