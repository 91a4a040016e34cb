"""The proof of giving: orders, key elders' grants and redemptions agree with holds and entries one to one."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.hours.giving.issuing import ISSUE
from marketplace.hours.giving.models import KINDS
from marketplace.hours.members.redemptions import PAID
from timebank.audit import reconcile

_DONE = text("SELECT 'order:' || id FROM transfer_order WHERE state = 'done' AND minutes > 0")
_ISSUED = text(
    "SELECT concat_ws(':', 'issue', programme_id, elder_id, month) FROM key_grant WHERE programme_id IS NOT NULL"
)
_PAID = text("SELECT reference FROM redemption WHERE state = 'paid'")
_WAITING = (
    "SELECT o.id, concat_ws(':', 'order', o.id, 'hold', l.source_account) AS key, sum(l.minutes) AS minutes"
    " FROM transfer_order o JOIN transfer_line l ON l.order_id = o.id"
    " WHERE (o.state = 'pending' AND COALESCE(l.consent, 'given') = 'given')"
    " OR (o.state = 'collecting' AND l.consent = 'given') GROUP BY o.id, l.source_account"
)
_CHECKS = {
    "an order that waits holds no minutes": (
        f"SELECT w.id FROM ({_WAITING}) w LEFT JOIN ledger_hold h ON h.key = w.key AND h.state = 'held'"  # noqa: S608 - stands above
        " AND h.amount = w.minutes WHERE h.key IS NULL"
    ),
    "an order that ended still holds minutes": (
        "SELECT o.id FROM transfer_order o JOIN ledger_hold h ON h.reference = 'order:' || o.id AND h.state = 'held'"
        " WHERE o.state NOT IN ('pending', 'collecting')"
    ),
    "an order moved another amount than it says": (
        "SELECT o.id FROM transfer_order o JOIN ledger_entry e ON e.key = 'order:' || o.id"
        " WHERE o.state IN ('done', 'reversed') AND e.amount + e.excess <> o.minutes"
    ),
    "an order says another excess than its entry": (
        "SELECT o.id FROM transfer_order o JOIN ledger_entry e ON e.key = 'order:' || o.id"
        " WHERE o.state IN ('done', 'reversed') AND e.excess <> o.excess_minutes"
    ),
    "an order's lines do not add up": (
        "SELECT o.id FROM transfer_order o LEFT JOIN transfer_line l ON l.order_id = o.id"
        " AND COALESCE(l.consent, 'given') = 'given' WHERE o.state IN ('pending', 'done', 'reversed')"
        " GROUP BY o.id HAVING COALESCE(sum(l.minutes), 0) <> o.minutes"
    ),
    "an order was taken back and its entry stands": (
        "SELECT o.id FROM transfer_order o JOIN ledger_entry e ON e.key = 'order:' || o.id WHERE o.state = 'reversed'"
        " AND NOT EXISTS (SELECT FROM ledger_entry r WHERE r.reverses = e.id)"
    ),
    "a member who left has an open account": (
        "SELECT m.id FROM member m JOIN ledger_account a ON a.id = m.ledger_account"
        " WHERE m.state = 'left' AND a.state = 'open' AND a.owed = 0 AND EXISTS (SELECT FROM transfer_order o"
        " WHERE o.giver_id = m.id AND o.kind IN ('inheritance', 'leaving') AND o.state = 'done')"
    ),
    "a redemption that waits holds no money": (
        "SELECT r.id FROM redemption r LEFT JOIN ledger_hold h ON h.key = concat_ws(':', r.reference, 'money')"
        " AND h.state = 'held' AND h.amount = r.fen WHERE r.state = 'held' AND h.key IS NULL"
    ),
    "a provider was paid another amount than the redemption says": (
        "SELECT r.id FROM redemption r JOIN ledger_entry e ON e.key = concat_ws(':', r.reference, 'money', 'capture')"
        " WHERE r.state = 'paid' AND e.amount <> r.fen"
    ),
}


async def prove(tx: AsyncSession) -> list[str]:
    """All that is wrong, one line each; empty when orders and books agree. Asked when no message is under way."""
    faults = [
        f"{sentence}: {subject}" for sentence, query in _CHECKS.items() for subject in await tx.scalars(text(query))
    ]
    for query, kinds in ((_DONE, KINDS), (_ISSUED, (ISSUE,)), (_PAID, (PAID,))):
        found = await reconcile(tx, (await tx.scalars(query)).all(), kinds=kinds)
        pairs = (("missing", found.missing), ("unexpected", found.unexpected), ("doubled", found.doubled))
        faults += [f"entry {word}: {reference}" for word, references in pairs for reference in references]
    return faults
