"""A town with branches, a programme that may issue, volunteers and elders; and the steps that tests take."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.books import open_branch
from marketplace.hours.jobs import credit
from marketplace.hours.members.joining import Attending, join, join_elder
from marketplace.hours.members.programmes import Authority, authorise, grant
from marketplace.hours.models import Member, Task
from marketplace.hours.tasks.grabbing import grab
from marketplace.hours.tasks.publishing import Ask, publish
from marketplace.people.accounts import actor_of
from marketplace.people.models import Account, Elder
from marketplace.visits.attendance.approval import approve
from marketplace.visits.attendance.checking import Kind, Report, check
from marketplace.visits.models import Assignment, Visit
from tests.builders import Town, a_town, an_account, an_elder
from timebank import Command

TEN = datetime(2026, 3, 3, 2, tzinfo=UTC)  # Tuesday, ten in the morning in the city
HOUR = timedelta(hours=1)
SYSTEM = Actor.system()


@dataclass(frozen=True, slots=True)
class Bank:
    """The town with its branches open, and a programme for elders of advanced age that may issue a lot."""

    town: Town
    programme_id: UUID


async def a_bank(platform: Platform, tx: AsyncSession, *, ceiling: int = 1_000_000) -> Bank:
    town = await a_town(tx)
    for district in town.districts:
        await open_branch(tx, district, now=platform.now())
    authority = Authority(
        name_zh="示例项目",
        name_en="Sample programme",
        district_id=None,
        categories=["advanced_age"],
        ceiling_minutes=ceiling,
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
    )
    programme = await authorise(tx, authority, actor=SYSTEM, now=platform.now())
    return Bank(town, programme.id)


@dataclass(frozen=True, slots=True)
class Person:
    """A member who signs in."""

    actor: Actor
    member: Member

    @property
    def account(self) -> UUID:
        """The account in the ledger."""
        return self.member.ledger_account


async def a_person(
    platform: Platform,
    tx: AsyncSession,
    bank: Bank,
    *roles: Role,
    district: int = 0,
    gender: str = "f",
    account: Account | None = None,
    birth_on: date | None = date(1980, 5, 1),
    **joins: Any,
) -> Person:
    account = account or await an_account(platform, tx, *(roles or (Role.VOLUNTEER,)))
    member = await join(
        tx,
        account.id,
        district_id=bank.town.districts[district].id,
        rules=platform.policy.timebank,
        actor=SYSTEM,
        now=platform.now(),
        attending=Attending(gender=gender, birth_on=birth_on),
        **joins,
    )
    return Person(await actor_of(tx, account), member)


async def a_member_elder(
    platform: Platform, tx: AsyncSession, bank: Bank, *, district: int = 0, minutes: int = 0
) -> tuple[Elder, Member]:
    elder = await an_elder(platform, tx, bank.town.communities[district])
    member = await join_elder(tx, elder, rules=platform.policy.timebank, actor=SYSTEM, now=platform.now())
    if minutes:
        await give(platform, tx, bank, member.ledger_account, minutes)
    return elder, member


async def give(platform: Platform, tx: AsyncSession, bank: Bank, account: UUID, minutes: int) -> None:
    """Grant minutes out of the programme to any account."""
    await grant(tx, bank.programme_id, account, minutes, key=f"test:{uuid4()}", now=platform.now())


async def a_task(
    platform: Platform,
    tx: AsyncSession,
    elder: Elder,
    *,
    minutes: int = 60,
    start: datetime = TEN,
    actor: Actor = SYSTEM,
    **changes: Any,
) -> Task:
    ask = Ask(
        elder_id=elder.id,
        kind="companionship",
        window_start=start,
        window_end=start + HOUR,
        minutes=minutes,
        **changes,
    )
    return await publish(tx, platform.vault, ask, policy=platform.policy, actor=actor, now=platform.now())


async def visit_of(tx: AsyncSession, task: Task) -> Visit:
    return (await tx.scalars(select(Visit).where(col(Visit.cause_id) == task.id))).one()


async def report(platform: Platform, task: Task, person: Person, kind: Kind, at: datetime) -> None:
    """The volunteer's device reports at the elder's door; the clock then shows that time."""
    platform.clock.set(at)  # type: ignore[attr-defined]
    async with transaction(platform.db) as tx:
        visit = await visit_of(tx, task)
        live = (col(Assignment.visit_id) == visit.id, col(Assignment.state) != "withdrawn")
        assignment = (await tx.scalars(select(Assignment).where(*live))).one()
        event = Report(
            event_id=uuid4(), kind=kind, device_at=at, lon=visit.lon, lat=visit.lat, accuracy_metres=5, mocked=False
        )
        await check(tx, assignment.id, event, rules=platform.policy.visit, actor=person.actor, now=at)


async def serve(platform: Platform, task: Task, person: Person, minutes: int) -> None:
    """Grab, attend for so many minutes from the window's start, be approved, be credited."""
    async with transaction(platform.db) as tx:
        await grab(tx, task.id, actor=person.actor, rules=platform.policy.timebank, now=platform.now())
    await report(platform, task, person, "in", task.window_start)
    await report(platform, task, person, "out", task.window_start + timedelta(minutes=minutes))
    await approve_and_credit(platform, task)


async def approve_and_credit(platform: Platform, task: Task) -> None:
    async with transaction(platform.db) as tx:
        visit = await visit_of(tx, task)
        await approve(tx, visit.id, actor=SYSTEM, now=platform.now(), reason="seen")
    await tell(platform, task)


async def tell(platform: Platform, task: Task) -> None:
    """Bring `hours.credit` the message about the task's visit, once more."""
    ids = {"cause_kind": "task", "cause_id": str(task.id), "visit_id": str(uuid4())}
    await credit(platform, Message(name="visit.approved", ids=ids))


async def task_now(platform: Platform, task: Task) -> Task:
    async with transaction(platform.db) as tx:
        return await tx.get_one(Task, task.id)


async def balances(platform: Platform, *accounts: UUID | None) -> list[tuple[int, int]]:
    """(posted, held) of accounts; a task that was published has one."""
    async with transaction(platform.db) as tx:
        found = [await timebank.balance(tx, account, now=platform.now()) for account in accounts if account]
    return [(one.posted, one.held) for one in found]


async def legs_of(platform: Platform, key: str) -> list[tuple[str, str, int]]:
    """All legs of an entry: (book, account kind or role, minutes), sorted."""
    query = text(
        "SELECT p.book, COALESCE(a.kind, p.role), p.amount FROM ledger_entry e JOIN ledger_posting p ON p.entry = e.id"
        " LEFT JOIN ledger_account a ON a.id = p.account WHERE e.key = :key"
    )
    async with transaction(platform.db) as tx:
        return sorted((book, kind, amount) for book, kind, amount in await tx.execute(query, {"key": key}))


async def apply(platform: Platform, commands: list[Command]) -> list[timebank.Result]:
    async with transaction(platform.db) as tx:
        return await timebank.apply(tx, commands, now=platform.now())
