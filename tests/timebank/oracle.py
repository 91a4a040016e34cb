"""The ledger's rules once more, in dictionaries: no SQL, no locks, no hashes. It answers what `apply` should answer."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from timebank import Capture, Command, Hold, Post, Release, Reverse

Move = tuple[UUID, UUID, int]


@dataclass
class Reserved:
    """A hold as the oracle remembers it."""

    account: UUID
    amount: int
    expires_at: datetime
    state: str = "held"


class Oracle:
    """Knows accounts by (floor, cap); `act` returns the expected error code, or None when the command is done."""

    def __init__(self, accounts: dict[UUID, tuple[int, int | None]]) -> None:
        self.limits = accounts
        self.posted = dict.fromkeys(accounts, 0)
        self.holds: dict[str, Reserved] = {}
        self.entries: dict[str, list[Move]] = {}
        self.reversals: set[str] = set()
        self.reversed: set[str] = set()

    def held(self, account: UUID, now: datetime) -> int:
        """What unexpired holds set aside."""
        return sum(
            one.amount
            for one in self.holds.values()
            if one.account == account and one.state == "held" and now < one.expires_at
        )

    def balance(self, account: UUID, now: datetime) -> tuple[int, int, int]:
        """Posted, held, owed."""
        held = self.held(account, now)
        owed = max(0, self.limits[account][0] - (self.posted[account] - held))
        return self.posted[account], held, owed

    def act(self, command: Command, now: datetime) -> str | None:
        """Do it, or name the refusal."""
        match command:
            case Post():
                transfer = command.transfers[0]
                move = (transfer.source, transfer.destination, transfer.amount)
                return self.post(command.key, move, command.excess_to, now)
            case Hold():
                if (
                    self.posted[command.account] - self.held(command.account, now) - command.amount
                    < (self.limits[command.account][0])
                ):
                    return "insufficient_balance"
                self.holds[command.key] = Reserved(command.account, command.amount, command.expires_at)
            case Capture():
                return self.capture(command, now)
            case Release():
                reserved = self.holds[command.hold_key]
                if reserved.state == "held":
                    reserved.state = "released" if now < reserved.expires_at else "expired"
            case Reverse():
                return self.reverse(command)
        return None

    def split(self, move: Move, excess_to: UUID | None) -> list[Move] | None:
        """The move with what a cap refuses sent to the pool; None when there is no way for the rest."""
        source, destination, amount = move
        cap = self.limits[destination][1]
        fits = amount if cap is None else min(amount, max(0, cap - self.posted[destination]))
        if fits == amount:
            return [move]
        if excess_to is None or excess_to in {source, destination}:
            return None
        return [(source, excess_to, amount - fits)] + ([(source, destination, fits)] if fits else [])

    def post(self, key: str, move: Move, excess_to: UUID | None, now: datetime) -> str | None:
        """A post of one transfer."""
        moves = self.split(move, excess_to)
        if moves is None:
            return "cap_reached"
        source = move[0]
        if self.posted[source] - self.held(source, now) - move[2] < self.limits[source][0]:
            return "insufficient_balance"
        self.book(key, moves)
        return None

    def capture(self, command: Capture, now: datetime) -> str | None:
        """A hold's capture."""
        reserved = self.holds[command.hold_key]
        amount = command.amount or reserved.amount
        if reserved.state in {"captured", "released"}:
            return "hold_resolved"
        if reserved.state == "expired" or reserved.expires_at <= now:
            return "hold_expired"
        if amount > reserved.amount:
            return "capture_too_large"
        if reserved.account == command.destination:
            return "invalid_command"
        moves = self.split((reserved.account, command.destination, amount), command.excess_to)
        if moves is None:
            return "cap_reached"
        reserved.state = "captured"
        self.book(command.key, moves)
        return None

    def reverse(self, command: Reverse) -> str | None:
        """An entry's one reversal."""
        if command.entry_key in self.reversals:
            return "not_reversible"
        if command.entry_key in self.reversed:
            return "already_reversed"
        self.reversed.add(command.entry_key)
        self.reversals.add(command.key)
        self.book(command.key, [(to, back, amount) for back, to, amount in self.entries[command.entry_key]])
        return None

    def book(self, key: str, moves: list[Move]) -> None:
        """Write the moves."""
        for source, destination, amount in moves:
            self.posted[source] -= amount
            self.posted[destination] += amount
        self.entries[key] = moves
