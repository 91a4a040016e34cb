"""A student who served, and what tests do with her certificates."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.members.student_changes import changes_of, confirm_change
from marketplace.hours.members.students import sealed_student
from marketplace.hours.models import Task
from tests.builders import an_account, an_actor
from tests.marketplace.hours.builders import TEN, Bank, Person, a_bank, a_member_elder, a_person, a_task, apply, serve
from timebank import Reverse

Headers = Callable[[Actor], dict[str, str]]
PERIOD = {"since": "2026-03-01", "until": "2026-03-05"}
BODY = {**PERIOD, "school": "示例大学", "student_number": "2023001234"}


@dataclass(frozen=True, slots=True)
class Campus:
    """A student with credited tasks, the officer of her branch and one of another."""

    bank: Bank
    student: Person
    officer: Actor
    foreign: Actor
    tasks: tuple[Task, ...]

    @property
    def path(self) -> str:
        return f"/v1/members/{self.student.member.id}/certificates"

    @property
    def district_id(self) -> UUID:
        return self.student.member.district_id


async def prove_student(tx: AsyncSession, student: Person, officer: Actor, *, now: datetime) -> None:
    """An officer sees her card: she is the student that she said to be on joining."""
    for change in await changes_of(tx, student.member.id, state="pending"):
        await confirm_change(tx, student.member.id, change.id, proof="student_card", actor=officer, now=now)


async def a_campus(platform: Platform, *minutes: int, school: str = "示例大学", **asked: Any) -> Campus:
    """She served so many minutes on the days from Tuesday, 3 March 2026 on, for an elder of her own branch."""
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=sum(minutes) + 600)
        account = await an_account(platform, tx, Role.VOLUNTEER)
        known = await sealed_student(tx, platform.vault, account.id, school=school, number="2023001234")
        student = await a_person(platform, tx, bank, account=account, student=known)
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
        await prove_student(tx, student, officer, now=platform.now())
        foreign = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[1])
        tasks = [
            await a_task(platform, tx, elder, minutes=length, start=TEN + timedelta(days=day), **asked)
            for day, length in enumerate(minutes)
        ]
    for task, length in zip(tasks, minutes, strict=True):
        await serve(platform, task, student, length)
    platform.clock.set(TEN + timedelta(days=4))  # type: ignore[attr-defined]
    return Campus(bank, student, officer, foreign, tuple(tasks))


async def issued(client: httpx.AsyncClient, as_: Headers, campus: Campus, **changes: object) -> httpx.Response:
    return await client.post(campus.path, json=BODY | changes, headers=as_(campus.student.actor))


async def reverse_task(platform: Platform, campus: Campus, place: int) -> None:
    key = f"task:{campus.tasks[place].id}:credit"
    await apply(platform, [Reverse(f"{key}:reversed", key, platform.now(), "dispute")])
