"""Routes of hours: joining, one's account and statement; tasks; certificates; the ledger; imports."""

from typing import Any

from marketplace.hours.routes import certificates, imports, ledger, members, statements, tasks

ROUTES: list[Any] = [
    *members.HANDLERS,
    *statements.HANDLERS,
    *tasks.HANDLERS,
    *certificates.HANDLERS,
    *ledger.HANDLERS,
    *imports.HANDLERS,
]
