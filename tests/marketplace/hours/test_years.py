"""A year of a small town under each city's rule set: caps, gifts, grants, donations, with figures worked out by hand.

Twelve months of visits, from January to December 2026. Whether a task is grabbed or dispatched is tested elsewhere:
here every city lets volunteers grab. At the year's end members, pools and reserve have what was issued, and
the proof is empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import pool_account, reserve_account
from marketplace.hours.errors import TooYoungToRedeem
from marketplace.hours.giving.donations import To, donate
from marketplace.hours.giving.entries import Placed
from marketplace.hours.giving.errors import DonationsNotAllowed, GiftsNotAllowed, GiftsOfYearReached
from marketplace.hours.giving.issuing import issue
from marketplace.hours.members.errors import AgeNotAllowed, TrainingMissing
from marketplace.hours.members.proxies import Acts
from marketplace.hours.members.records.training import Passed, record_training
from marketplace.hours.members.relatives import redeeming_relation
from marketplace.hours.members.stars import earned_minutes, stars_for
from marketplace.hours.models import Member
from marketplace.hours.tasks.grabbing import grab
from marketplace.people.models import Elder
from tests.marketplace.hours.builders import SYSTEM, Person, a_person, a_task, balances, serve
from tests.marketplace.hours.giving.scene import Scene, a_scene, an_elder_with, faults, gift, relate, under

OLD = date(1940, 5, 1)  # 85, from May on 86
_SUPPLY = text("SELECT sum(posted)::bigint FROM ledger_account WHERE unit = 'minute' AND kind <> 'issuance'")
_ISSUED = text("SELECT -sum(posted)::bigint FROM ledger_account WHERE unit = 'minute' AND kind = 'issuance'")


def morning(month: int, day: int = 5) -> datetime:
    """Nine in the morning in the city."""
    return datetime(2026, month, day, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Year:
    """A town in its year: a volunteer (the scene's giver), an elder of her branch, a member of the other branch."""

    platform: Platform
    scene: Scene
    elder: Elder
    elder_member: Member

    @property
    def volunteer(self) -> Person:
        return self.scene.giver

    def at(self, instant: datetime) -> None:
        self.platform.clock.set(instant)  # type: ignore[attr-defined]

    async def visits(self, month: int, lengths: Sequence[int] = (60,)) -> None:
        """Visits of these minutes, three hours apart, on the sixth of the month."""
        for number, minutes in enumerate(lengths):
            self.at(morning(month))
            start = morning(month, 6) + timedelta(hours=1 + 3 * number)
            async with transaction(self.platform.db) as tx:
                task = await a_task(self.platform, tx, self.elder, minutes=minutes, start=start)
            await serve(self.platform, task, self.volunteer, minutes)

    async def issues(self, month: int) -> int:
        """The month's issue to key elders, asked for twice: the second adds nothing."""
        self.at(morning(month))
        issued = 0
        for _ in range(2):
            async with transaction(self.platform.db) as tx:
                run = await issue(
                    tx, self.scene.districts[0], dry_run=False, policy=self.platform.policy, now=self.platform.now()
                )
                issued += run.issued_minutes
        return issued

    async def donates(self, to: To, minutes: int) -> Placed:
        async with transaction(self.platform.db) as tx:
            acts = Acts(await tx.get_one(Member, self.volunteer.member.id))
            return await donate(
                tx,
                acts,
                to,
                minutes,
                reason=None,
                policy=self.platform.policy,
                actor=self.volunteer.actor,
                now=self.platform.now(),
            )

    async def posted(self) -> tuple[int, int, int, int]:
        """Of the volunteer, the elder, the branch's pool, the city's reserve."""
        accounts = (
            self.volunteer.account,
            self.elder_member.ledger_account,
            pool_account(self.scene.districts[0]),
            reserve_account(),
        )
        first, second, third, fourth = [posted for posted, _ in await balances(self.platform, *accounts)]
        return first, second, third, fourth

    async def ends(self) -> int:
        """What was issued in all; nothing is wrong with the books."""
        assert await faults(self.platform) == []
        async with transaction(self.platform.db) as tx:
            supply, issued = await tx.scalar(_SUPPLY), await tx.scalar(_ISSUED)
        assert supply == issued
        return int(issued or 0)


async def a_year(
    platform: Platform,
    city: str,
    *,
    saved: int,
    elders: int,
    categories: tuple[str, ...] = (),
    birth_on: date = date(1980, 5, 1),
) -> Year:
    """The town in January: the volunteer has saved so many minutes before, the elder has so many."""
    platform.clock.set(morning(1, 2))  # type: ignore[attr-defined]
    there = under(platform, city)
    rules = there.policy.timebank
    earning = rules.earning.model_copy(update={"taking": ("grab", "dispatch")})
    there = replace(
        there,
        policy=there.policy.model_copy(update={"timebank": rules.model_copy(update={"earning": earning})}),
    )
    scene = await a_scene(there, minutes=saved, birth_on=birth_on)
    elder, member = await an_elder_with(there, scene, minutes=elders, categories=categories, birth_on=OLD)
    return Year(there, scene, elder, member)


async def trained(year: Year) -> None:
    async with transaction(year.platform.db) as tx:
        member = await tx.get_one(Member, year.volunteer.member.id)
        await record_training(tx, member, Passed("induction", date(2026, 1, 1)), actor=SYSTEM, now=year.platform.now())


async def grabbed(year: Year, month: int) -> None:
    year.at(morning(month))
    async with transaction(year.platform.db) as tx:
        task = await a_task(year.platform, tx, year.elder, minutes=30, start=morning(month, 6))
        rules = year.platform.policy.timebank
        await grab(tx, task.id, actor=year.volunteer.actor, rules=rules, now=year.platform.now())


async def volunteered(year: Year, gender: str, birth_on: date) -> None:
    async with transaction(year.platform.db) as tx:
        await a_person(year.platform, tx, year.scene.bank, gender=gender, birth_on=birth_on)


async def test_nanjing_issues_to_key_elders_and_gives_what_passes_1500_hours_to_the_pool(platform: Platform) -> None:
    year = await a_year(platform, "nanjing", saved=89_400, elders=0, categories=("advanced_age", "empty_nest"))
    await year.issues(1)
    with pytest.raises(TrainingMissing):
        await grabbed(year, 1)
    await trained(year)
    await year.visits(1)
    for month in range(2, 13):
        assert await year.issues(month) == 120
        await year.visits(month)
    # issued 12 x 120 = 1,440, spent 12 x 60 = 720. Room for 600 below the cap: ten visits; two go to the pool
    assert await year.posted() == (90_000, 720, 120, 0)
    with pytest.raises(GiftsNotAllowed):
        await gift(year.platform, year.scene, year.scene.other, 10)
    await year.donates("branch", 1_000)
    await year.donates("city", 500)
    assert await year.posted() == (88_500, 720, 1_120, 500)
    assert await year.ends() == 89_400 + 1_440


async def test_beijing_knows_no_cap_and_keeps_hours_for_ones_own_age_and_ones_parents(platform: Platform) -> None:
    year = await a_year(platform, "beijing", saved=599_500, elders=720)
    for month in range(1, 13):
        await year.visits(month)
    assert await year.posted() == (600_220, 0, 0, 0)
    honour = year.platform.policy.timebank.honours[0]  # 10,000 hours are a place in a public care home
    assert year.platform.policy.timebank.balance_cap_minutes is None
    assert honour.earned_minutes <= 600_220
    young, _ = await an_elder_with(year.platform, year.scene, birth_on=date(1970, 1, 1))
    async with transaction(year.platform.db) as tx:
        young = await tx.get_one(Elder, young.id)
        young.account_id = year.volunteer.actor.account_id
        await tx.flush()
        with pytest.raises(TooYoungToRedeem):
            await redeeming_relation(
                tx,
                young.account_id,  # type: ignore[arg-type]  # just set
                young,
                rules=year.platform.policy.timebank,
                now=year.platform.now(),
            )
        young.account_id = None
    await relate(year.platform, year.volunteer, year.elder)
    await gift(year.platform, year.scene, year.elder_member, 6_000)  # to her parent; two persons only above 6,000
    with pytest.raises(GiftsNotAllowed):
        await gift(year.platform, year.scene, year.scene.other, 10)
    with pytest.raises(DonationsNotAllowed):
        await year.donates("person", 10)
    assert await year.posted() == (594_220, 6_000, 0, 0)
    assert await year.ends() == 599_500 + 720


async def test_changning_credits_two_hours_a_day_and_600_in_all_to_givers_of_an_age(platform: Platform) -> None:
    fifty_two = date(1974, 1, 1)  # a woman gives from 50 on, a man from 60 on, both until 70
    year = await a_year(platform, "changning", saved=35_100, elders=2_700, birth_on=fifty_two)
    for gender, birth_on in (("f", date(1980, 5, 1)), ("m", fifty_two), ("f", date(1954, 1, 1))):
        with pytest.raises(AgeNotAllowed):
            await volunteered(year, gender, birth_on)
    await trained(year)
    await year.visits(1, (120, 60))  # 120 of 180: the day is full
    for month in range(2, 13):
        await year.visits(month)
    # 35,100 + 120 + 11 x 60 = 35,880 of 36,000; the pool has the 60
    assert await year.posted() == (35_880, 2_700 - 180 - 660, 60, 0)
    with pytest.raises(GiftsNotAllowed):
        await gift(year.platform, year.scene, year.scene.other, 10)
    with pytest.raises(DonationsNotAllowed):
        await year.donates("city", 10)
    await year.donates("branch", 1_200)  # two persons only above 1,200
    assert await year.posted() == (34_680, 1_860, 1_260, 0)
    assert await year.ends() == 35_100 + 2_700


async def test_qingdao_lets_hours_pass_to_any_member_200_in_a_year(platform: Platform) -> None:
    year = await a_year(
        platform, "qingdao", saved=18_000, elders=0, categories=("advanced_age", "low_income", "disabled")
    )
    await trained(year)
    for month in range(1, 13):
        assert await year.issues(month) == 60
        await year.visits(month)
    # 12 x 60 issued and spent, 720 earned
    assert await year.posted() == (18_720, 0, 0, 0)
    await gift(year.platform, year.scene, year.scene.other, 6_000)
    await gift(year.platform, year.scene, year.scene.other, 5_000)
    with pytest.raises(GiftsOfYearReached):
        await gift(year.platform, year.scene, year.scene.other, 1_001)
    await gift(year.platform, year.scene, year.scene.other, 1_000)
    await year.donates("city", 720)
    assert await year.posted() == (18_720 - 12_000 - 720, 0, 0, 720)
    assert (await balances(year.platform, year.scene.other.account))[0] == (12_000, 0)
    year.at(datetime(2027, 1, 2, 1, tzinfo=UTC))
    await gift(year.platform, year.scene, year.scene.other, 100)  # a new year
    assert await year.ends() == 18_000 + 720


async def test_pidu_pays_by_the_item_and_issues_to_vulnerable_elders(platform: Platform) -> None:
    year = await a_year(platform, "pidu", saved=0, elders=0, categories=("advanced_age", "low_income"))
    for month in range(1, 13):
        assert await year.issues(month) == 180
        await year.visits(month, (45,))  # companionship has the price 60, whatever it takes
    # issued 12 x 180 = 2,160; spent and earned 12 x 60 = 720
    assert await year.posted() == (720, 1_440, 0, 0)
    await gift(year.platform, year.scene, year.scene.other, 400)
    await year.donates("branch", 20)
    assert await year.posted() == (300, 1_440, 20, 0)
    assert await year.ends() == 2_160


async def test_taiyuan_saves_gives_in_the_family_and_counts_stars(platform: Platform) -> None:
    year = await a_year(platform, "taiyuan", saved=83_400, elders=6_720)
    for month in range(1, 13):
        await year.visits(month, (240, 240) if month <= 2 else (60,))
    # 4 x 240 + 10 x 60 = 1,560 earned
    assert await year.posted() == (84_960, 5_160, 0, 0)
    async with transaction(year.platform.db) as tx:
        earned = (await earned_minutes(tx, [year.volunteer.member.id]))[year.volunteer.member.id]
    assert (earned, stars_for(earned, year.platform.policy.timebank.stars_hours)) == (1_560, 0)
    assert stars_for(100 * 60, year.platform.policy.timebank.stars_hours) == 1
    with pytest.raises(GiftsNotAllowed):
        await gift(year.platform, year.scene, year.scene.other, 10)
    await relate(year.platform, year.volunteer, year.elder)
    await gift(year.platform, year.scene, year.elder_member, 6_000)
    with pytest.raises(GiftsOfYearReached):
        await gift(year.platform, year.scene, year.elder_member, 1)
    await year.donates("city", 960)
    assert await year.posted() == (78_000, 11_160, 0, 960)
    assert await year.ends() == 83_400 + 6_720
