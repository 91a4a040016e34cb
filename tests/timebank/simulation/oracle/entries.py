"""Entries in the oracle: transfers become moves, moves change accounts and clearing."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from tests.timebank.simulation.oracle.answers import Refused
from tests.timebank.simulation.oracle.state import Account, Booked, Reserved, State

Move = tuple[UUID, UUID, int]


def usable(state: State, account: UUID) -> Account:
    """The account, if it is there and open."""
    found = state.accounts.get(account)
    if found is None:
        raise Refused("unknown_account")
    if found.closed:
        raise Refused("account_closed")
    return found


def reserve(state: State, key: str, hold: Reserved) -> None:
    """A new hold."""
    there = state.accounts[hold.account]
    state.put(state.holds, key, hold)
    state.put(state.waiting, hold.account, (*state.waiting.get(hold.account, ()), key))
    state.put(state.accounts, hold.account, replace(there, held=there.held + hold.amount))


def resolve(state: State, key: str, how: str, captured: int = 0) -> int:
    """A hold's end; what it had set aside."""
    hold = state.holds[key]
    there = state.accounts[hold.account]
    state.put(state.holds, key, replace(hold, state=how, captured=captured))
    state.put(state.waiting, hold.account, tuple(one for one in state.waiting[hold.account] if one != key))
    state.put(state.accounts, hold.account, replace(there, held=there.held - hold.amount))
    return hold.amount


def expired(state: State, account: UUID, now: datetime) -> list[str]:
    """The account's holds whose time is over, though nobody has resolved them."""
    return [key for key in state.waiting.get(account, ()) if state.holds[key].expires_at <= now]


def free_expired(state: State, account: UUID, now: datetime) -> int:
    """Expired holds no longer count; how much that gave back."""
    return sum(resolve(state, key, "expired") for key in expired(state, account, now))


def require(state: State, account: UUID, amount: int, now: datetime) -> None:
    """So much can leave the account or be set aside. Expired holds are cleared only when it needs them."""

    def enough() -> bool:
        there = state.accounts[account]
        return there.floor is None or there.posted - there.held - amount >= there.floor

    if not enough() and not (free_expired(state, account, now) and enough()):
        raise Refused("insufficient_balance")


def connect(state: State, source: Account, destination: Account) -> None:
    """The two exchange: one unit, and one city."""
    if source.unit != destination.unit:
        raise Refused("unit_mismatch")
    cities = {state.books[one.book] or one.book for one in (source, destination)}
    if source.book != destination.book and len(cities) > 1:
        raise Refused("books_not_connected")


def split(state: State, transfers: Iterable[Move], excess_to: UUID | None) -> tuple[list[Move], int, int]:
    """The transfers as moves, with what a cap refuses sent to the pool; the sums that fitted and that did not."""
    moves: list[Move] = []
    coming: Counter[UUID] = Counter()
    moved = excess = 0

    def room(account: UUID, there: Account, amount: int) -> int:
        return amount if there.cap is None else min(amount, max(0, there.cap - there.posted - coming[account]))

    def move(source: UUID, destination: UUID, amount: int) -> None:
        connect(state, state.accounts[source], state.accounts[destination])
        moves.append((source, destination, amount))
        coming[source] -= amount
        coming[destination] += amount

    for source, destination, amount in transfers:
        usable(state, source)
        fits = room(destination, usable(state, destination), amount)
        if source == destination:
            raise Refused("invalid_command")
        rest = amount - fits
        if rest:
            if excess_to is None or excess_to in {source, destination}:
                raise Refused("cap_reached")
            if room(excess_to, usable(state, excess_to), rest) < rest:
                raise Refused("cap_reached")
            move(source, excess_to, rest)
        if fits:
            move(source, destination, fits)
        moved, excess = moved + fits, excess + rest
    return moves, moved, excess


def booked(state: State, moves: list[Move], occurred_at: datetime, sums: tuple[int, int]) -> Booked:
    """The entry of these moves, with the clearing between books."""
    legs: list[tuple[UUID, int]] = []
    clearing: list[tuple[str, str, int]] = []
    books: set[str] = set()
    for source, destination, amount in moves:
        legs += [(source, -amount), (destination, amount)]
        giver, taker = state.accounts[source].book, state.accounts[destination].book
        books |= {giver, taker}
        if giver != taker:
            for branch, partner, signed in ((giver, taker, amount), (taker, giver, -amount)):
                city = state.books[branch]
                if city is not None:
                    clearing.append((branch, partner, signed))
                    books.add(city)
    unit = state.accounts[moves[0][0]].unit
    return Booked(unit, tuple(legs), tuple(clearing), frozenset(books), occurred_at, *sums)


def write(state: State, key: str, entry: Booked, now: datetime, *, may_owe: bool) -> None:
    """Write the entry, or refuse it."""
    if entry.occurred_at > now:
        raise Refused("invalid_command")
    if entry.reverses is not None and state.entries[entry.reverses].by_cycle:
        raise Refused("not_reversible")
    for account, amount in entry.legs:
        if amount < 0 and not may_owe:
            require(state, account, -amount, now)
        there = state.accounts[account]
        state.put(state.accounts, account, replace(there, posted=there.posted + amount, version=there.version + 1))
        state.add(state.lines.setdefault(account, []), (entry.occurred_at, amount))
    for branch, partner, amount in entry.clearing:
        place = (branch, entry.unit)
        state.put(state.clearing, place, state.clearing.get(place, 0) + amount)
        owes, is_owed = state.traded.get((branch, partner, entry.unit), (0, 0))
        gross = (owes + max(0, amount), is_owed + max(0, -amount))
        state.put(state.traded, (branch, partner, entry.unit), gross)
    for book, starts_at, ends_at in state.periods:
        if book in entry.books and starts_at <= entry.occurred_at < ends_at:
            raise Refused("period_closed")
    state.put(state.entries, key, entry)
