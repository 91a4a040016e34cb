import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.errors import Unknown
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from marketplace.hours.errors import MemberInactive, NotAMember, OwnTask, TaskOver, TaskTaken
from marketplace.hours.models import Member, Task
from marketplace.hours.tasks.grabbing import grab
from marketplace.people.models import Elder
from marketplace.visits import assigning
from marketplace.visits.errors import PerformerBusy
from tests.builders import an_account, an_actor, an_elder
from tests.marketplace.hours.builders import (
    HOUR,
    TEN,
    Bank,
    Person,
    a_bank,
    a_member_elder,
    a_person,
    a_task,
    give,
    task_now,
    visit_of,
)


async def scene(platform: Platform) -> tuple[Bank, Elder, Task, Person]:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=600)
        return bank, elder, await a_task(platform, tx, elder), await a_person(platform, tx, bank)


async def grabs(platform: Platform, task: Task, person: Person) -> Task:
    async with transaction(platform.db) as tx:
        return await grab(tx, task.id, actor=person.actor, rules=platform.policy.timebank, now=platform.now())


async def test_of_two_volunteers_at_once_one_wins(platform: Platform) -> None:
    bank, _, task, first = await scene(platform)
    async with transaction(platform.db) as tx:
        others = [await a_person(platform, tx, bank) for _ in range(4)]
    tries = [grabs(platform, task, person) for person in (first, *others)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Task", *["TaskTaken"] * 4]
    winner = (await task_now(platform, task)).member_id
    place = next(index for index, result in enumerate(results) if isinstance(result, Task))
    assert winner == (first, *others)[place].member.id


async def test_whoever_grabs_is_assigned_at_the_windows_start(platform: Platform) -> None:
    _, _, task, volunteer = await scene(platform)
    await grabs(platform, task, volunteer)
    async with transaction(platform.db) as tx:
        assert (await visit_of(tx, task)).state == "published"


async def test_grabbing_ones_own_again_changes_nothing(platform: Platform) -> None:
    _, _, task, volunteer = await scene(platform)
    version = (await grabs(platform, task, volunteer)).version
    assert (await grabs(platform, task, volunteer)).version == version


async def test_nobody_is_in_two_places(platform: Platform) -> None:
    bank, _, task, volunteer = await scene(platform)
    await grabs(platform, task, volunteer)
    async with transaction(platform.db) as tx:
        other, _ = await a_member_elder(platform, tx, bank, minutes=60)
        overlapping = await a_task(platform, tx, other, start=TEN + timedelta(minutes=59))
    with pytest.raises(PerformerBusy):
        await grabs(platform, overlapping, volunteer)
    assert (await task_now(platform, overlapping)).state == "published"


async def test_of_two_tasks_at_one_time_that_a_volunteer_wants_at_once_she_gets_one(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank, _, task, volunteer = await scene(platform)
    async with transaction(platform.db) as tx:
        other, _ = await a_member_elder(platform, tx, bank, minutes=600)
        overlapping = await a_task(platform, tx, other, start=TEN + timedelta(minutes=59))
    asks = assigning.require_one_place

    async def asked_late(tx: AsyncSession) -> None:  # as long as the other needs to have written hers as well
        await asyncio.sleep(0.2)
        await asks(tx)

    monkeypatch.setattr(assigning, "require_one_place", asked_late)
    tries = [grabs(platform, one, volunteer) for one in (task, overlapping)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["PerformerBusy", "Task"]


async def test_one_task_may_follow_upon_another(platform: Platform) -> None:
    _, elder, task, volunteer = await scene(platform)
    await grabs(platform, task, volunteer)
    async with transaction(platform.db) as tx:
        following = await a_task(platform, tx, elder, start=TEN + HOUR)
    assert (await grabs(platform, following, volunteer)).state == "grabbed"


async def test_a_task_is_taken_before_its_window_opens_or_not_at_all(platform: Platform) -> None:
    _, _, task, volunteer = await scene(platform)
    platform.clock.set(TEN)  # type: ignore[attr-defined]
    with pytest.raises(TaskOver):
        await grabs(platform, task, volunteer)


async def test_who_is_no_member_takes_nothing(platform: Platform) -> None:
    _, _, task, _ = await scene(platform)
    async with transaction(platform.db) as tx:
        stranger = await an_actor(platform, tx, Role.VOLUNTEER)
    with pytest.raises(NotAMember):
        async with transaction(platform.db) as tx:
            await grab(tx, task.id, actor=stranger, rules=platform.policy.timebank, now=platform.now())


async def test_a_member_who_is_no_volunteer_takes_nothing(platform: Platform) -> None:
    bank, _, task, _ = await scene(platform)
    async with transaction(platform.db) as tx:
        relative = await a_person(platform, tx, bank, Role.FAMILY)
    with pytest.raises(NotAMember):
        await grabs(platform, task, relative)


async def test_a_suspended_member_takes_nothing(platform: Platform) -> None:
    _, _, task, volunteer = await scene(platform)
    async with transaction(platform.db) as tx:
        (await tx.get_one(Member, volunteer.member.id)).state = "suspended"
    with pytest.raises(MemberInactive):
        await grabs(platform, task, volunteer)


async def test_nobody_earns_by_a_task_that_one_asked_for(platform: Platform) -> None:
    bank, elder, _, _ = await scene(platform)
    async with transaction(platform.db) as tx:
        officer = await a_person(platform, tx, bank, Role.VOLUNTEER, Role.OFFICER)
        task = await a_task(platform, tx, elder, actor=officer.actor, start=TEN + 2 * HOUR)
    with pytest.raises(OwnTask):
        await grabs(platform, task, officer)


async def test_nobody_earns_by_a_task_for_oneself(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder = await an_elder(platform, tx, bank.town.communities[0])
        account = await an_account(platform, tx, Role.VOLUNTEER, Role.ELDER)
        elder.account_id = account.id
        # an elder who is a volunteer as well is one member
        person = await a_person(platform, tx, bank, account=account)
        assert (person.member.kind, person.member.elder_id) == ("elder", elder.id)
        await give(platform, tx, bank, person.account, 60)
        task = await a_task(platform, tx, elder)
    with pytest.raises(OwnTask):
        await grabs(platform, task, person)


async def test_a_task_that_is_not_there_is_unknown(platform: Platform) -> None:
    _, _, task, volunteer = await scene(platform)
    missing = Task(**{**task.model_dump(), "id": new_id()})
    with pytest.raises(Unknown):
        await grabs(platform, missing, volunteer)


async def test_a_taken_task_says_so(platform: Platform) -> None:
    bank, _, task, volunteer = await scene(platform)
    await grabs(platform, task, volunteer)
    async with transaction(platform.db) as tx:
        late = await a_person(platform, tx, bank)
    with pytest.raises(TaskTaken):
        await grabs(platform, task, late)
