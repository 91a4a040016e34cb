"""Bringing a bank in: all of it in one transaction, or nothing; the same files twice change nothing.

Its accounts open without floor and cap, since history may pass below zero on its way; what the old bank issued comes
from a programme of its own in the city's book, by way of `transit`. At the end members get their floor of 0 and their
cap, and the programme's ceiling becomes what its members have: from then on it issues nothing more.

The ledger is called several times in this transaction, against its rule: no rival can know these accounts before it
commits, so that none can wait for them in another order. A lock keeps two imports apart.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day, local_instant
from marketplace.base.crypto import Vault
from marketplace.base.ids import new_id
from marketplace.base.policy import Policy
from marketplace.hours.books import CITY, open_member, open_programme, prepare_branch, programme_account
from marketplace.hours.importing.errors import BankHasProblems, ReportStale
from marketplace.hours.importing.joining import Incoming, entry_key, keep_lines, open_members
from marketplace.hours.importing.judging import Bank
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.report import Files, imported, judge
from marketplace.hours.importing.transit import Move, Transit
from marketplace.hours.models import Programme
from marketplace.hours.nights import arm
from timebank import Command, SetLimits

PORTION = 1_000  # commands in one call
# to the planner these tables look as they did before the import: without this it reads them whole for every entry
_PLANS = (text("SET LOCAL enable_seqscan = off"), text("DISCARD PLANS"))
_FORGET = text("DISCARD PLANS")
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('bank import', 0))")


async def bring_in(
    tx: AsyncSession,
    vault: Vault,
    files: Files,
    *,
    policy: Policy,
    actor: Actor,
    now: datetime,
    token: str | None = None,
) -> BankImport:
    """Bring the bank in, or find that it was. `BankHasProblems`; `ReportStale` when a token is given and does not fit.

    Call it in a transaction of its own: it calls the ledger many times.
    """
    await tx.execute(_ALONE)
    before = await imported(tx, files)
    if before is not None:
        return before
    judged = await judge(tx, vault, files, policy=policy, now=now)
    if judged.bank.problems:
        raise BankHasProblems(problems=len(judged.bank.problems))
    if token is not None and token != judged.report.token:
        raise ReportStale
    programme = _programme(policy, judged.report.minutes, actor, now)
    made = BankImport(
        files_sha256=files.sha256,
        programme_id=programme.id,
        members=len(judged.bank.members),
        entries=judged.report.entries,
        minutes=judged.report.minutes,
        imported_by=actor.account_id,
        imported_at=now,
    )
    tx.add(programme)
    await tx.flush()
    tx.add(made)
    await tx.flush()
    incoming = await open_members(tx, vault, judged.bank.members, judged.elders, made.id)
    await _write(tx, judged.bank, incoming, programme.id, made.id, policy=policy, now=now)
    await keep_lines(tx, vault, judged.bank.history, incoming, made.id)
    await arm(tx, now=now)
    audit.note(tx, "bank.imported", actor=actor, entity="bank_import", entity_id=made.id, members=made.members)
    return made


def _programme(policy: Policy, minutes: int, actor: Actor, now: datetime) -> Programme:
    """The programme that issues what the old bank had: closed from the start, it grants to nobody else."""
    day = local_day(now)
    return Programme(
        id=new_id(),
        name_zh=f"导入（{day}）",
        name_en=f"Import of {day}",
        categories=sorted(policy.key_categories),
        ceiling_minutes=minutes,
        valid_from=day,
        valid_until=day,
        state="closed",
        authorised_by=actor.account_id,
        authorised_at=now,
    )


async def _write(
    tx: AsyncSession,
    bank: Bank,
    incoming: Mapping[str, Incoming],
    programme_id: UUID,
    import_id: UUID,
    *,
    policy: Policy,
    now: datetime,
) -> None:
    """All that the ledger is told, in its order."""
    moves = _history(bank, import_id) if bank.has_history else _balances(bank, import_id, now=now)
    transit = Transit(programme_account(programme_id), import_id, moves)
    await timebank.open_book(tx, CITY)
    opening: list[Command] = [open_programme(programme_id, transit.issued), *transit.opening()]
    for district_id in sorted({one.district_id for one in incoming.values()}):
        opening += await prepare_branch(tx, district_id)
    for one in incoming.values():
        opening.append(replace(open_member(one.district_id, one.owner, cap_minutes=None), floor=None))
    accounts = {name: one.account for name, one in incoming.items()}
    limits: list[Command] = [
        SetLimits(f"import:{import_id}:limits:{name}", account, 0, policy.timebank.balance_cap_minutes)
        for name, account in accounts.items()
    ]
    ceiling = SetLimits(f"import:{import_id}:ceiling", transit.issuance, -_total(bank), None)
    for setting in _PLANS:
        await tx.execute(setting)
    for commands in (opening, transit.filled(), transit.posts(accounts), transit.emptied(now), [*limits, ceiling]):
        for start in range(0, len(commands), PORTION):
            await timebank.apply(tx, commands[start : start + PORTION], now=now)
    await tx.execute(_FORGET)


def _total(bank: Bank) -> int:
    return sum(bank.closing.values())


def _history(bank: Bank, import_id: UUID) -> list[Move]:
    """An entry per row, on its own day; of one day in the file's order."""
    return [
        Move(entry_key(import_id, row.key), row.source, row.destination, row.minutes, local_instant(row.day, time()))
        for row in sorted(bank.history, key=lambda row: row.day)
    ]


def _balances(bank: Bank, import_id: UUID, *, now: datetime) -> list[Move]:
    """An entry per balance, at the end of the day it was taken."""
    return [
        Move(
            entry_key(import_id, f"opening:{row.member}"),
            "",
            row.member,
            row.minutes,
            min(now, local_instant(row.as_of, time(23, 59, 59))),
        )
        for row in bank.balances
        if row.minutes
    ]
