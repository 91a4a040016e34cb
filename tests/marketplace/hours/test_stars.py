from datetime import timedelta

import pytest

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.branches.figures import branch_figures
from marketplace.hours.members.stars import earned_minutes, stars_for
from tests.marketplace.hours.builders import TEN, a_bank, a_member_elder, a_person, a_task, apply, serve
from timebank import Reverse

USUAL = (100, 300, 600, 1000, 1500)


@pytest.mark.parametrize(
    ("minutes", "stars"),
    [(0, 0), (5_999, 0), (6_000, 1), (17_999, 1), (18_000, 2), (36_000, 3), (60_000, 4), (89_999, 4), (90_000, 5)],
)
def test_a_star_comes_with_its_last_minute(minutes: int, stars: int) -> None:
    assert stars_for(minutes, USUAL) == stars


async def test_what_was_served_in_all_counts_and_a_reversal_is_taken_off(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=600)
        volunteer, idle = await a_person(platform, tx, bank), await a_person(platform, tx, bank)
        # 240 + 240 + 60 in one day: 60 are above the cap of 480, and were served all the same
        day = [(240, -2), (240, 2.25), (60, 7)]
        tasks = [
            await a_task(platform, tx, elder, minutes=minutes, start=TEN + timedelta(hours=later))
            for minutes, later in day
        ]
    for task in tasks:
        await serve(platform, task, volunteer, task.minutes)
    members = [volunteer.member.id, idle.member.id]

    async def public_stars(*hours: int) -> tuple[int, ...]:
        rules = platform.policy.timebank.model_copy(update={"stars_hours": hours})
        async with transaction(platform.db) as tx:
            return (await branch_figures(tx, rules, now=platform.now()))[0].stars

    async with transaction(platform.db) as tx:
        assert await earned_minutes(tx, members) == {members[0]: 540, members[1]: 0}
    # the elder, the idle one and she: 480 minutes were credited, and 540 served are nine hours
    assert [await public_stars(9), await public_stars(10)] == [(2, 1), (3, 0)]
    key = f"task:{tasks[0].id}:credit"
    await apply(platform, [Reverse(key=f"{key}:undo", entry_key=key, occurred_at=platform.now(), reason="mistake")])
    async with transaction(platform.db) as tx:
        assert await earned_minutes(tx, members) == {members[0]: 300, members[1]: 0}
    assert [await public_stars(5), await public_stars(6)] == [(2, 1), (3, 0)]
