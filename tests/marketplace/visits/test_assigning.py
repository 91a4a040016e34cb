"""Assigning by hand, crews, the exclusion constraint, and what the assigned may see."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.errors import IllegalTransition, Unknown
from marketplace.base.platform import Platform
from marketplace.people.accounts import actor_of
from marketplace.people.elders import elder_for
from marketplace.visits.assigning import live_assignments
from marketplace.visits.errors import (
    ImpossibleShift,
    ImpossibleVisit,
    MemberTaken,
    OutsideWindow,
    PerformerBusy,
    ShiftOverlaps,
    SkillMissing,
)
from marketplace.visits.models import Assignment, Shift, Visit
from marketplace.visits.service import assign, cancel_visits
from marketplace.visits.shifts import withdraw_shift
from tests.builders import a_town, an_account, an_elder
from tests.marketplace.visits.builders import NINE, SYSTEM, a_performer, a_shift, a_visit, an_attended_visit, at


async def test_a_visit_is_published_when_its_crew_of_two_is_complete(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    elder = await an_elder(platform, tx, town.communities[0])
    visit = await a_visit(tx, elder, crew_size=2)
    for member, state in ((0, "planned"), (1, "published")):
        performer = await a_performer(platform, tx, town.districts[0])
        await assign(tx, visit.id, performer.id, starts_at=at(9), ends_at=at(10), member=member, actor=SYSTEM, now=NINE)
        assert visit.state == state
    assert [one.state for one in await live_assignments(tx, visit)] == ["published", "published"]


async def test_nobody_is_in_two_places(platform: Platform, tx: AsyncSession) -> None:
    one = await an_attended_visit(platform, tx)
    other = await a_visit(tx, one.elder)
    with pytest.raises(PerformerBusy):
        await assign(tx, other.id, one.performer.id, starts_at=at(9, 59), ends_at=at(10, 59), actor=SYSTEM, now=NINE)
    await tx.rollback()


async def test_one_visit_may_begin_the_moment_the_other_ends(platform: Platform, tx: AsyncSession) -> None:
    one = await an_attended_visit(platform, tx)
    other = await a_visit(tx, one.elder)
    await assign(tx, other.id, one.performer.id, starts_at=at(10), ends_at=at(11), actor=SYSTEM, now=NINE)
    assert other.state == "published"


async def test_the_database_itself_refuses_two_places_at_commit(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        one = await an_attended_visit(platform, tx)
        other = await a_visit(tx, one.elder)
    with pytest.raises(IntegrityError, match="assignment_one_place"):
        async with transaction(platform.db) as tx:
            tx.add(
                Assignment(
                    visit_id=other.id, performer_id=one.performer.id, planned_from=at(9, 30), planned_until=at(9, 40)
                )
            )


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"starts_at": at(8, 59)}, OutsideWindow),
        ({"starts_at": at(10, 1), "ends_at": at(11)}, OutsideWindow),
        ({"ends_at": at(9)}, OutsideWindow),
        ({"member": 1}, MemberTaken),
        ({"member": -1}, MemberTaken),
    ],
)
async def test_what_cannot_be_assigned_is_refused(
    platform: Platform, tx: AsyncSession, given: dict[str, object], error: type[Exception]
) -> None:
    town = await a_town(tx)
    visit = await a_visit(tx, await an_elder(platform, tx, town.communities[0]))
    performer = await a_performer(platform, tx, town.districts[0])
    wanted = {"starts_at": at(9), "ends_at": at(10), **given}
    with pytest.raises(error):
        await assign(tx, visit.id, performer.id, actor=SYSTEM, now=NINE, **wanted)  # type: ignore[arg-type]
    assert visit.state == "planned"


async def test_a_bath_wants_the_elders_gender(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    visit = await a_visit(tx, await an_elder(platform, tx, town.communities[0]), skills=("bath", "gender:f"))
    man = await a_performer(platform, tx, town.districts[0], gender="m", skills=["bath"])
    with pytest.raises(SkillMissing, match="gender:f"):
        await assign(tx, visit.id, man.id, starts_at=at(9), ends_at=at(10), actor=SYSTEM, now=NINE)


async def test_the_assigned_see_the_elder_from_a_day_before_to_a_day_after(
    platform: Platform, tx: AsyncSession
) -> None:
    one = await an_attended_visit(platform, tx)
    day = timedelta(hours=24)
    for seen_at in (at(9) - day, at(10) + day - timedelta(seconds=1)):
        assert await elder_for(tx, one.elder.id, actor=one.actor, now=seen_at)
    for unseen_at in (at(9) - day - timedelta(seconds=1), at(10) + day):
        with pytest.raises(Unknown):
            await elder_for(tx, one.elder.id, actor=one.actor, now=unseen_at)


async def test_cancelling_takes_the_performer_off_and_her_sight_away(platform: Platform, tx: AsyncSession) -> None:
    one = await an_attended_visit(platform, tx)
    cancelled = await cancel_visits(tx, "booking", one.visit.cause_id, actor=SYSTEM, now=NINE, reason="illness")
    assert cancelled
    assert (one.visit.state, one.assignment.state) == ("cancelled", "withdrawn")
    with pytest.raises(Unknown):
        await elder_for(tx, one.elder.id, actor=one.actor, now=NINE)


async def test_a_begun_visit_keeps_its_whole_cause_from_being_cancelled(platform: Platform, tx: AsyncSession) -> None:
    one = await an_attended_visit(platform, tx)
    other = await a_visit(tx, one.elder, cause_id=one.visit.cause_id)
    one.visit.state = "checked_in"
    await tx.flush()
    assert not await cancel_visits(tx, "booking", one.visit.cause_id, actor=SYSTEM, now=NINE, reason="late")
    assert other.state == "planned"


async def test_cancelling_twice_is_no_error_and_a_cancelled_visit_takes_nobody(
    platform: Platform, tx: AsyncSession
) -> None:
    one = await an_attended_visit(platform, tx)
    for _ in range(2):
        assert await cancel_visits(tx, "booking", one.visit.cause_id, actor=SYSTEM, now=NINE, reason="changed")
    with pytest.raises(IllegalTransition):
        await assign(tx, one.visit.id, one.performer.id, starts_at=at(9), ends_at=at(10), actor=SYSTEM, now=NINE)


async def test_a_withdrawn_shift_gives_its_visits_back_and_says_so(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    performer = await a_performer(platform, tx, town.districts[0])
    shift = await a_shift(tx, performer, town.districts[0])
    visit = await a_visit(tx, await an_elder(platform, tx, town.communities[0]))
    assignment = await assign(
        tx, visit.id, performer.id, starts_at=at(9), ends_at=at(10), shift_id=shift.id, actor=SYSTEM, now=NINE
    )
    for _ in range(2):
        await withdraw_shift(tx, shift.id, actor=SYSTEM, now=NINE, reason="ill")
    assert (shift.state, visit.state, assignment.state) == ("withdrawn", "planned", "withdrawn")
    assert len(tx.info["sent"]) == 1


async def test_a_begun_visit_outlives_its_shift(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    performer = await a_performer(platform, tx, town.districts[0])
    shift = await a_shift(tx, performer, town.districts[0])
    visit = await a_visit(tx, await an_elder(platform, tx, town.communities[0]))
    assignment = await assign(
        tx, visit.id, performer.id, starts_at=at(9), ends_at=at(10), shift_id=shift.id, actor=SYSTEM, now=NINE
    )
    visit.state = assignment.state = "checked_in"
    await tx.flush()
    await withdraw_shift(tx, shift.id, actor=SYSTEM, now=NINE, reason="ill")
    assert (visit.state, assignment.state) == ("checked_in", "checked_in")


async def test_a_performer_works_one_shift_at_a_time(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        town = await a_town(tx)
        performer = await a_performer(platform, tx, town.districts[0])
        await a_shift(tx, performer, town.districts[0])
    with pytest.raises(ShiftOverlaps):
        async with transaction(platform.db) as tx:
            await a_shift(tx, performer, town.districts[0], starts_at=at(17), ends_at=at(19))


async def test_a_shift_carries_gender_and_provider_as_skills(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    performer = await a_performer(platform, tx, town.districts[0])
    shift = await a_shift(tx, performer, town.districts[0])
    assert shift.skills == ["cleaning", "gender:f", f"provider:{performer.provider_id}"]


@pytest.mark.parametrize(
    "given",
    [{"ends_at": at(8)}, {"break_seconds": 1800}, {"break_seconds": 1800, "break_from": at(7), "break_until": at(9)}],
)
async def test_an_impossible_shift_is_refused(platform: Platform, tx: AsyncSession, given: dict[str, object]) -> None:
    town = await a_town(tx)
    performer = await a_performer(platform, tx, town.districts[0])
    with pytest.raises(ImpossibleShift):
        await a_shift(tx, performer, town.districts[0], **given)
    assert (await tx.scalars(select(Shift))).all() == []


@pytest.mark.parametrize(
    "given",
    [{"window_end": at(8)}, {"service_seconds": 0}, {"crew_size": 0}, {"crew_size": 5}, {"priority": 0}, {"boxes": 2}],
)
async def test_an_impossible_visit_is_refused(platform: Platform, tx: AsyncSession, given: dict[str, object]) -> None:
    town = await a_town(tx)
    elder = await an_elder(platform, tx, town.communities[0])
    with pytest.raises(ImpossibleVisit):
        await a_visit(tx, elder, **given)
    assert (await tx.scalars(select(Visit))).all() == []


async def test_a_volunteer_grabs_a_visit_without_shift_or_provider(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    account = await an_account(platform, tx, Role.VOLUNTEER)
    volunteer = await a_performer(
        platform, tx, town.districts[0], account=account, kind="volunteer", provider_id=None, skills=[]
    )
    visit = await a_visit(tx, await an_elder(platform, tx, town.communities[0]), cause_kind="task", skills=())
    assignment = await assign(
        tx, visit.id, volunteer.id, starts_at=at(9), ends_at=at(10), actor=await actor_of(tx, account), now=NINE
    )
    found = await tx.scalar(select(Assignment).where(col(Assignment.id) == assignment.id))
    assert found is not None
    assert (found.state, found.shift_id, visit.state) == ("published", None, "published")
