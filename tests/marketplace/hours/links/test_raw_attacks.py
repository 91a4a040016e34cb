"""What a partner, or somebody who sounds like one, may send over raw HTTP, and what it does not achieve."""

import hashlib
import json
from datetime import timedelta
from uuid import uuid4

import pytest

from marketplace.base.clock import wall_now
from marketplace.base.database import transaction
from marketplace.hours.audit import prove
from marketplace.hours.links.signing import Asked, sign
from tests.marketplace.hours.links.partners import Scene, committing, untouched
from timebank import links

NO_BODY = hashlib.sha256(b"").hexdigest()


async def test_a_partner_pays_a_member_in_two_phases(scene: Scene) -> None:
    relay = uuid4()
    prepared = await scene.partner.send("PUT", f"/relays/{relay}", scene.message())
    assert (prepared.status_code, prepared.json()["state"]) == (200, "prepared")
    assert (await scene.link()).arriving == 60
    done = await scene.partner.send("POST", f"/relays/{relay}/commit", await committing(scene, relay))
    assert (done.status_code, done.json()["state"], done.json()["seq"]) == (200, "committed", 1)
    assert await scene.balance(scene.payee) == (60, 0)
    assert (await scene.link()).balance == -60
    head = (await scene.partner.send("GET", "/head?received=0")).json()
    assert (head["balance_minutes"], head["limit_minutes"], head["received_height"], head["in_flight"]) == (
        -60,
        600,
        1,
        [],
    )
    async with transaction(scene.platform.db) as tx:
        assert await prove(tx) == []


async def test_replayed_requests_find_nothing_to_do(scene: Scene) -> None:
    relay = uuid4()
    message = scene.message()
    for _ in range(3):
        assert (await scene.partner.send("PUT", f"/relays/{relay}", message)).json()["state"] == "prepared"
    assert (await scene.link()).arriving == 60
    commit = await committing(scene, relay)
    for _ in range(3):
        assert (await scene.partner.send("POST", f"/relays/{relay}/commit", commit)).json()["state"] == "committed"
    assert (await scene.partner.send("PUT", f"/relays/{relay}", message)).json()["state"] == "committed"
    assert await scene.balance(scene.payee) == (60, 0)
    assert (await scene.link()).balance == -60


async def test_a_recorded_request_sent_again_to_the_byte_is_answered_and_does_nothing(scene: Scene) -> None:
    relay, link = uuid4(), str(scene.link_id)
    body = json.dumps(scene.message()).encode()
    path = f"/v1/links/{link}/relays/{relay}"
    headers = sign(Asked("PUT", path, "", body), scene.partner.key, link=link, nonce=uuid4().hex, at=wall_now())
    for _ in range(2):
        answer = await scene.partner.http.put(
            path, content=body, headers={**headers, "Content-Type": "application/json"}
        )
        assert answer.json()["state"] == "prepared"
    await scene.partner.send("POST", f"/relays/{relay}/abort", {"reason": "changed my mind"})
    again = await scene.partner.http.put(path, content=body, headers={**headers, "Content-Type": "application/json"})
    assert again.json()["state"] == "aborted"
    await untouched(scene)


@pytest.mark.parametrize(
    "changed", [{"minutes": 61}, {"payer": "another"}, {"expires_at": "2026-03-02T09:14:00+08:00"}]
)
async def test_a_second_prepare_with_other_contents_is_a_conflict(scene: Scene, changed: dict[str, object]) -> None:
    relay = uuid4()
    await scene.partner.send("PUT", f"/relays/{relay}", scene.message())
    if "payer" in changed:
        changed = {"payer": f"{scene.partner.name}/wang"}
    answer = await scene.partner.send("PUT", f"/relays/{relay}", scene.message() | changed)
    assert (answer.status_code, answer.json()["code"]) == (409, "relay_conflict")
    assert "signature" in answer.headers  # a refusal is the bank's word too
    assert (await scene.link()).arriving == 60


async def test_a_commit_that_was_never_prepared_pays_nobody(scene: Scene) -> None:
    document = {"contents": NO_BODY, "seq": 1, "decided_at": scene.platform.now().isoformat(), "head": NO_BODY}
    answer = await scene.partner.send("POST", f"/relays/{uuid4()}/commit", document)
    assert (answer.status_code, answer.json()["code"]) == (404, "relay_unknown")
    aborted = await scene.partner.send("POST", f"/relays/{uuid4()}/abort", {"reason": "never sent"})
    assert aborted.json()["state"] == "unknown"
    assert (await scene.partner.send("GET", f"/relays/{uuid4()}")).json()["state"] == "unknown"
    await untouched(scene)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"contents": NO_BODY}, "relay_conflict"),
        ({"head": NO_BODY}, "chain_diverged"),
        ({"seq": 2}, "relay_out_of_order"),
    ],
)
async def test_a_commit_that_does_not_fit_pays_nobody(scene: Scene, changed: dict[str, object], code: str) -> None:
    relay = uuid4()
    await scene.partner.send("PUT", f"/relays/{relay}", scene.message())
    answer = await scene.partner.send("POST", f"/relays/{relay}/commit", await committing(scene, relay, **changed))
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert await scene.balance(scene.payee) == (0, 0)
    assert (await scene.link()).state == ("suspended" if code == "chain_diverged" else "open")


