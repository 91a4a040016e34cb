"""Whatever is lost, doubled, overtaken or late, and however wrong the clocks: both sides end alike.

No minute is made or lost. The same seeded history runs against sides in dictionaries (many histories) and against two
ledgers in PostgreSQL (some), and the two must agree in every relay's end and in every hash.
"""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.timebank.links.banks import GRANTED, Bank, compare
from tests.timebank.links.model import Model
from tests.timebank.town import NOON
from timebank.links.protocol import Answer, Move, Step, next_step
from timebank.links.relays import Relay

LIMITS = (300, 200)
MINUTE = timedelta(minutes=1)
LIVES = 15 * MINUTE
# a little, so that one side thinks a relay overdue that is not; and far more than a relay lives
SKEWS = (timedelta(), 8 * MINUTE, 12 * MINUTE, -8 * MINUTE, -3 * 60 * MINUTE, 26 * 60 * MINUTE)


class Side(Protocol):
    """What the simulation asks of a side: `Bank` and `Model` both have it."""

    skew: timedelta

    async def flying(self) -> list[Relay]: ...
    async def receive(self, step: Step, relay: Relay, *, now: Any) -> Answer: ...
    async def record(self, relay: Relay, step: Step, answer: Answer, *, now: Any) -> Move: ...
    async def expire(self, relay: Relay, *, now: Any) -> None: ...
    async def turn(self, state: str) -> None: ...
    async def wealth(self) -> int: ...
    async def begin_relay(self, amount: int, relay: UUID, *, now: Any, lives: timedelta) -> str | None: ...
    async def ends(self) -> dict[UUID, tuple[str, str | None, int | None, bytes | None]]: ...
    async def mirror(self) -> tuple[int, int, bytes, int, bytes]: ...


@dataclass
class Network:
    """Two sides and what is on its way between them; `chance` alone decides what happens."""

    sides: tuple[Side, Side]
    chance: random.Random
    now: Any = NOON
    messages: list[tuple[int, Step, Relay]] = field(default_factory=list)
    answers: list[tuple[int, Step, Relay, Answer]] = field(default_factory=list)

    async def happen(self) -> None:
        """One thing happens."""
        act = self.chance.choices(
            (self.start, self.work, self.deliver, self.hear, self.lose, self.crash, self.wait, self.turn),
            weights=(4, 10, 12, 12, 2, 1, 3, 1),
        )[0]
        await act()
        for side, limit in zip(self.sides, LIMITS, strict=True):
            assert -limit <= (await side.mirror())[0]

    async def start(self) -> None:
        relay = UUID(int=self.chance.getrandbits(128))
        side = self.chance.choice(self.sides)
        await side.begin_relay(self.chance.randint(1, 120), relay, now=self.now, lives=LIVES)

    async def work(self) -> None:
        """A side looks at one of its relays and does the next thing for it."""
        place = self.chance.randrange(2)
        flying = await self.sides[place].flying()
        if flying:
            await self.step(place, self.chance.choice(flying))

    async def step(self, place: int, relay: Relay) -> None:
        side = self.sides[place]
        step = next_step(relay, now=self.now + side.skew)
        if step is Step.EXPIRE:
            await side.expire(relay, now=self.now)
        elif step is not None:
            self.messages.append((place, step, relay))

    async def deliver(self) -> None:
        """Any message arrives; one in four stays on its way and will arrive again."""
        if self.messages:
            place, step, relay = self._take(self.messages)
            answer = await self.sides[1 - place].receive(step, relay, now=self.now)
            self.answers.append((place, step, relay, answer))

    async def hear(self) -> None:
        """Any answer arrives; one in four will arrive again."""
        if self.answers:
            place, step, relay, answer = self._take(self.answers)
            move = await self.sides[place].record(relay, step, answer, now=self.now)
            assert move is not Move.SUSPEND, (step, answer)

    def _take(self, waiting: list[Any]) -> Any:
        place = self.chance.randrange(len(waiting))
        return waiting[place] if self.chance.random() < 0.25 else waiting.pop(place)

    async def lose(self) -> None:
        if self.messages:
            self.messages.pop(self.chance.randrange(len(self.messages)))

    async def crash(self) -> None:
        """A side's process dies: the answers that it waited for are gone, what it committed stays."""
        place = self.chance.randrange(2)
        self.answers = [one for one in self.answers if one[0] != place]

    async def wait(self) -> None:
        self.now += self.chance.choice((MINUTE, 3 * MINUTE, 6 * MINUTE, 20 * MINUTE))

    async def turn(self) -> None:
        await self.chance.choice(self.sides).turn(self.chance.choice(("open", "open", "suspended")))

    async def heal(self) -> None:
        """From now on everything arrives, old things too, until nothing is in flight."""
        while self.messages or self.answers:
            await self.deliver()
            await self.hear()
        for _ in range(200):
            flying = [(place, relay) for place in (0, 1) for relay in await self.sides[place].flying()]
            if not flying:
                return
            for place, relay in flying:
                await self.step(place, relay)
                while self.messages or self.answers:
                    await self.deliver()
                    await self.hear()
            self.now += 30 * MINUTE
        raise AssertionError("something stays in flight")


