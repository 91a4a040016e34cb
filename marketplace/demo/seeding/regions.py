"""The region tree of the demo city: city, districts, streets, communities, and a site for every organisation."""

from marketplace.demo.geography import City, Community, District, Site, Street, build_city, sites
from marketplace.demo.geography.plane import LonLat
from marketplace.demo.seeding.scene import Scene
from marketplace.people.models import Region
from marketplace.people.regions import add_region


async def add_regions(scene: Scene) -> None:
    """Write the tree down, ancestors first."""
    city = build_city()
    middle = _middle(city)
    scene.city = await _add(scene, None, "city", city, middle)
    for district in scene.told("regions", city.districts, len(city.districts)):
        node = await _add(scene, scene.city, "district", district, district.centre)
        scene.districts.append(node)
        for street in district.streets:
            await _add_street(scene, node, street)
    places = sites(scene.cast.seed)
    for site in (*places.providers, *places.kitchens, *places.centres):
        await _add_site(scene, site)


async def _add_street(scene: Scene, district: Region, street: Street) -> None:
    node = await _add(scene, district, "street", street, street.centre)
    for community in street.communities:
        scene.communities[community.code] = await _add(scene, node, "community", community, community.centre)


async def _add(
    scene: Scene, parent: Region | None, level: str, node: City | District | Street | Community, at: LonLat
) -> Region:
    return await add_region(
        scene.tx,
        parent=parent,
        level=level,
        code=node.code,
        name_zh=node.name.zh,
        name_en=node.name.en,
        lon=at[0],
        lat=at[1],
    )


async def _add_site(scene: Scene, site: Site) -> None:
    lon, lat = site.frontage.lonlat
    await add_region(
        scene.tx,
        parent=scene.communities[site.frontage.community_code],
        level="site",
        code=site.code,
        name_zh=site.name.zh,
        name_en=site.name.en,
        lon=lon,
        lat=lat,
    )


def _middle(city: City) -> LonLat:
    lons, lats = zip(*(district.centre for district in city.districts), strict=True)
    return sum(lons) / len(lons), sum(lats) / len(lats)
