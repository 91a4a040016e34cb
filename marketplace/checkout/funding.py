"""Money that an authority pays in for a programme, out of which providers are paid for redeemed hours."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.errors import Conflict, Unknown
from marketplace.hours.models import Programme
from marketplace.payments import books
from timebank.errors import KeyConflict


class FundingKnown(Conflict):
    """The bank's reference stands in the books with another amount or day."""

    code = "funding_known"
    zh = "该银行流水号已登记，且金额或时间不同。"
    en = "This bank reference is booked already, with another amount or at another time."


async def fund(
    tx: AsyncSession, programme_id: UUID, reference: str, amount_fen: int, *, actor: Actor, now: datetime
) -> int:
    """Book what has arrived with the gateway; returns what the programme was paid in all. `Unknown`, `FundingKnown`."""
    programme = await tx.get(Programme, programme_id)
    if programme is None or programme.budget_fen is None:
        raise Unknown(what="programme")
    commands = books.funded_commands(programme_id, reference, amount_fen=amount_fen, occurred_at=now)
    try:
        await timebank.apply(tx, commands, now=now)
    except KeyConflict as error:
        raise FundingKnown(pointer="/reference") from error
    audit.note(tx, "programme.funded", actor=actor, entity="programme", entity_id=programme.id, amount_fen=amount_fen)
    funds = timebank.account_id(books.BOOK, books.UNIT, books.FUNDS, str(programme_id))
    return (await timebank.balance(tx, funds, now=now)).posted