async def run(sides: tuple[Side, Side], seed: int, acts: int) -> Network:
    """A history, healed, with what must hold whatever happened."""
    chance = random.Random(seed)
    for side in sides:
        side.skew = chance.choice(SKEWS)
    network = Network(sides, chance)
    for _ in range(acts):
        await network.happen()
    await network.heal()
    one, other = [await side.mirror() for side in sides]
    assert one[0] == -other[0], "mirrors are each other's negatives"
    assert one[1:3] == other[3:5], "both have one history"
    assert one[3:5] == other[1:3]
    assert sum([await side.wealth() for side in sides]) == 2 * GRANTED, "no minute is made or lost"
    here, there = [await side.ends() for side in sides]
    for relay in here.keys() & there.keys():
        assert (here[relay][0] == "committed") == (there[relay][0] == "committed"), "both sides end alike"
    return network


def models(link: UUID) -> tuple[Model, Model]:
    return (
        Model("east", "west", link, ours=LIMITS[0], theirs=LIMITS[1]),
        Model("west", "east", link, ours=LIMITS[1], theirs=LIMITS[0]),
    )


async def ledgers(engines: list[AsyncEngine], link: UUID) -> tuple[Bank, Bank]:
    city = f"city:{link.hex}"
    east, west = Bank(engines[0], city, "east", "west", link), Bank(engines[1], city, "west", "east", link)
    for bank, (ours, theirs) in ((east, LIMITS), (west, LIMITS[::-1])):
        await bank.found()
        await bank.open(ours=ours, theirs=theirs)
    return east, west


async def test_every_interleaving_ends_alike_on_both_sides() -> None:
    committed = ended = 0
    for seed in range(400):
        sides = models(UUID(int=seed))
        await run(sides, seed, 150)
        states = [relay.state for side in sides for relay in side.relays.values()]
        committed += states.count("committed")
        ended += len(states) - states.count("committed")
    assert committed > 1_500  # the histories do trade
    assert ended > 1_500  # and they do fail


async def agree(engines: list[AsyncEngine], seed: int, acts: int) -> None:
    """The two ledgers end as the two models do, hash for hash, with their proofs empty and nothing to reconcile."""
    link = UUID(int=seed)
    banks, twins = await ledgers(engines, link), models(link)
    await run(banks, seed, acts)
    await run(twins, seed, acts)
    for bank, twin in zip(banks, twins, strict=True):
        assert await bank.mirror() == await twin.mirror()
        assert await bank.ends() == await twin.ends()
        assert await bank.wealth() == await twin.wealth()
        assert await bank.faults() == []
    assert await compare(*banks) == await compare(*banks[::-1]) == []


@pytest.mark.parametrize("seed", range(5))
async def test_two_ledgers_end_as_the_models_do(engines: list[AsyncEngine], seed: int) -> None:
    await agree(engines, seed, 90)


@pytest.mark.slow
async def test_two_ledgers_end_as_the_models_do_in_long_histories(
    engines: list[AsyncEngine], request: pytest.FixtureRequest
) -> None:
    if "slow" not in str(request.config.getoption("-m")):
        pytest.skip("100 histories of 400 acts: ask for them with -m slow")
    for seed in range(100, 200):
        await agree(engines, seed, 400)
