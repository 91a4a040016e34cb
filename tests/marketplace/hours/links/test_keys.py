"""A partner's new key: who may announce one, which keys count, and for how long."""

import base64
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.hours.links import given_up as kept
from marketplace.hours.links.keys import written
from marketplace.hours.links.models import LinkPeer
from marketplace.hours.links.opening import accept
from marketplace.hours.links.rotating import OVERLAP, Announcement
from tests.conftest import MovableClock
from tests.marketplace.hours.links.partners import NOBODY, OPERATOR, Scene
from tests.marketplace.hours.links.test_paying import headers


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def announcement(
    scene: Scene, new: Ed25519PrivateKey, *, old: Ed25519PrivateKey | None = None, by: Ed25519PrivateKey | None = None
) -> dict[str, str]:
    """What the partner sends; `by` signs where the old key should."""
    old = old or scene.partner.key
    said = Announcement(scene.link_id, public(old), public(new)).text
    signatures = [base64.b64encode(key.sign(said)).decode() for key in (by or old, new)]
    return {
        "public_key": written(public(new)),
        "signed_by_old": signatures[0],
        "signed_by_new": signatures[1],
    }


async def is_believed(scene: Scene, key: Ed25519PrivateKey) -> bool:
    answer = await scene.partner.send("GET", "/head", key=key)
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


async def test_a_former_key_counts_until_the_new_one_is_used_and_a_week_longer(scene: Scene) -> None:
    old, new = scene.partner.key, Ed25519PrivateKey.generate()
    clock = scene.platform.clock
    assert isinstance(clock, MovableClock)
    began = clock.now()
    taken = await scene.partner.send("POST", "/key", announcement(scene, new))
    assert (taken.status_code, taken.json()) == (200, {"public_key": written(public(new))})
    clock.set(began + timedelta(days=30))
    assert await is_believed(scene, old)  # the partner has not used the new one: it may not know that it is taken
    assert await is_believed(scene, new)
    clock.set(began + timedelta(days=30) + OVERLAP - timedelta(seconds=1))
    assert await is_believed(scene, old)
    clock.set(began + timedelta(days=30) + OVERLAP)
    assert not await is_believed(scene, old)
    assert await is_believed(scene, new)
    clock.set(began)


async def test_an_announcement_given_again_under_either_key_does_nothing_more(scene: Scene) -> None:
    old, new = scene.partner.key, Ed25519PrivateKey.generate()
    for key in (old, old, new):
        answer = await scene.partner.send("POST", "/key", announcement(scene, new), key=key)
        assert answer.status_code == 200
    async with transaction(scene.platform.db) as tx:
        peer = await tx.get_one(LinkPeer, scene.link_id)
    assert (peer.public_key, peer.former_public_key) == (public(new), public(old))


async def test_only_the_key_in_force_announces_another(scene: Scene) -> None:
    old, new, third = scene.partner.key, Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    first = announcement(scene, new)
    assert (await scene.partner.send("POST", "/key", first)).status_code == 200
    swapped = announcement(scene, third, old=new) | {"signed_by_new": first["signed_by_new"]}
    for wrong in (
        announcement(scene, third, old=old),  # by the former key, in its own name
        announcement(scene, third, old=new, by=old),  # by the former key, in the name of the one in force
        swapped,  # of a key that the sender may not have
        first | {"public_key": written(public(third))},
        announcement(scene, third, old=new) | {"signed_by_old": "not base64"},
    ):
        answer = await scene.partner.send("POST", "/key", wrong, key=old)
        assert (answer.status_code, answer.json()["code"]) == (409, "link_key_not_announced")
    assert not await is_believed(scene, third)
    assert await is_believed(scene, new)


async def test_an_announcement_recorded_before_the_next_change_does_not_bring_the_key_back(scene: Scene) -> None:
    second, third = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    first = announcement(scene, second)
    await scene.partner.send("POST", "/key", first)
    await scene.partner.send("POST", "/key", announcement(scene, third, old=second), key=second)
    assert not await is_believed(scene, scene.partner.key)  # two changes back
    answer = await scene.partner.send("POST", "/key", first, key=second)
    assert answer.json()["code"] == "link_key_not_announced"


async def test_a_key_that_an_operator_accepts_ends_the_one_before_at_once(scene: Scene) -> None:
    old, new = scene.partner.key, Ed25519PrivateKey.generate()
    await scene.partner.send("POST", "/key", announcement(scene, new))
    third = Ed25519PrivateKey.generate()
    async with transaction(scene.platform.db) as tx:
        key = written(public(third))
        now = scene.platform.now()
        await accept(tx, scene.platform, scene.link_id, address=NOBODY, public_key=key, actor=OPERATOR, now=now)
    assert [await is_believed(scene, one) for one in (old, new, third)] == [False, False, True]


