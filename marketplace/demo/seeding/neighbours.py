"""A neighbourhood in each district: a pupil with her guardian, a student, the group that she is the contact of, and
help that comes again and again.
"""

from dataclasses import replace
from datetime import datetime, time, timedelta
from uuid import UUID

from marketplace.base.clock import local_day, local_instant
from marketplace.base.errors import Unknown
from marketplace.demo.population import CastMinor, CastStudent
from marketplace.demo.seeding.enrolling import enrol
from marketplace.demo.seeding.scene import Scene, letter
from marketplace.hours.members.groups import Group, found_group
from marketplace.hours.members.guardians import consent
from marketplace.hours.models import Member
from marketplace.hours.tasks.publishing import Ask, Call
from marketplace.hours.tasks.series.keeping import begin_series
from marketplace.people.accounts import actor_of
from marketplace.people.models import Account

GROUP_SIZE = 5
# not on the days that a demo is looked at: nobody is told to take these, and what nobody takes is called off by itself
FIRST_IN = timedelta(days=6)
AFTERNOON = time(15)
WATCH_MINUTES, GROUP_MINUTES = 30, 60
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


async def add_neighbours(scene: Scene) -> None:
    """Students first: a group needs its contact."""
    for student in scene.cast.students:
        member = await enrol(scene, student.person, student.district, mode="ebike", student_number=student.number)
        await _found(scene, student, contact=member)
    for minor in scene.cast.minors:
        await _minor(scene, minor)


async def _found(scene: Scene, one: CastStudent, *, contact: Member) -> None:
    """The group whose contact the student is."""
    if contact.account_id is None:
        raise Unknown(what="account")
    district = scene.districts[one.district]
    group = Group(
        name=f"{district.name_zh}示例志愿队",
        contact_id=contact.account_id,
        district_id=district.id,
        size=GROUP_SIZE,
        gender=letter(one.person.gender),
    )
    await found_group(scene.tx, group, actor=scene.officers[one.district], now=scene.now)


async def _minor(scene: Scene, one: CastMinor) -> None:
    """Her guardian consents at once."""
    guardian = scene.volunteers[one.guardian]
    member = await enrol(scene, one.person, one.district, guardian_id=guardian.id)
    actor = await actor_of(scene.tx, await scene.tx.get_one(Account, guardian.account_id))
    sanctions = scene.policy.timebank.sanctions
    await consent(scene.tx, member.id, consents=True, rules=sanctions, actor=actor, now=scene.now)


async def ask_again_and_again(scene: Scene) -> None:
    """In each district a weekly neighbour watch, a monthly visit of the group, and a call that waits for its review."""
    first_on = local_day(scene.now) + FIRST_IN
    weekly = f"FREQ=WEEKLY;BYDAY={WEEKDAYS[first_on.weekday()]}"
    monthly = f"FREQ=MONTHLY;BYMONTHDAY={min(first_on.day, 28)}"
    starts_at = local_instant(first_on, AFTERNOON)
    for number, officer in sorted(scene.officers.items()):
        for rule, ask in _wishes(_in_need(scene, number), weekly, monthly, starts_at):
            await begin_series(scene.tx, scene.vault, ask, rule, policy=scene.policy, actor=officer, now=scene.now)
        scene.progress("series", number + 1, len(scene.officers))


def _wishes(elders: list[UUID], weekly: str, monthly: str, starts_at: datetime) -> list[tuple[str, Ask]]:
    """For the first three elders; a small city may have a district where nobody is in need."""
    if not elders:
        return []
    watch = Ask(
        elder_id=elders[0],
        kind="neighbour_watch",
        window_start=starts_at,
        window_end=starts_at + timedelta(hours=1),
        minutes=WATCH_MINUTES,
    )
    group = replace(
        watch,
        elder_id=elders[1 % len(elders)],
        kind="cleaning",
        minutes=GROUP_MINUTES,
        places=0,
        group_people=GROUP_SIZE,
    )
    by_phone = Call(channel="phone", caller="示例邻居", consent="witness", consent_reference="示例记录 1")
    called = replace(watch, elder_id=elders[2 % len(elders)], kind="welfare_visit", call=by_phone)
    return [(weekly, watch), (monthly, group), (weekly, called)]


def _in_need(scene: Scene, district: int) -> list[UUID]:
    """Elders of the district for whom a pool or a programme pays; not those who were granted hours to spend."""
    spending = set(scene.cast.granted)
    cast = enumerate(scene.cast.elders)
    return [scene.elders[k] for k, one in cast if one.district == district and one.categories and k not in spending]
