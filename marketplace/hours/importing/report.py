"""A dry run: the same judging as a commit, and nothing written."""

import asyncio
import csv
import hashlib
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.clock import local_day
from marketplace.base.crypto import Vault
from marketplace.base.policy import Policy
from marketplace.hours.importing.columns import SHAPES
from marketplace.hours.importing.files import Encoding
from marketplace.hours.importing.judging import Bank, bank_of, in_order
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.problems import Problem
from marketplace.hours.importing.standing import compare_with_here, districts_here


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a bank by name, and how their text is encoded."""

    content: Mapping[str, bytes]
    encoding: Encoding = "utf-8"

    @property
    def sha256(self) -> bytes:
        """Names these files: the same bytes, the same hash."""
        digest = hashlib.sha256(self.encoding.encode())
        for shape in SHAPES:
            data = self.content.get(shape.name)
            digest.update(b"-" if data is None else b"%d:%b" % (len(data), data))
        return digest.digest()


@dataclass(frozen=True, slots=True)
class Report:
    """What is wrong and what would be made. `token`: what a commit of exactly this must show. `done`: it was before."""

    files_sha256: str
    token: str
    rows: Mapping[str, int]
    problems: Sequence[Problem]
    members: Mapping[str, int]  # by kind
    entries: int
    minutes: int
    done: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """A bank, and the report on it."""

    bank: Bank
    report: Report


async def judge(tx: AsyncSession, vault: Vault, files: Files, *, policy: Policy, now: datetime) -> Judged:
    """Read and judge the files against the rules and what is here now, unless it is theirs already. Writes nothing."""
    before = await imported(tx, files)
    begins = before is None or (before.state == "stopped" and before.done_steps == 0)
    cap_minutes = policy.timebank.balance_cap_minutes if begins else None
    bank = await read_bank(tx, files, cap_minutes=cap_minutes, now=now)
    if begins:
        await compare_with_here(tx, vault, bank)
    return Judged(bank, _report(vault, files, bank, policy, before))


async def read_bank(tx: AsyncSession, files: Files, *, cap_minutes: int | None, now: datetime) -> Bank:
    """The files read, and their rows compared with one another and with a cap."""
    return await asyncio.to_thread(  # a million rows take seconds: others are served meanwhile
        bank_of,
        files.content,
        encoding=files.encoding,
        districts=await districts_here(tx),
        today=local_day(now),
        cap_minutes=cap_minutes,
    )


async def imported(tx: AsyncSession, files: Files, *, lock: bool = False) -> BankImport | None:
    """The import of exactly these files, if there is one that was not taken back."""
    query = select(BankImport).where(col(BankImport.files_sha256) == files.sha256, col(BankImport.state) != "undone")
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return await tx.scalar(query)


def _report(vault: Vault, files: Files, bank: Bank, policy: Policy, before: BankImport | None) -> Report:
    members = dict(sorted(Counter(row.kind for row in bank.members).items()))
    entries = len(bank.history) if bank.has_history else sum(1 for row in bank.balances if row.minutes)
    minutes = sum(bank.closing.values())
    promise = f"{files.sha256.hex()} {policy.stamp} {members} {entries} {minutes}"
    return Report(
        files_sha256=files.sha256.hex(),
        token=vault.hash("import", promise).hex(),
        rows=bank.rows,
        problems=in_order(bank.problems),
        members=members,
        entries=entries,
        minutes=minutes,
        done=before is not None and before.state == "done",
    )


def problems_csv(problems: Sequence[Problem]) -> str:
    """Every problem as CSV, in both languages."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("file", "line", "column", "code", "zh", "en"))
    for one in problems:
        writer.writerow((one.file, one.line, one.column, one.code, one.sentence("zh"), one.sentence("en")))
    return out.getvalue()
