"""A small city for tests: regions, accounts, elders, with defaults for whatever a test does not care about."""

from dataclasses import dataclass
from datetime import date
from itertools import count

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor, Role
from marketplace.base.platform import Platform
from marketplace.people.accounts import actor_of, open_account
from marketplace.people.elders import register_elder
from marketplace.people.models import Account, Elder, Region
from marketplace.people.regions import add_region
from marketplace.people.schemas import ElderIn
from marketplace.web.schemas import LonLat

_numbers = count(1)


def next_phone() -> str:
    """A telephone number no other builder of this process gave."""
    return f"199{next(_numbers):08d}"


@dataclass(frozen=True, slots=True)
class Town:
    """A city with two districts, one community each."""

    city: Region
    districts: tuple[Region, Region]
    communities: tuple[Region, Region]


async def a_town(tx: AsyncSession) -> Town:
    """Build the regions of a small town around Heidelberg's middle."""
    city = await add_region(
        tx, parent=None, level="city", code="city", name_zh="示例市", name_en="Sample City", lon=8.69, lat=49.41
    )
    districts, communities = [], []
    for index, (lon, lat) in enumerate([(8.68, 49.40), (8.70, 49.42)], start=1):
        place = {"lon": lon, "lat": lat}
        district = await add_region(
            tx, parent=city, level="district", code=f"d{index}", name_zh=f"示例{index}区", name_en=f"D{index}", **place
        )
        street = await add_region(
            tx, parent=district, level="street", code="s1", name_zh="一街", name_en="Street 1", **place
        )
        community = await add_region(
            tx, parent=street, level="community", code="c1", name_zh="一社区", name_en="Community 1", **place
        )
        districts.append(district)
        communities.append(community)
    return Town(city, (districts[0], districts[1]), (communities[0], communities[1]))


async def an_account(
    platform: Platform, tx: AsyncSession, *roles: Role, region: Region | None = None, phone: str | None = None
) -> Account:
    """An account with these roles."""
    return await open_account(
        tx,
        platform.vault,
        name=f"示例账户{next(_numbers)}",
        phone=phone or next_phone(),
        roles=roles,
        region_id=region.id if region else None,
    )


async def an_actor(platform: Platform, tx: AsyncSession, *roles: Role, region: Region | None = None) -> Actor:
    """An acting account with these roles, bound to a region's subtree."""
    return await actor_of(tx, await an_account(platform, tx, *roles, region=region))


async def an_elder(
    platform: Platform, tx: AsyncSession, community: Region, *, account: Account | None = None, gender: str = "f"
) -> Elder:
    """An elder of a community, living at its middle."""
    data = ElderIn(
        name=f"示例老人{next(_numbers)}",
        gender="f" if gender == "f" else "m",
        birth_on=date(1944, 5, 1),
        community_id=community.id,
        place=LonLat(lon=community.lon, lat=community.lat),
        address="示例路 12 号",
        phone=next_phone(),
        account_id=account.id if account else None,
    )
    return await register_elder(tx, platform.vault, data, actor=Actor.system(), now=platform.now())
