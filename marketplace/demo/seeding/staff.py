"""Staff accounts: a dispatcher and an officer per district, a regulator, an operator. They sign in with a password."""

from marketplace.base.actor import Actor, Role
from marketplace.demo.seeding.scene import Scene
from marketplace.people.accounts import actor_of, open_account

PASSWORD = "liuzhu-demo"  # noqa: S105 - of invented people in an invented city, and it says so


async def add_staff(scene: Scene) -> None:
    """Open the accounts and remember who acts for the city and for each district."""
    for one in scene.told("staff", scene.cast.staff, len(scene.cast.staff)):
        region = scene.city if one.district is None else scene.districts[one.district]
        account = await open_account(
            scene.tx,
            scene.vault,
            name=one.person.name.zh,
            phone=one.person.phone,
            roles=[one.role],
            region_id=region.id if region else None,
            password=PASSWORD,
        )
        actor = await actor_of(scene.tx, account)
        if one.role == Role.OFFICER and one.district is not None:
            scene.officers[one.district] = actor
        elif one.role == Role.OPERATOR:
            scene.operator = actor


async def open_admin(scene: Scene, number: int) -> Actor:
    """The account by which provider `number` is applied for and managed."""
    person = scene.cast.admins[number]
    account = await open_account(
        scene.tx,
        scene.vault,
        name=person.name.zh,
        phone=person.phone,
        roles=[Role.PROVIDER],
        password=PASSWORD,
    )
    return await actor_of(scene.tx, account)
