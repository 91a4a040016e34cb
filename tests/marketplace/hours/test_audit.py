import pytest
from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.figures import Figures, figures
from tests.marketplace.hours.builders import a_bank, a_member_elder, a_person, a_task, apply, serve
from timebank import Release, Reverse


async def a_day(platform: Platform) -> dict[str, str]:
    """One task credited across districts, one open; their ids."""
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=120)
        volunteer = await a_person(platform, tx, bank, district=1)
        served = await a_task(platform, tx, elder)
        waiting = await a_task(platform, tx, elder)
    await serve(platform, served, volunteer, 60)
    return {"served": str(served.id), "open": str(waiting.id), "volunteer": str(volunteer.member.id)}


async def faults(platform: Platform) -> list[str]:
    async with transaction(platform.db) as tx:
        return await prove(tx)


async def test_a_clean_day_proves(platform: Platform) -> None:
    await a_day(platform)
    assert await faults(platform) == []


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE task SET state = 'missed' WHERE id = :served", "entry unexpected: task:{served}"),
        ("UPDATE task SET state = 'cancelled' WHERE id = :open", "a task that ended still holds minutes: {open}"),
        ("UPDATE task SET worth_minutes = 59 WHERE id = :open", "an open task holds no minutes: {open}"),
        (
            "UPDATE visit SET state = 'approved' WHERE cause_id = :served",
            "a credited task has not one settled visit: {served}",
        ),
        (
            "UPDATE task SET credited_minutes = 59, excess_minutes = 1 WHERE id = :served",
            "a volunteer was credited another amount than the task says: {served}",
        ),
        (
            (
                "UPDATE task SET state = 'voided', verdict = 'nothing', verdict_reason = 'x', dispute_reason = 'x',"
                " disputed_by = (SELECT account_id FROM member WHERE member.id = task.member_id) WHERE id = :served"
            ),
            "a disputed or voided task has not one visit that says so: {served}",
        ),
        (
            "UPDATE task SET member_id = (SELECT id FROM member WHERE kind = 'elder') WHERE id = :served",
            "the visit of a task is attended by another than its volunteer: {served}",
        ),
        (
            (
                "UPDATE task SET request_id = :served, place = 2, state = 'grabbed',"
                " member_id = (SELECT member_id FROM task WHERE id = :served) WHERE id = :open"
            ),
            "two places of one request have one volunteer: {served}",
        ),
        (
            "UPDATE task SET verdict = 'part', verdict_reason = 'x', dispute_reason = 'x' WHERE id = :served",
            "a part was decided, and another amount credited: {served}",
        ),
        (
            "UPDATE member SET state = 'left' WHERE id = (SELECT member_id FROM task WHERE id = :served)",
            "a member who left has an open account, or one who did not a closed one: {volunteer}",
        ),
    ],
)
async def test_planted_damage_is_found(platform: Platform, damage: str, found: str) -> None:
    ids = await a_day(platform)
    async with transaction(platform.db) as tx:
        named = {name: value for name, value in ids.items() if f":{name}" in damage}
        await tx.execute(text(damage), named)
    assert found.format(**ids) in await faults(platform)


async def test_an_entry_that_was_reversed_leaves_its_task_without_one(platform: Platform) -> None:
    ids = await a_day(platform)
    key = f"task:{ids['served']}:credit"
    await apply(platform, [Reverse(key=f"{key}:undo", entry_key=key, occurred_at=platform.now(), reason="test")])
    assert f"entry missing: task:{ids['served']}" in await faults(platform)


async def test_minutes_freed_behind_a_tasks_back_are_found(platform: Platform) -> None:
    ids = await a_day(platform)
    await apply(platform, [Release(key="stray", hold_key=f"task:{ids['open']}:hold")])
    assert await faults(platform) == [f"an open task holds no minutes: {ids['open']}"]


async def test_the_figures_of_a_day(platform: Platform) -> None:
    await a_day(platform)
    async with transaction(platform.db) as tx:
        found = await figures(tx)
    assert found == Figures(
        members=2,
        tasks_credited=1,
        earned_minutes=60,
        excess_minutes=0,
        redeemed_minutes=60,
        redeemed_across_minutes=60,
        held_minutes=60,
        granted_minutes=120,
    )
