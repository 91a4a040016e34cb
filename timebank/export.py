"""The whole ledger as JSON lines, for an outside verifier (`python -m timebank.verify`) or another system.

One line per book, account, entry (with its legs), hold and root, in this order. Bytes are hex, instants microseconds
since 1970, amounts integers. One SQL statement makes all lines: they show one moment while writers go on.
"""

from collections.abc import AsyncIterator
from importlib.resources import files

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def export_lines(tx: AsyncSession) -> AsyncIterator[str]:
    """Every line of the export, without line ends, read by a server-side cursor."""
    result = await tx.stream(text((files("timebank") / "sql" / "export.sql").read_text("utf-8")))
    async for line in result.scalars():
        yield line
