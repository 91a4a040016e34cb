"""Three running banks pay round in a triangle: what happens on one link is nothing to the others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from marketplace.base.embedded.postgres import Postgres
from tests.databases import a_clone
from tests.marketplace.hours.links.instances import LIMITS, SAVED, a_side, free_port, nursery
from tests.marketplace.hours.links.triangle import Triangle, linked

NAMES = ("east", "west", "south")
ROUND = (("east", "west"), ("west", "south"), ("south", "east"))
CUT = frozenset({"west", "south"})


@pytest.fixture(scope="module")
async def triangle(
    postgres: Postgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Triangle]:
    """Three banks, linked in pairs; each test begins where the one before ended."""
    async with AsyncExitStack() as stack:
        forking, sides = await stack.enter_async_context(nursery()), {}
        for name in NAMES:
            url = await stack.enter_async_context(a_clone(postgres, template))
            side = a_side(name, forking, url, tmp_path_factory.mktemp(name), free_port())
            sides[name] = await stack.enter_async_context(side)
        yield await stack.enter_async_context(linked(sides))


async def people(triangle: Triangle) -> dict[str, tuple[int, int]]:
    """What each bank's payer and payee have."""
    return {name: await side.minutes() for name, side in triangle.sides.items()}


async def test_sixty_minutes_round_the_triangle_leave_every_city_with_what_it_had(triangle: Triangle) -> None:
    for payer, payee in ROUND:
        await triangle.pay(payer, payee, 60)
    await triangle.at_rest(*triangle.lines)
    assert await people(triangle) == dict.fromkeys(NAMES, (SAVED - 60, 60))
    found = await triangle.links()
    for payer, payee in ROUND:
        gave, got = found[payer, payee], found[payee, payer]
        assert (gave.balance, gave.sent_height, gave.received_height) == (60, 1, 0)
        assert (got.balance, got.sent_height, got.received_height) == (-60, 0, 1)
        # the payee's bank lets the other owe that much less; its own room grew by as much
        assert (gave.room_out, got.room_out) == (LIMITS[payee] - 60, LIMITS[payer] + 60)
    # each owes one neighbour 60 and is owed 60 by the other: what circulates is what was issued
    assert await triangle.issued() == dict.fromkeys(NAMES, (SAVED, SAVED))
    await triangle.agree()


async def test_one_line_that_is_cut_keeps_nobody_from_paying_over_the_others(triangle: Triangle) -> None:
    before, line = await people(triangle), triangle.lines[CUT]
    line.cut_at("commit", "request")
    await triangle.pay("west", "south", 60)
    await asyncio.wait_for(line.caught.wait(), 20)
    others = [pair for pair in triangle.lines if pair != CUT]
    for payer, payee in (ROUND[0], ROUND[2]):
        await triangle.pay(payer, payee, 60)
    await triangle.at_rest(*others)
    # east has paid and was paid; west's payer has paid, south's payee does not have it yet
    half_way = {"east": (-60, 60), "west": (-60, 60), "south": (-60, 0)}
    assert await people(triangle) == added(before, half_way)
    found = await triangle.links()
    assert (found["west", "south"].balance, found["south", "west"].balance) == (120, -60)
    assert (found["south", "west"].arriving, found["west", "south"].leaving) == (60, 0)
    assert [len(await triangle.ends[end].flying()) for end in (("west", "south"), ("south", "west"))] == [1, 1]
    for end in (("east", "west"), ("east", "south")):
        assert (found[end].arriving, found[end].leaving, await triangle.ends[end].flying()) == (0, 0, [])
    # each link has a limit of its own, of which 120 are used: of west's 2,000, south's 1,000 and east's 3,000
    assert {end: found[end].room_out for end in ROUND} == {
        ("east", "west"): LIMITS["west"] - 120,
        ("west", "south"): LIMITS["south"] - 120,
        ("south", "east"): LIMITS["east"] - 120,
    }
    line.heal()
    await triangle.at_rest(*triangle.lines)
    assert await people(triangle) == added(before, dict.fromkeys(NAMES, (-60, 60)))
    assert await triangle.issued() == dict.fromkeys(NAMES, (SAVED, SAVED))
    await triangle.agree()


async def test_a_link_that_is_full_or_suspended_leaves_the_others_as_they_are(triangle: Triangle) -> None:
    before, room = await people(triangle), (await triangle.links())["west", "south"].room_out
    west = triangle.sides["west"]

    async def refused(payee: str, minutes: int) -> str | None:
        body = {"payee": f"{payee}/{triangle.sides[payee].payee_id}", "minutes": minutes}
        answer = await west.http.post(
            f"/v1/members/{west.payer_id}/relays", json=body, headers=west.headers(west.payer)
        )
        code: str | None = answer.json().get("code")
        return code

    assert await refused("south", room + 1) == "link_limit_reached"
    assert await refused("east", room + 1) is None  # east lets it owe 3,000
    end = triangle.ends["west", "south"]
    await end.post(f"/v1/links/{end.link_id}/suspend", end.operator, {"reason": "a doubt"})
    assert await refused("south", 1) == "link_suspended"
    assert await refused("east", 1) is None
    await triangle.at_rest(*triangle.lines)
    assert await people(triangle) == added(before, {"west": (-room - 2, 0), "east": (0, room + 2), "south": (0, 0)})
    await end.post(f"/v1/links/{end.link_id}/resume", end.operator)
    await triangle.agree()


def added(before: dict[str, tuple[int, int]], change: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """What payers and payees must have by then."""
    return {name: (gave + change[name][0], got + change[name][1]) for name, (gave, got) in before.items()}
