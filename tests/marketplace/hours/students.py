"""Students whom nobody has proved yet: of before that was asked for, and who just told it on joining."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.members.students import sealed_student
from tests.builders import an_account, an_actor
from tests.marketplace.hours.builders import Bank, Person, a_bank, a_person

SCHOOL = "示例大学"


async def a_branch(platform: Platform) -> tuple[Bank, Actor, Actor]:
    """A bank, and two officers of its first branch."""
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        first, second = [await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0]) for _ in range(2)]
        return bank, first, second


async def a_student_of_before(platform: Platform, bank: Bank, number: str) -> Person:
    """As such members stand in a database of before proofs were asked for."""
    async with transaction(platform.db) as tx:
        person = await a_person(platform, tx, bank)
        await make_her_one(platform, tx, person.member.id, person.actor.account_id, number)
    return person


async def make_her_one(platform: Platform, tx: Any, member_id: UUID, account_id: UUID | None, number: str) -> None:
    assert account_id is not None
    told = await sealed_student(tx, platform.vault, account_id, school=SCHOOL, number=number)
    await tx.execute(
        text(
            "UPDATE member SET kind = 'student', school = :school, student_number_sealed = :number,"
            " student_hash = :hash WHERE id = :id"
        ),
        {"school": told.school, "number": told.number_sealed, "hash": told.hash, "id": member_id},
    )


async def a_learner(platform: Platform, bank: Bank, number: str) -> Person:
    """She told it on joining."""
    async with transaction(platform.db) as tx:
        account = await an_account(platform, tx, Role.VOLUNTEER)
        told = await sealed_student(tx, platform.vault, account.id, school=SCHOOL, number=number)
        return await a_person(platform, tx, bank, account=account, student=told)
