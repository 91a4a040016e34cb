"""The files of a bank that is on its way in: kept sealed, for they hold names and numbers, and forgotten at the end."""

import base64
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.crypto import Vault
from marketplace.hours.importing.files import ENCODINGS
from marketplace.hours.importing.models import BankFile, BankImport
from marketplace.hours.importing.report import Files

PIECE = 4_000_000  # bytes; what one row holds


def _field(name: str, piece: int) -> str:
    return f"bank_file:{name}:{piece}"


async def keep(tx: AsyncSession, vault: Vault, import_id: UUID, files: Files) -> None:
    """Keep the files under a key of the import's own."""
    for name, data in files.content.items():
        for piece, start in enumerate(range(0, len(data) or 1, PIECE)):
            words = base64.b64encode(data[start : start + PIECE]).decode()
            sealed = await vault.seal(tx, import_id, _field(name, piece), words)
            tx.add(BankFile(import_id=import_id, name=name, piece=piece, sealed=sealed))
        await tx.flush()


async def kept(tx: AsyncSession, vault: Vault, made: BankImport) -> Files:
    """The files as they were."""
    pieces = select(BankFile).where(col(BankFile.import_id) == made.id)
    content: dict[str, bytes] = {}
    for one in await tx.scalars(pieces.order_by(col(BankFile.name), col(BankFile.piece))):
        words = await vault.open(tx, made.id, _field(one.name, one.piece), one.sealed)
        content[one.name] = content.get(one.name, b"") + base64.b64decode(words)
    return Files(content, next(known for known in ENCODINGS if known == made.encoding))


async def forget(tx: AsyncSession, vault: Vault, import_id: UUID) -> None:
    """The files are not needed any more: they go, and so does their key."""
    await tx.execute(delete(BankFile).where(col(BankFile.import_id) == import_id))
    await vault.erase(tx, import_id)
