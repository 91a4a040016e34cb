"""A branch of the time bank in the middle of its month: something waits on each of its pages."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.alerts.service import raise_alert
from marketplace.hours.books import pool_account
from marketplace.hours.certificates.issuing import Ask, issue
from marketplace.hours.giving import allocating, collecting, gifts
from marketplace.hours.giving.schedules import schedule
from marketplace.hours.jobs import cycle_due
from marketplace.hours.members.proxies import Acts
from marketplace.hours.members.students import sealed_student
from marketplace.hours.models import Member
from marketplace.hours.routes.certificates import desk_of
from tests.builders import an_account, an_actor
from tests.conftest import MovableClock
from tests.marketplace.console.builders import staff
from tests.marketplace.console.counter import a_payment
from tests.marketplace.console.test_waiting import a_branch
from tests.marketplace.hours.builders import SYSTEM, TEN, Bank, Person, a_member_elder, a_person, a_task, give, serve
from tests.marketplace.hours.certificates.builders import prove_student
from tests.marketplace.hours.giving.scene import Told, under
from tests.marketplace.hours.students import a_learner

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LivelyBank:
    """The platform it runs on, who signs in to look, and what is there to be looked at."""

    platform: Platform
    bank: Bank
    officer: str
    operator: str
    regulator: str
    giver: Person
    certificate: str


async def a_lively_bank(platform: Platform, clock: MovableClock) -> LivelyBank:
    """On Wednesday morning, after a night was netted: requests, a dispute, an appeal; gifts and a payment that wait;
    key elders; a branch above its cap; a student's certificate, and a student who waits for a proof."""
    live = replace(under(platform, "pidu", second_person_above_minutes=100), channel=Told())
    bank = await a_branch(live)
    async with transaction(live.db) as tx:
        giver = await a_person(live, tx, bank)
        far = await a_person(live, tx, bank, district=1)
        payer = await a_person(live, tx, bank)
        await give(live, tx, bank, payer.account, 200)
        await give(live, tx, bank, giver.account, 900)
        await _key_elders(live, tx, bank)
    student = await _a_student(live, bank)
    await a_learner(live, bank, "2026-0815")
    await _give(live, giver, far, 80)
    clock.set(TEN + timedelta(hours=14, minutes=45))  # Wednesday, a quarter to one at night
    await cycle_due(live, Message(name="cycle.due", ids={}))
    clock.set(TEN + DAY)
    await _give(live, giver, far, 150)
    await _ask_for_more(live, giver, far)
    await a_payment(live, payer, 120)
    certificate = await _certificate(live, student)
    await _alerts(live, bank.town.districts[0].id)
    first = bank.town.districts[0]
    return LivelyBank(
        live,
        bank,
        await staff(live, first, Role.OFFICER),
        await staff(live, None, Role.OPERATOR),
        await staff(live, None, Role.REGULATOR),
        giver,
        certificate,
    )


async def _key_elders(live: Platform, tx: Any, bank: Bank) -> None:
    first = bank.town.districts[0].id
    for categories in (("disabled",), ("disabled", "low_income")):
        elder, _ = await a_member_elder(live, tx, bank)
        elder.categories, elder.birth_on = list(categories), date(1944, 5, 1)
    await tx.flush()
    await give(live, tx, bank, pool_account(first), 200)
    run: dict[str, Any] = {"policy": live.policy, "actor": SYSTEM, "now": live.now()}
    await allocating.allocate(tx, first, each=30, dry_run=False, **run)


async def _a_student(live: Platform, bank: Bank) -> Person:
    async with transaction(live.db) as tx:
        account = await an_account(live, tx, Role.VOLUNTEER)
        known = await sealed_student(tx, live.vault, account.id, school="示例大学", number="2023001234")
        student = await a_person(live, tx, bank, account=account, birth_on=date(2004, 5, 1), student=known)
        officer = await an_actor(live, tx, Role.OFFICER, region=bank.town.districts[0])
        await prove_student(tx, student, officer, now=live.now())
        elder, _ = await a_member_elder(live, tx, bank, minutes=120)
        task = await a_task(live, tx, elder, start=TEN + timedelta(hours=3))
    await serve(live, task, student, 60)
    return student


async def _give(live: Platform, giver: Person, to: Person, minutes: int) -> None:
    async with transaction(live.db) as tx:
        acts = Acts(await tx.get_one(Member, giver.member.id))
        who: dict[str, Any] = {"policy": live.policy, "actor": giver.actor, "now": live.now()}
        await gifts.give(tx, acts, [gifts.Share(to.member.id, minutes)], reason="谢谢您照顾我母亲", **who)


async def _ask_for_more(live: Platform, giver: Person, far: Person) -> None:
    """A collection for the giver, and her standing order."""
    async with transaction(live.db) as tx:
        mine, now = await tx.get_one(Member, giver.member.id), live.now()
        who: dict[str, Any] = {"actor": far.actor, "now": now}
        acts = Acts(await tx.get_one(Member, far.member.id))
        shares = [gifts.Share(far.member.id, 30)]
        await collecting.collect(
            tx, acts, mine, shares, ends_at=now + 3 * DAY, reason="生日", policy=live.policy, **who
        )
        what = {"to": [{"member_id": str(far.member.id), "minutes": 45}]}
        monthly: dict[str, Any] = {"starts_at": now + DAY, "rule": "FREQ=MONTHLY;BYMONTHDAY=5", "reason": "每月一次"}
        rules = live.policy.timebank.giving
        await schedule(tx, Acts(mine), "gift", what, **monthly, rules=rules, actor=giver.actor, now=now)


async def _certificate(live: Platform, student: Person) -> str:
    ask = Ask(since=date(2026, 3, 1), until=date(2026, 3, 4), school="示例大学", student_number="2023001234")
    async with transaction(live.db) as tx:
        made = await issue(tx, desk_of(live), student.member.id, ask, actor=student.actor, now=live.now())
    return made.code


async def _alerts(live: Platform, district_id: UUID) -> None:
    async with transaction(live.db) as tx:
        debt = {"debt_minutes": 60310, "cap_minutes": 60000, "drawn_minutes": 310}
        told: dict[str, Any] = {"now": live.now(), "district_id": district_id}
        await raise_alert(tx, "debt_above_cap", district_id, cause="2026-03-03", figures=debt, **told)
        trouble = {"trouble": "no_hours_source", "task_kind": "neighbour_watch", "minutes": 30}
        await raise_alert(tx, "series_trouble", uuid4(), cause="2026-03-03", figures=trouble, **told)
        parted = {"reason": "sent_differs"}
        await raise_alert(tx, "link_diverged", uuid4(), cause="2026-03-03", figures=parted, now=live.now())
