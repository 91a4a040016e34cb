"""Grants by a person's decision: an officer's from the pool, an operator's from a programme."""

from collections.abc import Callable
from typing import Any

import httpx

from marketplace.base.actor import Actor
from marketplace.base.platform import Platform
from tests.marketplace.hours.builders import balances
from tests.marketplace.hours.giving.elders import three_elders
from tests.marketplace.hours.giving.scene import a_scene, faults, under

Headers = Callable[[Actor], dict[str, str]]


async def test_an_officer_grants_from_the_pool_and_an_operator_from_a_programme(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, program: Any
) -> None:
    program.state.platform = under(platform, "nanjing")
    scene = await a_scene(program.state.platform, minutes=0)
    (_, _), (_, key), (_, other) = await three_elders(platform, scene)
    branch, programme = f"/v1/branches/{scene.districts[0]}", f"/v1/programmes/{scene.bank.programme_id}"
    to_pool = {"to": "branch", "receiver_id": str(scene.districts[0]), "minutes": 250, "reason": "the city decided"}
    answer = await client.post(f"{programme}/grants", json=to_pool, headers=as_(scene.operator))
    assert (answer.status_code, answer.json()["kind"]) == (201, "programme_grant"), answer.text
    # 250, 240 promised to two key elders: 10 for anybody else
    body = {"member_id": str(other.id), "minutes": 11, "reason": "fell ill"}
    refused = await client.post(f"{branch}/grants", json=body, headers=as_(scene.officer))
    assert (refused.status_code, refused.json()["available"]) == (409, 10)
    for member, minutes in ((other, 10), (key, 130)):
        body = {"member_id": str(member.id), "minutes": minutes, "reason": "fell ill"}
        answer = await client.post(f"{branch}/grants", json=body, headers=as_(scene.officer))
        assert answer.status_code == 201, answer.text
    assert await balances(platform, other.ledger_account, key.ledger_account) == [(10, 0), (130, 0)]
    too_much = {**to_pool, "minutes": 999_751}
    refused = await client.post(f"{programme}/grants", json=too_much, headers=as_(scene.operator))
    assert (refused.status_code, refused.json()["code"]) == (409, "not_enough_minutes")
    assert refused.json()["available"] == 999_750
    answer = await client.post(f"{branch}/issues", json={"dry_run": True}, headers=as_(scene.officer))
    assert (answer.status_code, len(answer.json()["missing"])) == (201, 2)
    assert (await client.post(f"{branch}/allocations", json={}, headers=as_(scene.officer))).status_code == 201
    (kept,) = (await client.get(f"{branch}/key-grants?month=2026-03-31", headers=as_(scene.officer))).json()
    # the key elder of group 1 has 130 of 120; the one of group 2 gets the 110 that are left
    assert (kept["group_rank"], kept["turn"], kept["minutes"]) == (2, 1, 110)
    assert kept["reason"].endswith("0 of 120 received this month, waiting since 2026-03-02; the pool had 110")
    assert (await client.get(f"{branch}/key-grants?month=2026-02-01", headers=as_(scene.officer))).json() == []
    assert (await client.get(f"{branch}/key-grants", headers=as_(scene.foreign))).status_code == 404
    (listed,) = (await client.get("/v1/programmes", headers=as_(scene.officer))).json()
    assert (listed["id"], listed["ceiling_minutes"]) == (str(scene.bank.programme_id), 1_000_000)
    assert await faults(platform) == []
