"""An import on its way out in tests: taken back to its end, looked at, and nothing of it left."""

from uuid import UUID

from sqlalchemy import text

import timebank
from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.books import CITY
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.undoing.running import advance_undo
from marketplace.hours.importing.undoing.starting import prospect, start_undo
from marketplace.hours.models import Programme
from tests.marketplace.hours.importing.builders import counts

SYSTEM = Actor.system()


async def taken_back(platform: Platform, import_id: UUID) -> BankImport:
    """Started, and carried out to its end."""
    async with transaction(platform.db) as tx:
        made = await start_undo(tx, import_id, reason="of another district", actor=SYSTEM, now=platform.now())
    while made.state == "undoing":
        made = await advance_undo(platform, made.id)
    return made


async def looked_at(platform: Platform, import_id: UUID) -> tuple[int, int, int, list[tuple[str, str, str, int]]]:
    """Entries, members and steps that are left, and what stands in the way."""
    async with transaction(platform.db) as tx:
        found = await prospect(tx, import_id)
    return (
        found.left.entries,
        found.left.members,
        found.left.steps,
        [(one.member, one.code, one.table, one.count) for one in found.obstacles],
    )


async def nothing_of_it_is_left(platform: Platform, made: BankImport, *, entries: int) -> None:
    """So many entries came in and each has its reversal; no person, no minute, no ceiling; the books hold."""
    found = await counts(platform)
    assert (found["account"], found["member"], found["imported_member"], found["imported_line"]) == (0, 0, 0, 0)
    assert found["ledger_entry"] == 2 * entries
    async with transaction(platform.db) as tx:
        query = "SELECT DISTINCT state, posted FROM ledger_account WHERE kind IN ('member', 'transit')"
        assert {tuple(row) for row in await tx.execute(text(query))} <= {("closed", 0)}
        assert {one.clearing for one in await timebank.net_positions(tx, CITY)} <= {0}
        assert (await tx.get_one(Programme, made.programme_id)).ceiling_minutes == 0
        for table in ("bank_file", "timer WHERE rule = 'member.of_age_due'"):
            assert await tx.scalar(text(f"SELECT count(*) FROM {table}")) == 0
        assert await prove(tx) == []