async def test_a_commit_after_an_abort_is_refused(scene: Scene) -> None:
    relay = uuid4()
    await scene.partner.send("PUT", f"/relays/{relay}", scene.message())
    commit = await committing(scene, relay)
    await scene.partner.send("POST", f"/relays/{relay}/abort", {"reason": "changed my mind"})
    answer = await scene.partner.send("POST", f"/relays/{relay}/commit", commit)
    assert (answer.status_code, answer.json()["code"]) == (409, "relay_ended")
    await untouched(scene)


async def test_a_partner_cannot_commit_or_end_a_relay_of_ours(scene: Scene) -> None:
    relay = uuid4()
    async with transaction(scene.platform.db) as tx:
        now = scene.platform.now()
        await links.prepare_out(
            tx,
            scene.link_id,
            relay,
            account=scene.payer.account,
            amount=50,
            payer="taiyuan/payer",
            payee=f"{scene.partner.name}/li",
            expires_at=now + timedelta(minutes=15),
            now=now,
        )
    document = {"contents": NO_BODY, "seq": 1, "decided_at": scene.platform.now().isoformat(), "head": NO_BODY}
    commit = await scene.partner.send("POST", f"/relays/{relay}/commit", document)
    assert commit.json()["code"] == "relay_unknown"
    await scene.partner.send("POST", f"/relays/{relay}/abort", {"reason": "not yours"})
    found = await scene.relay(relay)
    assert found is not None
    assert found.state == "prepared"
    conflict = await scene.partner.send("PUT", f"/relays/{relay}", scene.message(50))
    assert conflict.json()["code"] == "relay_conflict"


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"minutes": 601}, 409, "link_limit_reached"),
        ({"unit": "fen"}, 409, "link_unit_mismatch"),
        ({"payee": "taiyuan/00000000-0000-7000-8000-000000000000"}, 404, "payee_unknown"),
        ({"payee": "taiyuan/somebody"}, 404, "payee_unknown"),
        ({"payee": "nowhere/somebody"}, 404, "payee_unknown"),
        ({"expires_at": "2026-03-02T08:59:00+08:00"}, 409, "relay_expired"),
        ({"payer": "north/li"}, 409, "ledger_invalid_command"),
    ],
)
async def test_a_prepare_is_refused_by_name_and_signed(
    scene: Scene, changed: dict[str, object], status: int, code: str
) -> None:
    answer = await scene.partner.send("PUT", f"/relays/{uuid4()}", scene.message() | changed)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "signature" in answer.headers
    await untouched(scene)


@pytest.mark.parametrize("state", ["suspended", "left"])
async def test_a_payee_who_may_not_be_paid_is_answered_like_one_who_does_not_exist(scene: Scene, state: str) -> None:
    async with transaction(scene.platform.db) as tx:
        (await tx.merge(scene.payee.member)).state = state
    nobody = scene.message(payee=f"taiyuan/{uuid4()}")
    for path, method in ((f"/relays/{uuid4()}", "PUT"), ("/quotes", "POST")):
        bodies = []
        for message in (scene.message(), nobody):
            document = message if method == "PUT" else {k: message[k] for k in ("unit", "minutes", "payee")}
            answer = await scene.partner.send(method, path, document)
            bodies.append((answer.status_code, answer.json()))
        assert bodies[0] == bodies[1]
        assert bodies[0][1]["code"] == "payee_unknown"
    async with transaction(scene.platform.db) as tx:  # the scene is shared
        (await tx.merge(scene.payee.member)).state = "active"


async def test_a_suspended_link_refuses_a_partner_by_name(scene: Scene) -> None:
    async with transaction(scene.platform.db) as tx:
        await links.suspend_link(tx, scene.link_id, reason="a doubt", now=scene.platform.now())
    for answer in (
        await scene.partner.send("PUT", f"/relays/{uuid4()}", scene.message()),
        await scene.partner.send("POST", "/quotes", {"unit": "minute", "minutes": 1, "payee": "taiyuan/x"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "link_suspended")


async def test_a_quote_tells_the_room_and_holds_nothing(scene: Scene) -> None:
    message = scene.message()
    document = {name: message[name] for name in ("unit", "minutes", "payee")}
    answer = await scene.partner.send("POST", "/quotes", document)
    assert answer.json() == {"room_minutes": 600}
    refused = await scene.partner.send("POST", "/quotes", document | {"minutes": 601})
    assert (refused.json()["code"], refused.json()["whose"], refused.json()["room"]) == (
        "link_limit_reached",
        "ours",
        600,
    )
    await untouched(scene)
