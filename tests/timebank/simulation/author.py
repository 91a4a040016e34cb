"""Writes random histories: each next step from a seeded chance and from what the oracle knows, most of them sensible.

The clock goes on by minutes and, now and then, jumps by hours, days or years, and back."""

from collections.abc import Callable, Container
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from tests.timebank.simulation.oracle import Oracle
from tests.timebank.simulation.steps import (
    BookCloses,
    BookOpens,
    Call,
    Closing,
    Crash,
    Moment,
    Night,
    Root,
    Snapshot,
    Step,
    Sweeping,
)
from tests.timebank.simulation.town import BRANCHES, CITY, DAWN, ISSUANCE, OTHER_CITY, RESERVE, member
from timebank import (
    Capture,
    CloseAccount,
    Command,
    Hold,
    Post,
    Release,
    ReopenAccount,
    Reverse,
    SetLimits,
    Transfer,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RECENT = 60  # holds, entries and commands that may be meant again
JUMPS = (2 * HOUR, -2 * HOUR, 9 * HOUR, -9 * HOUR, 3 * DAY, -3 * DAY, 400 * DAY, -400 * DAY)
DEATHS = (Moment.DURING_CALL, Moment.BEFORE_COMMIT, Moment.DURING_COMMIT, Moment.AFTER_COMMIT)
MAIN = {CITY, *BRANCHES}
Remembered = list[Any]


class Author:
    """Draws steps. `deaths_of_the_server`: every how many steps PostgreSQL is killed; 0: never."""

    def __init__(self, seed: int, oracle: Oracle, *, deaths_of_the_server: int = 0) -> None:
        self.chance = Random(f"ledger {seed}")
        self.oracle = oracle
        self.time = DAWN
        self.jump = timedelta()
        self.numbers = 0
        self.deaths = deaths_of_the_server
        self.holds: Remembered = []
        self.entries: Remembered = []
        self.said: Remembered = []
        self.members = 0
        self.books = 0
        self.nights: dict[str, datetime] = {}
        self._commands: list[tuple[float, Callable[[], Command]]] = [
            (26, self.post),
            (14, self.hold),
            (13, self.capture),
            (5, self.release),
            (6, self.reverse),
            (4, self.limits),
            (2.5, self.close),
            (2.5, self.reopen),
            (2, self.join),
            (4, self.again),
            (3, self.other_payload),
        ]
        self._steps: list[tuple[float, Callable[[], Step]]] = [
            (80, self.call),
            (0.8, self.crash),
            (2, self.night),
            (1, self.sweep),
            (0.6, self.close_period),
            (0.6, Snapshot),
            (0.6, self.root),
            (0.4, self.open_book),
            (0.4, self.close_book),
        ]

    @property
    def now(self) -> datetime:
        """The caller's clock, off by its present jump."""
        return self.time + self.jump

    def step(self, number: int) -> Step:
        """The next step."""
        self.time += timedelta(seconds=self.chance.expovariate(1 / 1500))
        if self.chance.random() < 0.02:
            self.jump = self.chance.choice(JUMPS) if not self.jump else timedelta()
        if self.deaths and number % self.deaths == self.deaths - 1:
            return Crash(self.batch(), self.now, Moment.SERVER_DIES)
        step: Step = self.draw(self._steps)()
        return step

    def draw(self, choices: list[tuple[float, Callable[[], Any]]]) -> Callable[[], Any]:
        """One of the choices, by weight."""
        return self.chance.choices([one[1] for one in choices], [one[0] for one in choices])[0]

    def batch(self) -> tuple[Command, ...]:
        """Mostly one command; else up to six."""
        count = 1 if self.chance.random() < 0.85 else self.chance.randint(2, 6)
        commands = tuple(self.draw(self._commands)() for _ in range(count))
        for command in commands:
            self.remember(self.said, command)
        return commands

    def call(self) -> Step:
        return Call(self.batch(), self.now)

    def crash(self) -> Step:
        return Crash(self.batch(), self.now, self.chance.choice(DEATHS))

    def remember(self, place: Remembered, thing: object) -> None:
        """Keep the most recent; some stay for long."""
        place.append(thing)
        if len(place) > RECENT:
            place.pop(self.chance.randrange(RECENT))

    def recent(self, place: Remembered, known: Container[str]) -> str:
        """A remembered key that the ledger knows; rarely one that it refused, or that nobody has used."""
        there = [key for key in place if key in known] if self.chance.random() < 0.97 else place
        return str(self.chance.choice(there)) if there else self.key("nobody")

    def key(self, what: str) -> str:
        self.numbers += 1
        return f"{what}:{self.numbers}"

    def account(self, unit: str | None = "minute") -> UUID:
        """Mostly an account of this unit."""
        if self.chance.random() < 0.01:
            return UUID(int=self.chance.getrandbits(64))
        accounts = self.oracle.state.accounts
        if self.chance.random() < 0.95:  # mostly one that can answer
            wanted = [key for key, one in accounts.items() if one.unit == unit and not one.closed and one.book in MAIN]
        else:
            wanted = [key for key, one in accounts.items() if one.unit == unit]
        return self.chance.choice(wanted if self.chance.random() < 0.98 else list(accounts))

    def giver(self, unit: str) -> UUID:
        """Mostly an account with something to give."""
        rich = [key for key, one in self.oracle.state.accounts.items() if one.unit == unit and one.posted > one.held]
        return self.chance.choice(rich) if rich and self.chance.random() < 0.85 else self.account(unit)

    def open_hold(self) -> str:
        """Mostly one that is not resolved."""
        holds = self.oracle.state.holds
        held = [key for key in self.holds if key in holds and holds[key].state == "held"]
        held = [key for key in held if holds[key].expires_at > self.now] or held
        return str(self.chance.choice(held)) if held and self.chance.random() < 0.7 else self.recent(self.holds, holds)

    def minutes(self) -> int:
        return self.chance.choice((self.chance.randint(1, 120), self.chance.randint(1, 40), 1, 60))

    def transfer(self, unit: str) -> Transfer:
        """A service, a gift, a grant; seldom of an absurd amount."""
        source, destination = self.giver(unit), self.account(unit)
        if unit == "minute" and self.chance.random() < 0.25:
            source = self.chance.choice((ISSUANCE, ISSUANCE, RESERVE))
        amount = self.minutes() if self.chance.random() < 0.99 else self.chance.choice((5_000, 10**6, 10**15))
        while destination == source:
            destination = self.account(unit)
        return Transfer(source, destination, amount)

    def occurred_at(self) -> datetime:
        """Mostly now; also days ago, and seldom later than now."""
        ago = self.chance.choice((0, 0, 0, self.chance.uniform(0, 72)))
        return self.now - timedelta(hours=ago) if self.chance.random() < 0.99 else self.now + HOUR

    def excess_to(self) -> UUID | None:
        return self.account() if self.chance.random() < 0.6 else None

    def post(self) -> Command:
        key = self.key("post")
        self.remember(self.entries, key)
        count = 1 if self.chance.random() < 0.85 else self.chance.randint(2, 6)
        unit = "minute" if self.chance.random() < 0.9 else "fen"
        transfers = tuple(self.transfer(unit) for _ in range(count))
        if self.chance.random() < 0.1:  # minutes that go through several hands in one entry
            first = transfers[0]
            third = self.account(unit)
            if third != first.destination:
                transfers = (first, Transfer(first.destination, third, first.amount), *transfers[1:])
        return Post(key, transfers, "service", f"visit:{key}", self.occurred_at(), self.excess_to())

    def hold(self) -> Command:
        key = self.key("hold")
        self.remember(self.holds, key)
        hours = self.chance.choice((self.chance.uniform(0.1, 24), self.chance.uniform(1, 96), 9_000))
        if self.chance.random() < 0.01:
            hours = -1.0
        return Hold(key, self.giver("minute"), self.minutes(), self.now + timedelta(hours=hours), "task")

    def capture(self) -> Command:
        key = self.key("capture")
        self.remember(self.entries, key)
        part = self.minutes() if self.chance.random() < 0.3 else None
        meant = self.open_hold()
        return Capture(key, meant, self.account(), self.occurred_at(), "visit", part, self.excess_to())

    def release(self) -> Command:
        return Release(self.key("release"), self.open_hold())

    def reverse(self) -> Command:
        key = self.key("reverse")
        meant = self.recent(self.entries, self.oracle.state.entries)
        self.remember(self.entries, key)
        return Reverse(key, meant, self.occurred_at(), "mistake")

    def limits(self) -> Command:
        account = self.account()
        there = self.oracle.state.accounts.get(account)
        floor = self.chance.choice((0, 0, 0, -200, -600, None))
        cap = self.chance.choice((None, None, None, 0, 300, 900))
        if there is not None and there.kind in {"issuance", "reserve"}:
            floor, cap = (there.floor or 0) - self.chance.randint(-500, 500), None
            floor = min(0, floor)
        return SetLimits(self.key("limits"), account, floor, cap)

    def close(self) -> Command:
        accounts = self.oracle.state.accounts
        empty = [key for key, there in accounts.items() if not there.posted and there.kind != "reserve"]
        account = self.chance.choice(empty) if empty and self.chance.random() < 0.8 else self.account()
        return CloseAccount(self.key("close"), account)

    def reopen(self) -> Command:
        closed = [key for key, there in self.oracle.state.accounts.items() if there.closed]
        return ReopenAccount(self.key("reopen"), self.chance.choice(closed) if closed else self.account())

    def join(self) -> Command:
        """A new member; after 200 of them only one who has joined already, under another key."""
        self.members = min(200, self.members + 1)
        books = BRANCHES if self.chance.random() < 0.8 else (*self.oracle.state.books, "nowhere")
        opened = member(self.chance.choice(books), f"member{self.members}")
        return replace(opened, key=self.key("open")) if self.chance.random() < 0.1 else opened

    def again(self) -> Command:
        """The same once more."""
        command: Command = self.chance.choice(self.said) if self.said else self.post()
        return command

    def other_payload(self) -> Command:
        """Another command under a key that was said."""
        meant = self.again()
        return replace(self.chance.choice((self.post, self.hold, self.release, self.limits))(), key=meant.key)

    def night(self) -> Step:
        """Mostly the next day's, if it has begun; also the last one's again, an earlier one's, one of next year."""
        city = CITY if self.chance.random() < 0.9 else self.chance.choice((OTHER_CITY, "nowhere", "A"))
        unit = "minute" if self.chance.random() < 0.9 else "fen"
        last = self.nights.get(f"{city} {unit}", DAWN)
        begun = last + DAY if (last + DAY).date() <= self.time.date() else last
        # by a clock that is a year ahead that night would be run, and keep all others from being run for a year
        mistyped = last if self.jump > DAY else last + 400 * DAY
        day = self.chance.choices((begun, last, last - DAY, mistyped), (8, 1, 0.5, 0.5))[0]
        if day == begun and self.jump >= timedelta():
            self.nights[f"{city} {unit}"] = begun
        caps = {branch: self.chance.choice((0, 50, 500)) for branch in BRANCHES if self.chance.random() < 0.7}
        return Night(city, unit, day.date(), caps, self.now)

    def sweep(self) -> Step:
        return Sweeping(self.now, self.chance.choice((500, 3)))

    def close_period(self) -> Step:
        """Some hours of some days ago; an hour that is over at `now` and not yet closed stays usable."""
        starts_at = (self.time - DAY * self.chance.randint(1, 4)).replace(minute=0, second=0, microsecond=0)
        ends_at = starts_at + HOUR * self.chance.choice((1, 2, 2, 0, 24 * 9))
        return Closing(self.chance.choice((*BRANCHES, CITY, "nowhere")), starts_at, ends_at, self.now)

    def root(self) -> Step:
        return Root((self.time - DAY * self.chance.choice((0, 0, 1))).date())

    def open_book(self) -> Step:
        self.books = min(self.books + 1, 30)
        return BookOpens(f"new{self.books}", self.chance.choice((CITY, CITY, OTHER_CITY, "A", "nowhere", None)))

    def close_book(self) -> Step:
        return BookCloses(self.chance.choice([*self.oracle.state.books, "nowhere"]))
