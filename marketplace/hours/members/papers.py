"""A member's history as files: CSV as a stream, a spreadsheet, a PDF, and the document that proves itself."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base.clock import LOCAL
from marketplace.base.crypto import Vault
from marketplace.base.errors import Language
from marketplace.base.papers.pdf import gap, heading, paragraph, pdf, table
from marketplace.base.papers.spreadsheet import Value, xlsx
from marketplace.base.papers.tables import csv_text
from marketplace.hours.ledger.roots import root_by
from marketplace.hours.members.statements import Entry, Period, stream_entries
from marketplace.hours.models import Member
from timebank.attestations import attest, attestation_json

COLUMNS = ("occurred_at", "recorded_at", "minutes", "balance_after_minutes", "kind", "reference", "words")


@dataclass(frozen=True, slots=True)
class Words:
    """What a paper says around its rows."""

    title: str
    columns: tuple[str, str, str, str, str]
    period: str
    member: str
    opening: str
    closing: str
    root: str
    no_root: str


WORDS: dict[Language, Words] = {
    "zh": Words(
        title="时间银行对账单",
        columns=("发生时间", "记录时间", "分钟", "余额", "说明"),
        period="期间：{since} 至 {until}",
        member="会员编号：{member}",
        opening="期初余额：{minutes} 分钟",
        closing="期末余额：{minutes} 分钟",
        root="已公布的账本根值（{day}）：{root}",
        no_root="本期尚未公布账本根值",
    ),
    "en": Words(
        title="Time bank statement",
        columns=("Occurred", "Recorded", "Minutes", "Balance", "What for"),
        period="Period: {since} to {until}",
        member="Member: {member}",
        opening="Opening balance: {minutes} minutes",
        closing="Closing balance: {minutes} minutes",
        root="Published root of the ledger ({day}): {root}",
        no_root="No root of the ledger is published for this period yet",
    ),
}


async def csv_stream(
    tx: AsyncSession, vault: Vault, member: Member, period: Period, language: Language
) -> AsyncIterator[str]:
    """A header row, then a row per entry."""
    yield csv_text(COLUMNS, ())
    async for portion in stream_entries(tx, vault, member, period, language):
        text = csv_text(COLUMNS, ([*_times(one), *_rest(one)] for one in portion))
        yield text.split("\r\n", 1)[1]


def _times(one: Entry) -> tuple[str, str]:
    return one.occurred_at.isoformat(), one.recorded_at.isoformat()


def _rest(one: Entry) -> tuple[int, int, str, str, str]:
    return one.minutes, one.balance_after_minutes, one.kind, one.reference, one.words


async def spreadsheet(tx: AsyncSession, vault: Vault, member: Member, period: Period, language: Language) -> bytes:
    """The history as a spreadsheet."""
    words = WORDS[language]
    above, entries = await _read(tx, vault, member, period, language)
    rows: list[list[Value]] = [
        [one.occurred_at, one.recorded_at, one.minutes, one.balance_after_minutes, one.words] for one in entries
    ]
    above = [words.title, *above]
    return await asyncio.to_thread(lambda: xlsx(words.title, words.columns, rows, above=above))


async def document(tx: AsyncSession, vault: Vault, member: Member, period: Period, language: Language) -> bytes:
    """The history as a PDF."""
    words = WORDS[language]
    above, entries = await _read(tx, vault, member, period, language)
    rows = [words.columns]
    for one in entries:
        times = _shown(one.occurred_at), _shown(one.recorded_at)
        rows.append((*times, f"{one.minutes:+d}", str(one.balance_after_minutes), one.words))
    footer = f"{member.id} · {period.since} – {period.until}"

    def drawn() -> bytes:  # thousands of rows take seconds: others are served meanwhile
        parts = [heading(words.title), *(paragraph(line) for line in above), gap(3)]
        parts.append(table(rows, widths=(30, 30, 18, 18, 78)))
        return pdf(parts, title=words.title, footer=footer)

    return await asyncio.to_thread(drawn)


def _shown(instant: datetime) -> str:
    return instant.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M")


async def _read(
    tx: AsyncSession, vault: Vault, member: Member, period: Period, language: Language
) -> tuple[list[str], list[Entry]]:
    """The lines above the rows, and the rows."""
    words, account = WORDS[language], member.ledger_account
    opening = await timebank.balance_at(tx, account, occurred_before=period.starts_at)
    entries = [one async for portion in stream_entries(tx, vault, member, period, language) for one in portion]
    closing = opening + sum(one.minutes for one in entries)
    root = await root_by(tx, period.until)
    return [
        words.member.format(member=member.id),
        words.period.format(since=period.since, until=period.until),
        words.opening.format(minutes=opening),
        words.closing.format(minutes=closing),
        words.root.format(day=root.on_day, root=root.root) if root else words.no_root,
    ], entries


async def proof(tx: AsyncSession, member: Member, period: Period) -> str:
    """The statement as JSON that `python -m timebank.verify_statement` checks without the database."""
    said = await timebank.statement(tx, member.ledger_account, starts_at=period.starts_at, ends_at=period.ends_at)
    return attestation_json(await attest(tx, said, on_day=period.until))
