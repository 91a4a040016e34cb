"""The proof of hours: tasks, visits, holds and entries agree one to one, and the ledger itself is whole."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from timebank.audit import reconcile
from timebank.proof import prove as prove_ledger

_MOVED = text(
    "SELECT 'task:' || task.id FROM task JOIN member ON member.id = task.member_id"
    " JOIN ledger_account pool ON pool.book = member.district_id::text AND pool.unit = 'minute' AND pool.kind = 'pool'"
    " WHERE task.state = 'credited'"
    " AND (task.credited_minutes > 0 OR (task.excess_minutes > 0 AND pool.id <> task.source_account))"
)
_CHECKS = {
    "a task that ended still holds minutes": (
        "SELECT task.id FROM task JOIN ledger_hold hold ON hold.key = concat_ws(':', 'task', task.id, 'hold')"
        " WHERE task.state NOT IN ('published', 'grabbed') AND hold.state = 'held'"
    ),
    "an open task holds no minutes": (
        "SELECT task.id FROM task LEFT JOIN ledger_hold hold"
        " ON hold.key = concat_ws(':', 'task', task.id, 'hold') AND hold.state = 'held' AND hold.amount = task.minutes"
        " AND hold.account = task.source_account WHERE task.state IN ('published', 'grabbed') AND hold.key IS NULL"
    ),
    "an approved visit has no credited task": (
        "SELECT visit.id FROM visit LEFT JOIN task ON task.id = visit.cause_id AND task.state = 'credited'"
        " WHERE visit.cause_kind = 'task' AND visit.state IN ('approved', 'settled') AND task.id IS NULL"
    ),
    "a credited task has not one settled visit": (
        "SELECT task.id FROM task WHERE task.state = 'credited' AND (SELECT count(*) FROM visit"
        " WHERE visit.cause_kind = 'task' AND visit.cause_id = task.id AND visit.state = 'settled') <> 1"
    ),
    "a volunteer was credited another amount than the task says": (
        "SELECT task.id FROM task JOIN member ON member.id = task.member_id WHERE task.state = 'credited'"
        " AND task.credited_minutes <> COALESCE((SELECT sum(posting.amount) FROM ledger_entry entry"
        " JOIN ledger_posting posting ON posting.entry = entry.id AND posting.account = member.ledger_account"
        " WHERE entry.key = concat_ws(':', 'task', task.id, 'credit')), 0)"
    ),
    "a certificate in force took another amount than its entry": (
        "SELECT c.id FROM certificate c WHERE c.state = 'issued' AND c.spent_minutes <> COALESCE((SELECT sum(e.amount)"
        " FROM ledger_entry e WHERE e.key = concat_ws(':', 'certificate', c.id)"
        " AND NOT EXISTS (SELECT FROM ledger_entry r WHERE r.reverses = e.id)), 0)"
    ),
    "a certificate's minutes differ from its parts": (
        "SELECT c.id FROM certificate c WHERE c.total_minutes <> COALESCE((SELECT sum(m.until_minute - m.from_minute)"
        " FROM certified_minutes m WHERE m.certificate_id = c.id AND m.freed = (c.state = 'revoked')), 0)"
    ),
}


async def prove(tx: AsyncSession) -> list[str]:
    """All that is wrong, one line each; empty when the books are right. Asked when no message is under way."""
    faults = [
        f"{sentence}: {subject}" for sentence, query in _CHECKS.items() for subject in await tx.scalars(text(query))
    ]
    found = await reconcile(tx, (await tx.scalars(_MOVED)).all(), kinds=["task"])
    for word, references in (
        ("missing", found.missing),
        ("unexpected", found.unexpected),
        ("doubled", found.doubled),
    ):
        faults += [f"entry {word}: {reference}" for reference in references]
    faults += [
        f"ledger invariant {one.invariant} {one.name}: {one.subject} {one.detail}" for one in await prove_ledger(tx)
    ]
    return faults
