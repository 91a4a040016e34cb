"""The proof of hours: tasks, visits, orders, holds and entries agree one to one, and the ledger itself is whole."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.hours.giving import proof as orders
from marketplace.hours.models import OPEN
from timebank.audit import reconcile
from timebank.proof import prove as prove_ledger

_MOVED = text(
    "SELECT 'task:' || task.id FROM task WHERE task.state = 'credited'"
    " AND (task.credited_minutes > 0 OR (task.excess_minutes > 0 AND task.excess_account <> task.source_account))"
)
_CHECKS = {
    "a task that ended still holds minutes": (
        "SELECT task.id FROM task JOIN ledger_hold hold ON hold.key = concat_ws(':', 'task', task.id, 'hold')"
        " WHERE task.state <> ALL(:open) AND hold.state = 'held'"
    ),
    "an open task holds no minutes": (
        "SELECT task.id FROM task LEFT JOIN ledger_hold hold"
        " ON hold.key = concat_ws(':', 'task', task.id, 'hold') AND hold.state = 'held'"
        " AND hold.amount = task.worth_minutes AND hold.account = task.source_account"
        " WHERE task.state = ANY(:open) AND hold.key IS NULL"
    ),
    "an approved visit has no credited task": (
        "SELECT visit.id FROM visit LEFT JOIN task ON task.id = visit.cause_id AND task.state = 'credited'"
        " WHERE visit.cause_kind = 'task' AND visit.state IN ('approved', 'settled') AND task.id IS NULL"
    ),
    "a credited task has not one settled visit": (
        "SELECT task.id FROM task WHERE task.state = 'credited' AND (SELECT count(*) FROM visit"
        " WHERE visit.cause_kind = 'task' AND visit.cause_id = task.id AND visit.state = 'settled') <> 1"
    ),
    "a disputed or voided task has not one visit that says so": (
        "SELECT task.id FROM task WHERE task.state IN ('disputed', 'voided') AND (SELECT count(*) FROM visit"
        " WHERE visit.cause_kind = 'task' AND visit.cause_id = task.id"
        " AND visit.state = CASE task.state WHEN 'disputed' THEN 'exception' ELSE 'rejected' END) <> 1"
    ),
    "the visit of a task is attended by another than its volunteer": (
        "SELECT task.id FROM task JOIN member ON member.id = task.member_id JOIN visit ON visit.cause_kind = 'task'"
        " AND visit.cause_id = task.id JOIN assignment ON assignment.visit_id = visit.id"
        " WHERE task.state IN ('grabbed', 'disputed', 'credited', 'voided') AND assignment.state <> 'withdrawn'"
        " AND assignment.performer_id IS DISTINCT FROM member.performer_id"
    ),
    "two places of one request have one volunteer": (
        "SELECT request_id FROM task WHERE state IN ('reserved', 'grabbed', 'disputed', 'credited')"
        " GROUP BY request_id, member_id HAVING count(*) > 1"
    ),
    "a part was decided, and another amount credited": (
        "SELECT task.id FROM task WHERE task.verdict = 'part' AND (task.state <> 'credited'"
        " OR task.minutes_by <> 'officer' OR task.verified_minutes >= task.worth_minutes)"
    ),
    "a volunteer was credited another amount than the task says": (
        # in whichever branch she was at home then: all her accounts have one owner
        "SELECT task.id FROM task JOIN member ON member.id = task.member_id"
        " JOIN ledger_account home ON home.id = member.ledger_account WHERE task.state = 'credited'"
        " AND task.credited_minutes <> COALESCE((SELECT sum(posting.amount) FROM ledger_entry entry"
        " JOIN ledger_posting posting ON posting.entry = entry.id JOIN ledger_account account"
        " ON account.id = posting.account AND account.kind = home.kind AND account.owner = home.owner"
        " WHERE entry.key = concat_ws(':', 'task', task.id, 'credit')), 0)"
    ),
    "a member who left has an open account, or one who did not a closed one": (
        "SELECT member.id FROM member JOIN ledger_account account ON account.id = member.ledger_account"
        " WHERE (member.state = 'left') <> (account.state = 'closed')"
    ),
    "a member who left has a student's number that nobody proved": (
        "SELECT member.id FROM member WHERE member.state = 'left' AND member.student_hash IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM student_change c WHERE c.member_id = member.id AND c.state = 'confirmed'"
        " AND c.student_hash = member.student_hash)"
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
        f"{sentence}: {subject}"
        for sentence, query in _CHECKS.items()
        for subject in await tx.scalars(text(query), {"open": list(OPEN)} if ":open" in query else {})
    ]
    found = await reconcile(tx, (await tx.scalars(_MOVED)).all(), kinds=["task"])
    faults += await orders.prove(tx)
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
