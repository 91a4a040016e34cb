"""A small bank to import: two branches, an elder and three volunteers, five rows of history worked out by hand.

With the steps that tests take, and what they look at afterwards.
"""

import base64
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.importing.committing import start
from marketplace.hours.importing.models import BankImport, ImportedMember
from marketplace.hours.importing.report import Files, judge
from marketplace.hours.importing.running import advance, load
from marketplace.hours.models import Member
from marketplace.people.accounts import normal_phone
from marketplace.people.models import Elder
from tests.builders import Town, a_town, an_elder

ELDERS_PHONE = "13900000001"
MEMBERS = f"""external_id,name,phone,kind,district,birth_on,joined_on
E,李奶奶,{ELDERS_PHONE},elder,d1,1944-05-01,2024-12-01
V,王一,139-0000-0002,individual,d1,1980-01-02,2024-12-02
W,赵二,13900000003,志愿者,示例2区,1981-01-02,2024-12-03
X,"钱,三",13900000004,individual,d2,1982/1/2,2024-12-04
"""
# the old bank issues 300 to E; E gives 120 to V and 60 to W; V gives 30 to X, who gives 10 back to the old bank
HISTORY = """key,date,from,to,minutes,kind,text
H1,2025-01-10,,E,300,grant,
H2,2025-02-01,E,V,120,陪伴,陪李奶奶散步
H3,2025-02-02,E,W,60,,代购
H4,2025-03-01,V,X,30,gift,
H5,2025-04-01,X,,10,,
"""
BALANCES = """member,minutes,as_of
E,120,2025-12-31
V,90,2025-12-31
W,60,2025-12-31
X,20,2025-12-31
"""
DISTRICTS = {word: UUID(int=number) for number in (1, 2) for word in (f"d{number}", f"示例{number}区")}
TODAY = date(2026, 3, 2)


def files_with(**changed: str | bytes | None) -> dict[str, bytes]:
    """The bank's files, some of them replaced, or left out by None."""
    texts: dict[str, str | bytes | None] = {"members": MEMBERS, "balances": BALANCES, "history": HISTORY, **changed}
    return {
        f"{name}.csv": text.encode() if isinstance(text, str) else text
        for name, text in texts.items()
        if text is not None
    }


BANK = Files(files_with())


@dataclass(frozen=True, slots=True)
class Here:
    """The city that the bank comes to."""

    town: Town
    elder: Elder


async def a_city(platform: Platform) -> Here:
    """A town where the bank's elder is registered."""
    async with transaction(platform.db) as tx:
        town = await a_town(tx)
        elder = await an_elder(platform, tx, town.communities[0])
        known = {"name": "李奶奶", "phone_hash": platform.vault.hash("phone", normal_phone(ELDERS_PHONE))}
        await tx.execute(update(Elder).where(col(Elder.id) == elder.id).values(known))  # visible: the test's own
        return Here(town, elder)


async def imported(platform: Platform, files: Files = BANK, **changed: Any) -> BankImport:
    """Started, and carried out to its end."""
    async with transaction(platform.db) as tx:
        made = await start(
            tx, platform.vault, files, policy=platform.policy, actor=Actor.system(), now=platform.now(), **changed
        )
    return await carried_on(platform, made)


async def carried_on(platform: Platform, made: BankImport) -> BankImport:
    """Step by step until it is done or stopped."""
    work = await load(platform, made.id)
    while work is not None and made.state == "running":
        made = await advance(platform, work)
    return made


COUNTED = (
    "account",
    "member",
    "bank_import",
    "imported_member",
    "imported_line",
    "programme",
    "ledger_entry",
    "ledger_account",
)


async def members_of(platform: Platform) -> dict[str, Member]:
    query = select(col(ImportedMember.external_id), Member).join(
        Member, col(Member.id) == col(ImportedMember.member_id)
    )
    async with transaction(platform.db) as tx:
        return {row[0]: row[1] for row in await tx.execute(query)}


async def counts(platform: Platform) -> dict[str, int]:
    async with transaction(platform.db) as tx:
        return {table: int(await tx.scalar(text(f"SELECT count(*) FROM {table}")) or 0) for table in COUNTED}


async def problems(platform: Platform, files: Files = BANK) -> list[tuple[str, int, str]]:
    async with transaction(platform.db) as tx:
        judged = await judge(tx, platform.vault, files, policy=platform.policy, now=platform.now())
    return [(one.file, one.line, one.code) for one in judged.report.problems]


def body_of(files: Files) -> dict[str, str]:
    packed = {name.removesuffix(".csv"): base64.b64encode(data).decode() for name, data in files.content.items()}
    return {**packed, "encoding": files.encoding}