async def test_a_key_that_the_partner_gives_up_is_never_taken_and_the_next_one_is(scene: Scene) -> None:
    new, third = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    given_up = {"public_key": written(public(new))}
    stranger = await scene.partner.send("POST", "/key/withdraw", given_up, key=new)
    assert (stranger.status_code, stranger.json()["code"]) == (401, "link_signature_refused")
    for _ in range(2):
        answer = await scene.partner.send("POST", "/key/withdraw", given_up)
        assert (answer.status_code, answer.json()) == (200, {"public_key": written(public(scene.partner.key))})
    late = await scene.partner.send("POST", "/key", announcement(scene, new))  # was on its way
    assert (late.status_code, late.json()["code"]) == (409, "link_key_withdrawn")
    assert (await scene.partner.send("POST", "/key", announcement(scene, third))).status_code == 200
    assert await is_believed(scene, third)
    taken = await scene.partner.send("POST", "/key/withdraw", {"public_key": written(public(third))}, key=third)
    assert (taken.status_code, taken.json()["code"]) == (409, "link_key_taken")
    wrong = await scene.partner.send("POST", "/key/withdraw", {"public_key": "none"}, key=third)
    assert wrong.json()["code"] == "link_key_unreadable"


async def test_every_key_that_was_given_up_is_remembered_and_shown(scene: Scene) -> None:
    first, second, third = (Ed25519PrivateKey.generate() for _ in range(3))
    for one in (first, second, first):
        answer = await scene.partner.send("POST", "/key/withdraw", {"public_key": written(public(one))})
        assert answer.status_code == 200
    for late in (first, second):  # the first is refused as well, though another was given up after it
        answer = await scene.partner.send("POST", "/key", announcement(scene, late))
        assert (answer.status_code, answer.json()["code"]) == (409, "link_key_withdrawn")
    operator = headers(Actor(UUID(int=7), frozenset({Role.OPERATOR})))
    shown = (await scene.partner.http.get(f"/v1/links/{scene.link_id}", headers=operator)).json()["given_up_keys"]
    assert {(one["whose"], one["public_key"]) for one in shown} == {
        ("theirs", written(public(first))),
        ("theirs", written(public(second))),
    }
    # an operator's word counts more: the one that he accepts is not given up any more
    async with transaction(scene.platform.db) as tx:
        given = {"address": NOBODY, "public_key": written(public(first))}
        await accept(tx, scene.platform, scene.link_id, **given, actor=OPERATOR, now=scene.platform.now())
    assert await is_believed(scene, first)
    answer = await scene.partner.send("POST", "/key", announcement(scene, third, old=first), key=first)
    assert answer.status_code == 200
    answer = await scene.partner.send("POST", "/key", announcement(scene, second, old=third), key=third)
    assert answer.json()["code"] == "link_key_withdrawn"


async def test_our_pending_key_is_given_up_by_name_and_only_on_purpose_while_the_partner_is_silent(
    scene: Scene,
) -> None:
    path = f"/v1/links/{scene.link_id}"

    async def post(what: str, body: object = None, role: Role = Role.OPERATOR) -> httpx.Response:
        said = headers(Actor(UUID(int=7), frozenset({role})))
        return await scene.partner.http.post(f"{path}/{what}", json=body, headers=said)

    before = (await post("rotate")).json()
    pending = {"public_key": before["next_public_key"]}
    assert (await post("give-up-key", pending, Role.OFFICER)).status_code == 403
    silent = await post("give-up-key", pending)
    assert (silent.status_code, silent.json()["code"]) == (409, "partner_silent")  # nobody listens at its address
    other = {"public_key": written(public(Ed25519PrivateKey.generate())), "unanswered": True}
    assert (await post("give-up-key", other)).json()["code"] == "link_key_not_pending"
    for _ in range(2):  # asked again it changes nothing
        done = await post("give-up-key", {**pending, "unanswered": True})
        assert (done.status_code, done.json()["next_public_key"]) == (200, None)
        assert done.json()["own_public_key"] == before["own_public_key"]
    again = {"public_key": (await post("rotate")).json()["next_public_key"], "unanswered": True}
    ended = (await post("give-up-key", again)).json()["given_up_keys"]
    assert {one["whose"] for one in ended} == {"ours"}
    assert {one["public_key"] for one in ended} == {pending["public_key"], again["public_key"]}
    in_use = {"public_key": before["own_public_key"], "unanswered": True}
    assert (await post("give-up-key", in_use)).json()["code"] == "link_key_taken"


@pytest.mark.parametrize("key", ["", "ed25519:", "ed25519:AAAA", "rsa:" + "A" * 43 + "="])
async def test_a_key_that_is_none_is_refused_by_name(scene: Scene, key: str) -> None:
    wrong = announcement(scene, Ed25519PrivateKey.generate()) | {"public_key": key}
    answer = await scene.partner.send("POST", "/key", wrong)
    assert answer.json()["code"] == "link_key_unreadable"


async def test_no_key_is_forgotten_for_another_and_beyond_the_most_none_is_given_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST", 3)
    keys = [Ed25519PrivateKey.generate() for _ in range(5)]

    async def gives_up(key: Ed25519PrivateKey) -> tuple[int, str | None]:
        answer = await scene.partner.send("POST", "/key/withdraw", {"public_key": written(public(key))})
        return answer.status_code, answer.json().get("code")

    full = (409, "link_keys_full")
    assert [await gives_up(key) for key in keys] == [*[(200, None)] * 3, full, full]
    assert await gives_up(keys[0]) == (200, None)  # said again it is no other key
    first = await scene.partner.send("POST", "/key", announcement(scene, keys[0]))
    assert (first.status_code, first.json()["code"]) == (409, "link_key_withdrawn")
    taken = await scene.partner.send("POST", "/key", announcement(scene, keys[3]))  # which was refused, and is used
    assert taken.status_code == 200
