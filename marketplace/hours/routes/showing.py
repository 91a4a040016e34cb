"""A task as an answer: what its volunteer sees is not what those see who ask for the elder."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor
from marketplace.base.crypto import Erased
from marketplace.base.platform import Platform
from marketplace.hours.models import Task
from marketplace.hours.schemas import TaskOut, TaskPage
from marketplace.hours.tasks import listing
from marketplace.hours.tasks.gates import warnings_for
from marketplace.hours.tasks.publishing import CALLER, NOTES

# found elsewhere than on the task's row, or told to one side only
COMPOSED = frozenset({"source_kind", "source_reason", "consent_reference", "caller", "notes", "warnings"})


async def shown(tx: AsyncSession, platform: Platform, task: Task, actor: Actor) -> TaskOut:
    """The task for this actor, whom the caller has found entitled to it."""
    helps = await listing.grabbed_by(tx, task, actor)
    place = await listing.place_of(tx, task)
    # until she, or her guardian, has said yes, nothing is told that only the one who comes needs to know
    knows = not (helps and task.state == "reserved")
    return TaskOut(
        **task.model_dump(include=set(TaskOut.model_fields) - COMPOSED),
        place_ids=await listing.places_of(tx, task.request_id),
        notes=await _opened(tx, platform, task.elder_id, NOTES, task.notes_sealed if knows else None),
        caller=None if helps else await _opened(tx, platform, task.elder_id, CALLER, task.caller_sealed),
        consent_reference=None if helps else task.consent_reference,
        visit_id=place.visit_id,
        assignment_id=place.assignment_id if helps else None,
        source_kind=None if helps else task.source_kind,
        source_reason=None if helps else task.source_reason,
        warnings=await warnings_for(tx, task) if helps else [],
    )


async def shown_page(tx: AsyncSession, platform: Platform, found: Sequence[Task], actor: Actor, limit: int) -> TaskPage:
    """A page of tasks, of which one more than `limit` was looked for."""
    items = [await shown(tx, platform, task, actor) for task in found[:limit]]
    return TaskPage(items=items, next_after=items[-1].id if len(found) > limit else None)


async def _opened(tx: AsyncSession, platform: Platform, elder_id: UUID, field: str, sealed: bytes | None) -> str | None:
    if sealed is None:
        return None
    try:
        return await platform.vault.open(tx, elder_id, field, sealed)
    except Erased:  # the elder asked to be forgotten; her tasks stay without her words
        return None
