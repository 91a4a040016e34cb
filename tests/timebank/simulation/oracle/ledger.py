"""The oracle: every command, every closing and every night, by arithmetic on dictionaries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from tests.timebank.simulation.oracle import cycles
from tests.timebank.simulation.oracle.answers import Expected, ExpectedLine, Refused
from tests.timebank.simulation.oracle.entries import (
    booked,
    expired,
    free_expired,
    require,
    reserve,
    resolve,
    split,
    usable,
    write,
)
from tests.timebank.simulation.oracle.state import Account, Reserved, State
from timebank import (
    Capture,
    CloseAccount,
    Command,
    Hold,
    OpenAccount,
    Post,
    Release,
    ReopenAccount,
    Reverse,
    SetLimits,
)

T = TypeVar("T")


class Oracle:
    """Answers what the ledger must answer, or raises `Refused` and is as it was."""

    def __init__(self) -> None:
        self.state = State()

    def once(self, work: Callable[[], T]) -> T:
        """Do it wholly, or not at all."""
        try:
            done = work()
        except Refused:
            self.state.undo()
            raise
        self.state.keep()
        return done

    def apply(self, commands: Sequence[Command], now: datetime) -> list[Expected]:
        """All commands, or none."""
        return self.once(lambda: [self.command(command, now) for command in commands])

    def command(self, command: Command, now: datetime) -> Expected:
        """One command."""
        known = self.state.answers.get(command.key)
        if known is not None:
            if known[0] != command:
                raise Refused("key_conflict")
            return replace(known[1], repeated=True)
        answer = self.fresh(command, now)
        self.state.put(self.state.answers, command.key, (command, answer))
        return answer

    def fresh(self, command: Command, now: datetime) -> Expected:
        """One command whose key is new."""
        match command:
            case Post():
                answer = self.post(command, now)
            case Hold():
                answer = self.hold(command, now)
            case Capture():
                answer = self.capture(command, now)
            case Release():
                answer = self.release(command, now)
            case Reverse():
                answer = self.reverse(command, now)
            case OpenAccount():
                answer = self.open(command)
            case SetLimits():
                answer = self.limit(command, now)
            case CloseAccount():
                answer = self.close(command, now)
            case ReopenAccount():
                answer = self.reopen(command)
        return answer

    def post(self, command: Post, now: datetime) -> Expected:
        """Transfers in one entry."""
        transfers = [(one.source, one.destination, one.amount) for one in command.transfers]
        moves, moved, excess = split(self.state, transfers, command.excess_to)
        entry = booked(self.state, moves, command.occurred_at, (moved, excess))
        write(self.state, command.key, entry, now, may_owe=False)
        return Expected(command.key, "posted", moved, excess)

    def hold(self, command: Hold, now: datetime) -> Expected:
        """Set aside."""
        usable(self.state, command.account)
        if command.expires_at <= now:
            raise Refused("invalid_command")
        require(self.state, command.account, command.amount, now)
        reserve(self.state, command.key, Reserved(command.account, command.amount, command.expires_at))
        return Expected(command.key, "held", command.amount)

    def _hold(self, key: str) -> Reserved:
        found = self.state.holds.get(key)
        if found is None:
            raise Refused("unknown_hold")
        return found

    def capture(self, command: Capture, now: datetime) -> Expected:
        """Pay a hold."""
        hold = self._hold(command.hold_key)
        amount = hold.amount if command.amount is None else command.amount
        if hold.state in {"captured", "released"}:
            raise Refused("hold_resolved")
        if hold.state == "expired" or hold.expires_at <= now:
            raise Refused("hold_expired")
        if amount > hold.amount:
            raise Refused("capture_too_large")
        transfer = (hold.account, command.destination, amount)
        moves, moved, excess = split(self.state, [transfer], command.excess_to)
        resolve(self.state, command.hold_key, "captured", amount)
        entry = booked(self.state, moves, command.occurred_at, (moved, excess))
        write(self.state, command.key, entry, now, may_owe=True)
        return Expected(command.key, "posted", moved, excess)

    def release(self, command: Release, now: datetime) -> Expected:
        """Give back."""
        hold = self._hold(command.hold_key)
        if hold.state != "held":
            return Expected(command.key, hold.state)
        state = "expired" if hold.expires_at <= now else "released"
        return Expected(command.key, state, resolve(self.state, command.hold_key, state))

    def reverse(self, command: Reverse, now: datetime) -> Expected:
        """Mirror an entry."""
        entry = self.state.entries.get(command.entry_key)
        if entry is None:
            raise Refused("unknown_entry")
        if entry.reverses is not None:
            raise Refused("not_reversible")
        for account, _amount in entry.legs:
            usable(self.state, account)
        if command.entry_key in self.state.reversed:
            raise Refused("already_reversed")
        mirror = replace(
            entry,
            legs=tuple((account, -amount) for account, amount in entry.legs),
            clearing=tuple((branch, partner, -amount) for branch, partner, amount in entry.clearing),
            occurred_at=command.occurred_at,
            reverses=command.entry_key,
            by_cycle=False,
        )
        write(self.state, command.key, mirror, now, may_owe=True)
        self.state.put(self.state.reversed, command.entry_key, command.key)
        return Expected(command.key, "posted", entry.amount, entry.excess)

    def open(self, command: OpenAccount) -> Expected:
        """Open an account."""
        if command.book not in self.state.books:
            raise Refused("unknown_book")
        if command.book in self.state.closed_books:
            raise Refused("book_closed")
        if command.account in self.state.accounts:
            raise Refused("account_exists")
        account = Account(command.book, command.unit, command.kind, command.owner, command.floor, command.cap)
        self.state.put(self.state.accounts, command.account, account)
        return Expected(command.key, "open")

    def limit(self, command: SetLimits, now: datetime) -> Expected:
        """Set floor and cap."""
        account = usable(self.state, command.account)
        if account.kind == "issuance" and command.floor is None:
            raise Refused("invalid_command")
        free_expired(self.state, command.account, now)
        before = self.state.accounts[command.account]
        after = replace(before, floor=command.floor, cap=command.cap)
        if after.owed > before.owed:
            raise Refused("insufficient_balance")
        self.state.put(self.state.accounts, command.account, after)
        return Expected(command.key, "open")

    def close(self, command: CloseAccount, now: datetime) -> Expected:
        """Close at zero."""
        usable(self.state, command.account)
        free_expired(self.state, command.account, now)
        account = self.state.accounts[command.account]
        if account.posted or account.held or account.owed:
            raise Refused("account_not_empty")
        self.state.put(self.state.accounts, command.account, replace(account, closed=True))
        return Expected(command.key, "closed")

    def reopen(self, command: ReopenAccount) -> Expected:
        """Open again."""
        account = self.state.accounts.get(command.account)
        if account is None:
            raise Refused("unknown_account")
        if account.book in self.state.closed_books:
            raise Refused("book_closed")
        self.state.put(self.state.accounts, command.account, replace(account, closed=False))
        return Expected(command.key, "open")

    def open_book(self, book: str, city: str | None) -> None:
        """A branch's book, or a city's."""
        state = self.state
        if city is not None and (state.books.get(city, city) is not None or city in state.closed_books):
            raise Refused("book_conflict")
        if book in state.books and (state.books[book] != city or book in state.closed_books):
            raise Refused("book_conflict")
        state.books.setdefault(book, city)

    def close_book(self, book: str) -> None:
        """Close a book whose accounts are closed and whose clearing is settled."""
        state = self.state
        if book not in state.books:
            raise Refused("unknown_book")
        accounts = any(one.book == book and not one.closed for one in state.accounts.values())
        branches = any(city == book and one not in state.closed_books for one, city in state.books.items())
        if accounts or branches or any(sum_ for (branch, _), sum_ in state.clearing.items() if branch == book):
            raise Refused("book_not_empty")
        state.closed_books[book] = True

    def close_period(self, book: str, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
        """Nothing more occurs in it."""
        if book not in self.state.books:
            raise Refused("unknown_book")
        if starts_at >= ends_at or ends_at > now:
            raise Refused("invalid_command")
        known = [end for place, start, end in self.state.periods if (place, start) == (book, starts_at)]
        if known and known != [ends_at]:
            raise Refused("invalid_command")
        if not known:
            self.state.periods.append((book, starts_at, ends_at))

    def sweep(self, now: datetime, limit: int) -> int:
        """Release what has expired, the longest expired first; how many."""
        keys = [key for account in self.state.waiting for key in expired(self.state, account, now)]
        overdue = sorted(keys, key=lambda key: (self.state.holds[key].expires_at, key))[:limit]
        for key in overdue:
            resolve(self.state, key, "expired")
        self.state.keep()
        return len(overdue)

    def night(
        self, city: str, unit: str, on_day: date, caps: Mapping[str, int], now: datetime
    ) -> tuple[tuple[ExpectedLine, ...], bool]:
        """A day's cycle, and whether it had been run before."""
        return self.once(lambda: cycles.night(self.state, city, unit, on_day, caps, now))

    def visible(self, account: UUID, now: datetime) -> tuple[int, int, int]:
        """Posted, held and owed as a reader sees them at `now`: expired holds do not count, swept or not."""
        there = self.state.accounts[account]
        gone = sum(self.state.holds[key].amount for key in expired(self.state, account, now))
        seen = replace(there, held=there.held - gone)
        return seen.posted, seen.held, seen.owed
