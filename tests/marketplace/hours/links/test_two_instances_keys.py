"""Keys of two running banks change over real HTTP while their line is cut or one is killed, and no payment is lost.

The instances are shared; each test pays another amount.
"""

import pytest

from marketplace.hours.links.keys import read_key
from tests.marketplace.hours.links.cuts import Lost
from tests.marketplace.hours.links.instances import until
from tests.marketplace.hours.links.world import (
    A_WHILE,
    World,
    caught,
    peer_of,
)


@pytest.mark.parametrize(("lost", "killed"), [("request", False), ("answer", False), ("answer", True)])
async def test_a_key_changes_while_trade_goes_on_and_no_payment_is_lost(world: World, lost: Lost, killed: bool) -> None:
    here, there = world.pair("east")
    (east, west), old = (await world.balances()).values(), (await peer_of(here)).own_public_key
    world.line.cut_at("key", lost)
    made = await here.post(f"/v1/links/{here.link_id}/rotate", here.operator)
    new = read_key(made["next_public_key"])
    await caught(world.line)
    # the one who announces signs with the old key until it knows that the new one is taken; both are believed there
    assert ((ours := await peer_of(here)).own_public_key, ours.next_public_key) == (old, new)
    theirs = (await peer_of(there)).believed_keys(there.platform.now())
    assert theirs == ((new, old) if lost == "answer" else (old,))
    if killed:
        await here.kill()
        await here.start()
    world.line.heal()
    await here.pay(there, 8)
    await there.pay(here, 9)
    await world.at_rest()
    world.pass_time(A_WHILE)

    async def is_used() -> bool:
        return (await peer_of(here)).own_public_key == new

    await until(is_used)
    await here.pay(there, 8)
    await there.pay(here, 9)
    await world.at_rest()
    # each paid 8 and 9 twice: east's payer 16 less and payee 18 more, and the mirror moved by 16 - 18
    east = east[0] - 16, east[1] + 18, east[2] - 2
    west = west[0] - 18, west[1] + 16, west[2] + 2
    assert await world.balances() == {"east": east, "west": west}
    await world.agree()
    assert (await peer_of(there)).former_until is not None  # it has seen the new one in use


@pytest.mark.parametrize(("lost", "payer"), [("request", "east"), ("answer", "west")])
async def test_a_pending_key_is_given_up_unless_the_partner_has_it(world: World, lost: Lost, payer: str) -> None:
    here, there = world.pair(payer)
    old, address = (await peer_of(here)).own_public_key, f"/v1/links/{here.link_id}/give-up-key"
    world.line.cut_at("key", lost)
    made = await here.post(f"/v1/links/{here.link_id}/rotate", here.operator)
    await caught(world.line)
    pending = {"public_key": made["next_public_key"]}

    async def give_up() -> tuple[int, str | None]:
        answer = await here.http.post(address, json=pending, headers=here.headers(here.operator))
        return answer.status_code, answer.json().get("code")

    assert await give_up() == (409, "partner_silent")
    world.line.heal()
    ended = await give_up()
    ours, theirs = await peer_of(here), await peer_of(there)
    new = read_key(made["next_public_key"])
    if lost == "request":
        assert ended == (200, None)
        assert (ours.own_public_key, theirs.public_key) == (old, old)
        for side, whose in ((here, "ours"), (there, "theirs")):
            shown = await side.http.get(f"/v1/links/{side.link_id}", headers=side.headers(side.operator))
            kept = {(one["whose"], one["public_key"]) for one in shown.json()["given_up_keys"]}
            assert (whose, made["next_public_key"]) in kept
    else:  # only the partner knew: we go over to it after all
        assert ended == (409, "link_key_taken")
        assert (ours.own_public_key, theirs.public_key) == (new, new)
    assert ours.next_public_key is None
    await here.pay(there, 3)
    await world.at_rest()
    again = read_key((await here.post(f"/v1/links/{here.link_id}/rotate", here.operator))["next_public_key"])

    async def is_used() -> bool:
        return (await peer_of(here)).own_public_key == again

    await until(is_used)
    await world.agree()
