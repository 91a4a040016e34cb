"""How anybody of the demo becomes a volunteer: an account, and a member of a branch by its officer."""

from collections.abc import Sequence
from uuid import UUID

from marketplace.base.actor import Role
from marketplace.demo.names import Person
from marketplace.demo.seeding.scene import Scene, letter
from marketplace.hours.members.joining import Attending, join
from marketplace.hours.members.student_changes import changes_of, confirm_change
from marketplace.hours.members.students import sealed_student
from marketplace.hours.models import Member
from marketplace.people.accounts import actor_of, open_account

SCHOOL = "示例大学"


async def enrol(
    scene: Scene,
    person: Person,
    district: int,
    *,
    roles: Sequence[Role] = (),
    mode: str = "walk",
    guardian_id: UUID | None = None,
    student_number: str | None = None,
) -> Member:
    """An account that volunteers, and has these roles besides, joins the district's branch."""
    tx, vault = scene.tx, scene.vault
    wanted = [Role.VOLUNTEER, *roles]
    account = await open_account(tx, vault, name=person.name.zh, phone=person.phone, roles=wanted)
    officer, student = scene.officers[district], None
    if student_number is not None:  # sealed under the account's own key
        student = await sealed_student(tx, vault, account.id, school=SCHOOL, number=student_number)
    member = await join(
        tx,
        account.id,
        district_id=scene.districts[district].id,
        rules=scene.policy.timebank,
        actor=await actor_of(tx, account) if student else officer,  # she tells it herself, the officer sees her card
        now=scene.now,
        attending=Attending(gender=letter(person.gender), mode=mode, birth_on=person.born_on),
        guardian_id=guardian_id,
        student=student,
    )
    for change in await changes_of(tx, member.id, state="pending"):
        await confirm_change(tx, member.id, change.id, proof="student_card", actor=officer, now=scene.now)
    return member
