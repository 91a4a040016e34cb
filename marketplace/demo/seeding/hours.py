"""The time bank: branches, volunteers as members, a programme with its grants.

Some volunteers have a mother in another district: their hours, earned at home, are redeemed for her there.
"""

from datetime import timedelta
from uuid import UUID

from marketplace.base.actor import Role
from marketplace.base.clock import local_day
from marketplace.demo.population import CastVolunteer
from marketplace.demo.seeding.enrolling import enrol
from marketplace.demo.seeding.giving import give_among_neighbours
from marketplace.demo.seeding.neighbours import add_neighbours, ask_again_and_again
from marketplace.demo.seeding.scene import Scene
from marketplace.hours.books import open_branch, pool_account
from marketplace.hours.members.joining import join_elder
from marketplace.hours.members.programmes import Authority, authorise, grant
from marketplace.hours.models import Member
from marketplace.people.elders import elder_for
from marketplace.people.grants import grant as let_act
from marketplace.people.schemas import GrantIn

CEILING_MINUTES = 60_000
POOL_MINUTES = 900  # granted to each branch's pool, from which tasks for key elders are paid
ELDER_MINUTES = 180  # granted to some elders, who pay for bookings with them


async def open_time_bank(scene: Scene) -> None:
    """Branches first, then members, then what is granted to them, then what they give one another."""
    for district in scene.districts:
        await open_branch(scene.tx, district, now=scene.now)
    for one in scene.told("volunteers", scene.cast.volunteers, len(scene.cast.volunteers)):
        scene.volunteers.append(await _enrol(scene, one))
    programme_id = await _authorise(scene)
    for district in scene.districts:
        key = f"demo:pool:{district.id}"
        await grant(scene.tx, programme_id, pool_account(district.id), POOL_MINUTES, key=key, now=scene.now)
    await _grant_to_elders(scene, programme_id)
    await add_neighbours(scene)
    await ask_again_and_again(scene)
    await give_among_neighbours(scene, programme_id)


async def _enrol(scene: Scene, one: CastVolunteer) -> Member:
    roles = () if one.mother is None else (Role.FAMILY,)
    member = await enrol(scene, one.person, one.district, roles=roles, mode="ebike")
    if one.mother is not None:
        data = GrantIn(account_id=member.account_id, relation="child", scopes=("view", "book", "pay"))
        officer = scene.officers[scene.cast.elders[one.mother].district]
        await let_act(scene.tx, scene.elders[one.mother], data, actor=officer, now=scene.now)
    return member


async def _authorise(scene: Scene) -> UUID:
    today = local_day(scene.now)
    authority = Authority(
        name_zh="关爱时间（示例）",
        name_en="Time to care (sample)",
        district_id=None,
        categories=scene.policy.key_categories,
        ceiling_minutes=CEILING_MINUTES,
        valid_from=today,
        valid_until=today + timedelta(days=365),
    )
    return (await authorise(scene.tx, authority, actor=scene.operator, now=scene.now)).id


async def _grant_to_elders(scene: Scene, programme_id: UUID) -> None:
    """The first few elders who sign in become members and are granted three hours each."""
    for number in scene.cast.granted:
        officer = scene.officers[scene.cast.elders[number].district]
        elder = await elder_for(scene.tx, scene.elders[number], actor=officer, now=scene.now)
        member = await join_elder(scene.tx, elder, rules=scene.policy.timebank, actor=officer, now=scene.now)
        key = f"demo:elder:{elder.id}"
        await grant(scene.tx, programme_id, member.ledger_account, ELDER_MINUTES, key=key, now=scene.now)
