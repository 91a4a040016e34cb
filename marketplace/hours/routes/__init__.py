"""Routes of hours: joining, one's account and statement; tasks; certificates; the ledger; imports; public figures."""

from typing import Any

from marketplace.hours.routes import branches, certificates, imports, ledger, members, statements, tasks

ROUTES: list[Any] = [
    *members.HANDLERS,
    *statements.HANDLERS,
    *tasks.HANDLERS,
    *certificates.HANDLERS,
    *ledger.HANDLERS,
    *imports.HANDLERS,
    *branches.HANDLERS,
]
