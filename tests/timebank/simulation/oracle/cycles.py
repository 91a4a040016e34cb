"""The nightly cycle in the oracle."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from tests.timebank.simulation.oracle.answers import ExpectedLine, Refused
from tests.timebank.simulation.oracle.entries import free_expired, write
from tests.timebank.simulation.oracle.state import Booked, State


def night(
    state: State, city: str, unit: str, on_day: date, caps: Mapping[str, int], now: datetime
) -> tuple[tuple[ExpectedLine, ...], bool]:
    """Settle what every branch owes, relieve those above their cap; the lines, and whether it had been run."""
    if state.books.get(city, city) is not None:
        raise Refused("unknown_book")
    known = state.cycles.get((city, unit, on_day))
    if known is not None:
        return known, True
    if any(day > on_day for place, kind, day in state.cycles if (place, kind) == (city, unit)):
        raise Refused("invalid_command")
    branches = sorted(branch for branch, kind in state.clearing if kind == unit and state.books[branch] == city)
    key = f"cycle:{city}:{unit}:{on_day}"
    settle(state, branches, unit, key, now)
    if on_day > now.date() + timedelta(days=1):
        raise Refused("invalid_command")
    lines = []
    for branch in branches:
        debt, cap = max(0, state.settled.get((branch, unit), 0)), caps.get(branch)
        above = 0 if cap is None else max(0, debt - cap)
        drawn = draw(state, (city, branch), unit, above, (f"{key}:draw:{branch}", now))
        gross = sorted(
            (partner, *sums) for (one, partner, kind), sums in state.traded.items() if (one, kind) == (branch, unit)
        )
        owes, is_owed = sum(one[1] for one in gross), sum(one[2] for one in gross)
        lines.append(ExpectedLine(branch, owes, is_owed, debt, cap, drawn, tuple(gross)))
    for place in [place for place in state.traded if place[2] == unit and state.books[place[0]] == city]:
        forget(state, place)
    state.put(state.cycles, (city, unit, on_day), tuple(lines))
    return tuple(lines), False


def forget(state: State, place: tuple[str, str, str]) -> None:
    """The next cycle counts from here."""
    before = state.traded[place]
    state.put(state.traded, place, before)  # for the journal, which then puts it back
    del state.traded[place]


def settle(state: State, branches: list[str], unit: str, key: str, now: datetime) -> None:
    """Clearing becomes settled, in one entry."""
    owing = [branch for branch in branches if state.clearing[branch, unit]]
    if not owing:
        return
    amount = sum(max(0, state.clearing[branch, unit]) for branch in owing)
    entry = Booked(unit, (), (), frozenset(owing), now, amount, 0, by_cycle=True)
    write(state, key, entry, now, may_owe=False)
    for branch in owing:
        settled = state.settled.get((branch, unit), 0)
        state.put(state.settled, (branch, unit), settled + state.clearing[branch, unit])
        state.put(state.clearing, (branch, unit), 0)


def draw(state: State, parties: tuple[str, str], unit: str, amount: int, entry: tuple[str, datetime]) -> int:
    """As much of the amount as the city's reserve can bear goes to the branch's relief."""
    (city, branch), (key, now) = parties, entry
    reserve, relief = shared(state, city, unit, "reserve"), shared(state, branch, unit, "relief")
    if not amount or reserve is None or relief is None:
        return 0
    free_expired(state, reserve, now)
    there = state.accounts[reserve]
    drawn = amount if there.floor is None else min(amount, max(0, there.posted - there.held - there.floor))
    if not drawn:
        return 0
    legs = ((reserve, -drawn), (relief, drawn))
    written = Booked(unit, legs, (), frozenset((city, branch)), now, drawn, 0, by_cycle=True)
    write(state, key, written, now, may_owe=False)
    state.put(state.settled, (branch, unit), state.settled.get((branch, unit), 0) - drawn)
    return drawn


def shared(state: State, book: str, unit: str, kind: str) -> UUID | None:
    """The book's one account of a kind, if it is open."""
    for account, there in state.accounts.items():
        if (there.book, there.unit, there.kind, there.owner, there.closed) == (book, unit, kind, None, False):
            return account
    return None
