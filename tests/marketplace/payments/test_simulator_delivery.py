"""Events reach the webhook signed, in order, again and again until accepted, and go wrong only as switched."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from marketplace.payments.gateway import Event
from marketplace.payments.simulator.process import ROOT, SimulatorFailed, SimulatorProcess
from marketplace.payments.stripe_gateway import StripeGateway

SECRET = "whsec_delivery"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
KINDS = [
    "payment_intent.amount_capturable_updated",
    "charge.captured",
    "payment_intent.succeeded",
    "refund.created",
    "charge.refunded",
]


class Endpoint:
    """A webhook endpoint that refuses the first `refusing` requests and keeps what it accepted."""

    def __init__(self) -> None:
        self.refusing = 0
        self.requests = 0
        self.accepted: list[tuple[bytes, str]] = []
        self.arrived = asyncio.Event()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
                body = await reader.readexactly(int(headers["content-length"]))
                writer.write(f"HTTP/1.1 {self.judge(body, headers)} X\r\ncontent-length: 0\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def judge(self, body: bytes, headers: dict[str, str]) -> int:
        self.requests += 1
        if self.refusing:
            self.refusing -= 1
            return 500
        self.accepted.append((body, headers["stripe-signature"]))
        self.arrived.set()
        return 200

    def events(self) -> list[Event]:
        reader = StripeGateway(api_key="sk_test_x", webhook_secret=SECRET, api_base="http://127.0.0.1:9")
        return [reader.read_event(body, signature, now=datetime.now(UTC)) for body, signature in self.accepted]

    async def wait_for(self, count: int) -> list[Event]:
        async with asyncio.timeout(10):
            while len(self.accepted) < count:
                self.arrived.clear()
                await self.arrived.wait()
        return self.events()


@asynccontextmanager
async def listening() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    endpoint.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhooks/stripe"
    yield endpoint
    server.close()


@pytest.fixture(scope="module")
async def running(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[SimulatorProcess, Endpoint]]:
    async with listening() as served:
        process = await start(tmp_path_factory.mktemp("delivery"), served)
        yield process, served
        assert await process.stop() == 0


@pytest.fixture
async def simulator(running: tuple[SimulatorProcess, Endpoint]) -> SimulatorProcess:
    process, served = running
    await process.switch(duplicates=1, delay_ms=0, shuffle=False, drop_first_attempts=0, paused=False)
    served.accepted.clear()
    served.requests = 0
    return process


@pytest.fixture
async def endpoint(running: tuple[SimulatorProcess, Endpoint], simulator: SimulatorProcess) -> Endpoint:
    assert (await simulator.summary())["copies_pending"] == 0
    return running[1]


@pytest.fixture
async def lonely() -> AsyncIterator[Endpoint]:
    async with listening() as served:
        yield served


async def start(folder: Path, endpoint: Endpoint, port: int = 0) -> SimulatorProcess:
    data = folder / "simulator.db"
    return await SimulatorProcess.start(data, webhook_url=endpoint.url, webhook_secret=SECRET, port=port, seed=7)


async def pay_and_refund(simulator: SimulatorProcess, key: str) -> str:
    gateway = StripeGateway(api_key="sk_test_x", webhook_secret=SECRET, api_base=simulator.url)
    held = await gateway.authorise(1_000, payment_method="pm_card_visa", key=f"{key}:a", reference=key)
    await gateway.capture(held.id, 1_000, key=f"{key}:c")
    await gateway.refund(held.id, 400, key=f"{key}:r")
    await gateway.aclose()
    return held.id


async def undelivered(simulator: SimulatorProcess) -> list[str]:
    gateway = StripeGateway(api_key="sk_test_x", webhook_secret=SECRET, api_base=simulator.url)
    events = await gateway.undelivered_events(LONG_AGO)
    await gateway.aclose()
    return [event.kind for event in events]


async def test_events_arrive_signed_and_in_the_order_of_their_making(
    simulator: SimulatorProcess, endpoint: Endpoint
) -> None:
    intent_id = await pay_and_refund(simulator, "1")
    events = await endpoint.wait_for(len(KINDS))
    assert [event.kind for event in events] == KINDS
    assert (events[0].object_id, events[2].object_id) == (intent_id, intent_id)
    assert await undelivered(simulator) == []
    assert (await simulator.summary())["events_pending"] == 0


async def test_a_refused_event_comes_again_and_holds_the_later_ones_back(
    simulator: SimulatorProcess, endpoint: Endpoint
) -> None:
    endpoint.refusing = 3
    await pay_and_refund(simulator, "2")
    events = await endpoint.wait_for(len(KINDS))
    assert [event.kind for event in events] == KINDS
    assert endpoint.requests == 3 + len(KINDS)


async def test_lost_attempts_only_delay_an_event(simulator: SimulatorProcess, endpoint: Endpoint) -> None:
    await simulator.switch(drop_first_attempts=2)
    await pay_and_refund(simulator, "3")
    assert [event.kind for event in await endpoint.wait_for(len(KINDS))] == KINDS
    assert endpoint.requests == len(KINDS)  # a lost attempt never left


async def test_duplicates_bring_every_event_as_often_as_switched(
    simulator: SimulatorProcess, endpoint: Endpoint
) -> None:
    await simulator.switch(duplicates=3)
    await pay_and_refund(simulator, "4")
    events = await endpoint.wait_for(3 * len(KINDS))
    assert len({event.id for event in events}) == len(KINDS)
    await asyncio.sleep(0.2)
    assert len(endpoint.accepted) == 3 * len(KINDS)


async def test_shuffled_events_all_arrive_but_out_of_order(simulator: SimulatorProcess, endpoint: Endpoint) -> None:
    await simulator.switch(shuffle=True, delay_ms=500)
    for key in "abcd":
        await pay_and_refund(simulator, key)
    events = await endpoint.wait_for(4 * len(KINDS))
    assert len({event.id for event in events}) == 4 * len(KINDS)
    assert [event.kind for event in events] != KINDS * 4


async def test_a_delayed_event_waits_its_time(simulator: SimulatorProcess, endpoint: Endpoint) -> None:
    await simulator.switch(delay_ms=600)
    await pay_and_refund(simulator, "5")
    assert endpoint.accepted == []
    assert await undelivered(simulator) == KINDS
    await endpoint.wait_for(len(KINDS))


async def test_undelivered_events_are_listed_until_the_endpoint_is_back(
    simulator: SimulatorProcess, endpoint: Endpoint
) -> None:
    await simulator.switch(paused=True)
    await pay_and_refund(simulator, "6")
    assert await undelivered(simulator) == KINDS
    await simulator.switch(paused=False)
    await endpoint.wait_for(len(KINDS))
    assert await undelivered(simulator) == []


async def test_a_killed_simulator_keeps_its_money_its_keys_and_its_pending_events(
    tmp_path: Path, lonely: Endpoint
) -> None:
    first = await start(tmp_path, lonely)
    await first.switch(paused=True)
    intent_id = await pay_and_refund(first, "a")
    before = await first.summary()
    await first.kill()
    assert lonely.accepted == []
    second = await start(tmp_path, lonely, port=int(first.url.rpartition(":")[2]))
    try:
        assert (second.url, await second.summary()) == (first.url, before)
        await second.switch(paused=False)
        assert [event.kind for event in await lonely.wait_for(len(KINDS))] == KINDS
        assert await pay_and_refund(second, "a") == intent_id  # every key replays
        after = await second.summary()
        assert {**after, "events_pending": len(KINDS), "copies_pending": len(KINDS)} == before
    finally:
        assert await second.stop() == 0


async def test_killed_in_the_middle_of_many_payments_every_answered_one_survives(
    tmp_path: Path, lonely: Endpoint
) -> None:
    first = await start(tmp_path, lonely)
    gateway = StripeGateway(api_key="sk_test_x", webhook_secret=SECRET, api_base=first.url)
    answered: set[str] = set()
    enough = asyncio.Event()

    async def pay(number: int) -> None:
        paid = await gateway.authorise(
            100, payment_method="pm_card_visa", key=f"k{number}", reference="r", automatic=True
        )
        answered.add(paid.id)
        if len(answered) == 40:
            enough.set()

    payments = [asyncio.create_task(pay(number)) for number in range(200)]
    await asyncio.wait_for(enough.wait(), 10)
    await first.kill()
    await asyncio.gather(*payments, return_exceptions=True)
    await gateway.aclose()
    second = await start(tmp_path, lonely)
    gateway = StripeGateway(api_key="sk_test_x", webhook_secret=SECRET, api_base=second.url)
    try:
        assert 40 <= len(answered) < 200
        assert answered <= {intent.id for intent in await gateway.find_by_reference("r", since=LONG_AGO)}
        await asyncio.gather(*(pay(number) for number in range(200)))
        assert (await second.summary())["captured_fen"] == 200 * 100
        await lonely.wait_for(200)
        # the event that was on its way at the kill may come twice, so count the different ones
        while len(events := {event.object_id for event in lonely.events()}) < 200:
            await lonely.wait_for(len(lonely.accepted) + 1)
        assert events == answered
    finally:
        await gateway.aclose()
        await second.stop()


async def test_one_file_serves_one_simulator(tmp_path: Path, lonely: Endpoint) -> None:
    first = await start(tmp_path, lonely)
    with pytest.raises(SimulatorFailed, match="status 2"):
        await start(tmp_path, lonely)
    assert await first.stop() == 0


@pytest.mark.parametrize("words", [["--webhook-url", "nonsense"], ["--port", "99999"], ["--port", "x"]])
async def test_a_wrong_option_ends_with_status_2_and_one_clear_line(tmp_path: Path, words: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "marketplace.payments.simulator",
        *["--data", str(tmp_path / "s.db"), *words],
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    _, said = await process.communicate()
    assert process.returncode == 2
    assert b"Traceback" not in said
    assert words[1].encode() in said or b"port" in said
