"""Comparing everything: all accounts, sums, holds, some statements and points in time by both clocks; and the proof."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tests.timebank.simulation.comparison import Comparison, Diverged, Mark, same
from timebank import balance, balance_at, net_positions, statement
from timebank.audit import trial_balance
from timebank.export import export_lines
from timebank.proof import prove
from timebank.verify import BadRow, verify

DAY = timedelta(days=1)


async def everything(comparison: Comparison, now: datetime) -> None:
    """All accounts, sums, holds; some statements and points in time, by both clocks."""
    await comparison.accounts(None)
    async with AsyncSession(comparison.world.engine) as tx:
        await sums(comparison, tx)
        await trial(comparison, tx)
        for account in comparison.chance.sample(list(comparison.oracle.state.accounts), 4):
            await points_in_time(comparison, tx, account, now)
    await holds(comparison)
    [[at]] = await comparison.world.rows("SELECT clock_timestamp()")
    posted = {account: there.posted for account, there in comparison.oracle.state.accounts.items()}
    comparison.marks.append(Mark(at, posted))
    if len(comparison.marks) > 40:
        comparison.marks.pop(comparison.chance.randrange(40))


async def sums(comparison: Comparison, tx: AsyncSession) -> None:
    """Every branch's clearing, settled sum and mirror."""
    state = comparison.oracle.state
    for city in [book for book, of in state.books.items() if of is None]:
        found = {
            (one.branch, one.unit): (one.clearing, one.settled, one.position) for one in await net_positions(tx, city)
        }
        wanted = {
            place: (owed, state.settled.get(place, 0), -owed - state.settled.get(place, 0))
            for place, owed in state.clearing.items()
            if state.books[place[0]] == city
        }
        same(f"net positions of {city}", wanted, found)


async def trial(comparison: Comparison, tx: AsyncSession) -> None:
    """The trial balance: zero in every book, and the oracle's sum per kind of account."""
    wanted: dict[tuple[str, str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for there in comparison.oracle.state.accounts.values():
        posted, held = wanted[there.book, there.unit, there.kind]
        wanted[there.book, there.unit, there.kind] = (posted + there.posted, held + there.held)
    totals: Counter[tuple[str, str]] = Counter()
    for line in await trial_balance(tx):
        totals[line.book, line.unit] += line.posted
        if line.accounts:
            place = (line.book, line.unit, line.kind)
            same(f"trial balance of {place}", wanted.get(place), (line.posted, line.held))
    same("trial balance", [], [place for place, total in totals.items() if total])


async def points_in_time(comparison: Comparison, tx: AsyncSession, account: UUID, now: datetime) -> None:
    """Balance now, statement and balances at points in time."""
    seen = await balance(tx, account, now=now)
    same(f"balance of {account}", comparison.oracle.visible(account, now), (seen.posted, seen.held, seen.owed))
    lines = sorted(comparison.oracle.state.lines.get(account, []))
    start = now - DAY * comparison.chance.randint(0, 5)
    end = start + DAY * comparison.chance.choice((1, 3, 800))
    shown = await statement(tx, account, starts_at=start, ends_at=end)
    inside = [line for line in lines if start <= line[0] < end]
    opening = sum(amount for at, amount in lines if at < start)
    same(f"opening of {account}", opening, shown.opening)
    same(f"lines of {account}", inside, sorted((line.occurred_at, line.amount) for line in shown.lines))
    same(f"closing of {account}", opening + sum(amount for _, amount in inside), shown.closing)
    for mark in comparison.chance.sample(comparison.marks, min(2, len(comparison.marks))):
        found = await balance_at(tx, account, recorded_before=mark.at)
        same(f"{account} as recorded at {mark.at}", mark.posted.get(account, 0), found)


async def holds(comparison: Comparison) -> None:
    """The holds by their state, one to one."""
    wanted: dict[str, tuple[int, int, int]] = {}
    for hold in comparison.oracle.state.holds.values():
        count, amount, captured = wanted.get(hold.state, (0, 0, 0))
        wanted[hold.state] = (count + 1, amount + hold.amount, captured + hold.captured)
    sql = "SELECT state, count(*), sum(amount)::bigint, sum(captured)::bigint FROM ledger_hold GROUP BY state"
    found = {row[0]: row[1:] for row in await comparison.world.rows(sql)}
    same("holds by state (count, amount, captured)", wanted, found)
    open_keys = {key for key, hold in comparison.oracle.state.holds.items() if hold.state == "held"}
    rows = await comparison.world.rows("SELECT key FROM ledger_hold WHERE state = 'held'")
    same("open holds", open_keys, {key for [key] in rows})


async def proof_holds(comparison: Comparison) -> None:
    """The ledger's own proof with all roots as they were made, and the outside verifier on its export."""
    async with AsyncSession(comparison.world.engine) as tx:
        found = await prove(tx, published=comparison.roots)
        lines = [line async for line in export_lines(tx)]
    same("proof", [], [f"{one.name}: {one.subject} {one.detail}" for one in found])
    try:
        verify(lines, {day.isoformat(): root.hex() for day, root in comparison.roots.items()})
    except BadRow as bad:
        raise Diverged("verifier", None, bad) from None
