"""Elders are registered by their district's officer; sons and daughters get an account and a grant."""

from marketplace.base.actor import Role
from marketplace.demo.population import CastElder
from marketplace.demo.seeding.scene import Scene, letter
from marketplace.people.accounts import open_account
from marketplace.people.elders import register_elder
from marketplace.people.grants import grant
from marketplace.people.schemas import ElderIn, GrantIn
from marketplace.web.schemas import LonLat


async def add_elders(scene: Scene) -> None:
    """Everybody behind her door; every third one signs in herself."""
    for one in scene.told("elders", scene.cast.elders, len(scene.cast.elders)):
        account = None
        if one.signs_in:
            account = await open_account(
                scene.tx, scene.vault, name=one.person.name.zh, phone=one.person.phone, roles=[Role.ELDER]
            )
        data = _registration(scene, one).model_copy(update={"account_id": account.id if account else None})
        elder = await register_elder(scene.tx, scene.vault, data, actor=scene.officers[one.district], now=scene.now)
        scene.elders.append(elder.id)


def _registration(scene: Scene, one: CastElder) -> ElderIn:
    lon, lat = one.frontage.lonlat
    return ElderIn.model_validate(
        {
            "name": one.person.name.zh,
            "gender": letter(one.person.gender),
            "birth_on": one.person.born_on,
            "community_id": scene.communities[one.frontage.community_code].id,
            "place": LonLat(lon=lon, lat=lat),
            "address": one.frontage.address.zh,
            "phone": one.person.phone,
            "identity_number": one.person.identity_number,
            "categories": one.categories,
            "ability": one.ability,
        }
    )


async def add_families(scene: Scene) -> None:
    """Accounts of sons and daughters, each with a grant of the elder they look after."""
    for one in scene.told("families", scene.cast.families, len(scene.cast.families)):
        account = await open_account(
            scene.tx, scene.vault, name=one.person.name.zh, phone=one.person.phone, roles=[Role.FAMILY]
        )
        elder = scene.cast.elders[one.elder]
        data = GrantIn(account_id=account.id, relation="child", scopes=("view", "book", "pay"))
        officer = scene.officers[elder.district]
        await grant(scene.tx, scene.elders[one.elder], data, actor=officer, now=scene.now)
