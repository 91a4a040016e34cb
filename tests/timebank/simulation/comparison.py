"""Comparing the ledger with the oracle after every commit: answers, the touched accounts, the supply."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from tests.timebank.simulation.oracle import Account, Expected, Oracle, Refused
from tests.timebank.simulation.oracle.answers import ExpectedLine
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
from tests.timebank.simulation.world import Outcome, World
from timebank import (
    BranchLine,
    Capture,
    Command,
    Cycle,
    Post,
    Release,
    Result,
    Reverse,
)

DAY = timedelta(days=1)


class Diverged(Exception):
    """Ledger and oracle say different things about one subject."""

    def __init__(self, subject: str, expected: object, found: object) -> None:
        super().__init__(f"{subject}: expected {expected}, found {found}")
        self.subject, self.expected, self.found = subject, expected, found


def same(subject: str, expected: object, found: object) -> None:
    """Or `Diverged`."""
    if expected != found:
        raise Diverged(subject, expected, found)


def row(account: Account) -> tuple[Any, ...]:
    """An account as the ledger stores it."""
    a = account
    return (a.posted, a.held, a.owed, a.version, a.floor, a.cap, a.closed)


@dataclass(frozen=True, slots=True)
class Mark:
    """The accounts' balances at an instant of the server's clock."""

    at: datetime
    posted: dict[UUID, int]


@dataclass
class Comparison:
    """Plays each step in both, and compares."""

    world: World
    oracle: Oracle
    chance: Random = field(default_factory=lambda: Random("comparison"))
    entry_ids: dict[str, int] = field(default_factory=dict)
    last_entry: int = 0
    roots: dict[date, bytes] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    crashes: Counter[str] = field(default_factory=Counter)

    async def step(self, step: Step) -> None:
        """Do the step in both worlds; `Diverged` if they differ."""
        if isinstance(step, Crash):
            self.crashes[step.moment] += 1
        outcome = await self.world.play(step)
        try:
            expected: Any = self.foresee(step)
        except Refused as refusal:
            self.codes[refusal.code] += 1
            same("refusal", refusal.code, outcome.code)
        else:
            same("refusal", None, outcome.code)
            self.answer(step, expected, outcome)
        await self.accounts(self.touched(step))
        self.supply()

    def supply(self) -> None:
        """Invariant 12: what all hold together is what was issued, and no more was issued than authorised."""
        totals: Counter[tuple[str, str]] = Counter()
        for there in self.oracle.state.accounts.values():
            totals[self.oracle.state.books[there.book] or there.book, there.unit] += there.posted
            if there.kind == "issuance" and there.floor is not None and there.posted < there.floor - there.owed:
                raise Diverged("issued", f"at most {-there.floor}", -there.posted)
        same("supply", [], [place for place, total in totals.items() if total])

    def foresee(self, step: Step) -> Any:
        """What the oracle answers."""
        oracle = self.oracle
        match step:
            case Call() | Crash():
                return oracle.apply(step.commands, step.now)
            case Night():
                return oracle.night(step.city, step.unit, step.on_day, step.caps, step.now)
            case Closing():
                oracle.close_period(step.book, step.starts_at, step.ends_at, step.now)
            case Sweeping():
                return oracle.sweep(step.now, step.limit)
            case BookOpens():
                oracle.open_book(step.book, step.city)
            case BookCloses():
                oracle.close_book(step.book)
            case Snapshot() | Root():
                pass
        return None

    def answer(self, step: Step, expected: Any, outcome: Outcome) -> None:
        """The answer to a step that was not refused."""
        match step:
            case Call():
                self.results(expected, outcome.answer, None)
            case Crash():
                self.results(expected, outcome.answer, step.moment)
            case Night():
                lines, repeated = expected
                self.night(lines, repeated, outcome.answer)
            case Root():
                assert isinstance(outcome.answer, bytes)
                same("root", self.roots.setdefault(step.on_day, outcome.answer), outcome.answer)
            case Sweeping():
                same("swept", expected, outcome.answer)
            case Closing() | BookOpens() | BookCloses():
                same("answer", None, outcome.answer)
            case Snapshot():
                assert isinstance(outcome.answer, int)
                if outcome.answer < self.last_entry:
                    raise Diverged("snapshot", f"at least {self.last_entry}", outcome.answer)

    def results(self, expected: Sequence[Expected], found: Any, moment: Moment | None) -> None:
        """One answer per command. After a crash `repeated` tells whether the first try was committed."""
        said = [Expected(one.key, one.state, one.amount, one.excess, one.repeated) for one in found]
        if moment in {Moment.DURING_COMMIT, Moment.SERVER_DIES}:
            committed = all(one.repeated for one in said)
        else:
            committed = moment is Moment.AFTER_COMMIT
        wanted = [Expected(one.key, one.state, one.amount, one.excess, one.repeated or committed) for one in expected]
        same("answers", wanted, said)
        for one in found:
            self.entry(one, new=not (one.repeated or committed))

    def entry(self, result: Result, *, new: bool) -> None:
        """An entry keeps its number, and a new one has a higher number than all before."""
        same("has an entry", result.key in self.oracle.state.entries, result.entry_id is not None)
        if result.entry_id is None:
            return
        known = self.entry_ids.setdefault(result.key, result.entry_id)
        same("entry's number", known, result.entry_id)
        if new and result.entry_id <= self.last_entry:
            raise Diverged("entry's number", f"above {self.last_entry}", result.entry_id)
        self.last_entry = max(self.last_entry, result.entry_id)

    def night(self, lines: Iterable[ExpectedLine], repeated: bool, cycle: Any) -> None:
        """A cycle's report."""
        assert isinstance(cycle, Cycle)
        same("cycle repeated", repeated, cycle.repeated)
        same("cycle", list(lines), [self.line(one) for one in cycle.lines])

    def line(self, one: BranchLine) -> ExpectedLine:
        """A branch's line in the oracle's words."""
        partners = tuple((partner.partner, partner.owes, partner.is_owed) for partner in one.partners)
        return ExpectedLine(one.branch, one.owes, one.is_owed, one.debt, one.cap, one.drawn, partners)

    def touched(self, step: Step) -> list[UUID]:
        """The accounts that a step may have changed."""
        if isinstance(step, Call | Crash):
            found = {account for command in step.commands for account in self.named(command)}
            return [account for account in found if account in self.oracle.state.accounts]
        if isinstance(step, Night | Sweeping):
            return list(self.oracle.state.accounts)
        return []

    def named(self, command: Command) -> Iterable[UUID | None]:
        """The accounts that a command is about."""
        state = self.oracle.state
        match command:
            case Post():
                yield command.excess_to
                for transfer in command.transfers:
                    yield from (transfer.source, transfer.destination)
            case Capture():
                yield from (command.destination, command.excess_to)
                yield state.holds[command.hold_key].account if command.hold_key in state.holds else None
            case Release():
                yield state.holds[command.hold_key].account if command.hold_key in state.holds else None
            case Reverse():
                if command.entry_key in state.entries:
                    yield from (account for account, _ in state.entries[command.entry_key].legs)
            case _:
                yield command.account

    async def accounts(self, accounts: Sequence[UUID] | None) -> None:
        """The rows of these accounts, or of all."""
        if accounts is not None and not accounts:
            return
        found = await self.world.accounts(accounts)
        known = self.oracle.state.accounts
        same("accounts", len(known) if accounts is None else len(accounts), len(found))
        for account, values in found.items():
            same(f"account {account} (posted, held, owed, version, floor, cap, closed)", row(known[account]), values)
