"""Routes of hours: joining, one's account and statement; tasks; certificates; the ledger."""

from typing import Any

from marketplace.hours.routes import certificates, ledger, members, statements, tasks

ROUTES: list[Any] = [*members.HANDLERS, *statements.HANDLERS, *tasks.HANDLERS, *certificates.HANDLERS, *ledger.HANDLERS]
