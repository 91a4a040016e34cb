"""Calling one of the ledger's SQL functions, with its refusals turned into named errors."""

from typing import Any

import asyncpg
from sqlalchemy import TextClause
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from timebank.errors import named


async def call(tx: AsyncSession, function: TextClause, **arguments: Any) -> Any:
    """The function's one value. A refusal raises its `LedgerError`; any other database error is left as it is."""
    try:
        return await tx.scalar(function, arguments)
    except DBAPIError as error:
        refusal = named(error)
        if refusal is None:
            raise
        raise refusal from error


async def call_directly(tx: asyncpg.Connection, function: str, *arguments: Any) -> Any:
    """The same on a bare connection of the driver, in whose SQL parameters are $1, $2 ..."""
    try:
        return await tx.fetchval(function, *arguments)
    except asyncpg.PostgresError as error:
        refusal = named(error)
        if refusal is None:
            raise
        raise refusal from error
