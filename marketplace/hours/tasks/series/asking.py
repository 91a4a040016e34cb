"""A series as what each of its tasks asks for."""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.crypto import Erased, Vault
from marketplace.hours.models import TaskSeries
from marketplace.hours.tasks.publishing import (
    CALLER,
    NOTES,
    Ask,
    Call,
    Channel,
    Consent,
    Occurrence,
    Taking,
)
from marketplace.hours.tasks.sources import PaidBy


async def ask_of(tx: AsyncSession, vault: Vault, series: TaskSeries, start: datetime) -> Ask:
    """What the task of one start asks for. The table's checks make its words those of an ask."""
    call = Call(
        channel=cast("Channel", series.channel),
        caller=await opened(tx, vault, series, CALLER, series.caller_sealed),
        consent=cast("Consent | None", series.consent),
        consent_reference=series.consent_reference,
    )
    return Ask(
        elder_id=series.elder_id,
        kind=series.kind,
        window_start=start,
        window_end=start + timedelta(minutes=series.window_minutes),
        minutes=series.minutes,
        paid_by=cast("PaidBy", series.paid_by),
        notes=await opened(tx, vault, series, NOTES, series.notes_sealed),
        gender=series.gender,
        places=series.places,
        group_people=series.group_people,
        taking=cast("Taking | None", series.taking),
        call=call,
        occurrence=Occurrence(series.id, start),
    )


async def opened(tx: AsyncSession, vault: Vault, series: TaskSeries, field: str, sealed: bytes | None) -> str | None:
    """A sealed text of the series; None where there is none, or the elder asked to be forgotten."""
    if sealed is None:
        return None
    try:
        return await vault.open(tx, series.elder_id, field, sealed)
    except Erased:
        return None
