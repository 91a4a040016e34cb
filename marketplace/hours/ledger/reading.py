"""What an operator reads of the ledger at a terminal: a member's statement, the trial balance."""

import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from rich.console import Console
from rich.table import Table

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.papers.tables import csv_text
from marketplace.base.platform import Platform
from marketplace.hours.members import papers, statements
from marketplace.hours.members.proxies import member_for
from marketplace.hours.members.statements import MemberStatement
from timebank.audit import TrialLine, trial_balance

MANY = 1_000_000
WIDTH = 140


async def statement_for(
    platform: Platform, member_id: UUID, since: date | None, until: date | None, *, form: str
) -> bytes:
    """A member's statement as `table`, `csv`, `proof`, `xlsx` or `pdf`. `Unknown`, `PeriodBackwards`."""
    async with transaction(platform.db) as tx:
        member = await member_for(tx, member_id, actor=Actor.system())
        period = statements.period_of(since, until, now=platform.now())
        if form == "table":
            found = await statements.statement_of(
                tx, platform.vault, member, period, actor=Actor.system(), language="en", limit=MANY
            )
            return _drawn(found).encode()
        statements.note_reading(tx, member, Actor.system())
        if form == "csv":
            return "".join(
                [text async for text in papers.csv_stream(tx, platform.vault, member, period, "en")]
            ).encode()
        if form == "proof":
            return (await papers.proof(tx, member, period)).encode()
        make = papers.spreadsheet if form == "xlsx" else papers.document
        return await make(tx, platform.vault, member, period, "en")


def _drawn(found: MemberStatement) -> str:
    title = f"{found.since} to {found.until}: {found.opening_minutes} → {found.closing_minutes} minutes"
    table = Table("occurred", "minutes", "balance", "kind", "words", title=title, title_justify="left")
    for one in found.entries:
        occurred = one.occurred_at.isoformat(timespec="minutes")
        table.add_row(occurred, f"{one.minutes:+d}", str(one.balance_after_minutes), one.kind, one.words)
    out = io.StringIO()
    Console(file=out, width=WIDTH).print(table)
    return out.getvalue()


async def trial(platform: Platform) -> list[TrialLine]:
    """The trial balance, all at one moment."""
    async with transaction(platform.db) as tx:
        return await trial_balance(tx)


def balance_csv(lines: Sequence[TrialLine]) -> str:
    """A row per book, unit and kind."""
    header = ("book", "unit", "kind", "accounts", "posted", "held", "owed")
    return csv_text(header, [(one.book, one.unit, one.kind, *one.figures) for one in lines])


def unbalanced(lines: Sequence[TrialLine]) -> list[tuple[str, str, int]]:
    """Books that do not sum to zero, by unit, with their sums: there are none."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for line in lines:
        sums[line.book, line.unit] += line.posted
    return [(book, unit, total) for (book, unit), total in sorted(sums.items()) if total]
