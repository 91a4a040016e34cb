"""Certificates of students who changed their branch or left: still revoked, still reissued, and their owners told."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.books import member_account, pool_account
from tests.marketplace.hours.builders import balances
from tests.marketplace.hours.calling import Caller, Headers
from tests.marketplace.hours.certificates.builders import PERIOD, Campus, a_campus, issued, reverse_task
from tests.marketplace.hours.giving.scene import Told
from timebank.proof import prove as prove_ledger

Deliver = Callable[[Platform], Awaitable[int]]
WHY = {"reason": "学号有误"}
LEAVES = {"reason": "毕业离校", "balance_to": "pool"}


async def moves(caller: Caller, campus: Campus, district: int) -> UUID:
    """She is at home there from now on; her account in that branch's book."""
    there = campus.bank.town.districts[district].id
    await caller.post("/v1/me/branch", campus.student.actor, {"district_id": str(there)})
    return member_account(there, f"account:{campus.student.actor.account_id}")


async def leaves(caller: Caller, campus: Campus) -> None:
    await caller.post(f"/v1/members/{campus.student.member.id}/leave", campus.student.actor, LEAVES)


async def troubles(platform: Platform) -> list[Any]:
    async with transaction(platform.db) as tx:
        return [*await prove(tx), *await prove_ledger(tx)]


async def test_the_minutes_of_who_moved_follow_her_and_go_to_the_pool_of_her_last_branch_when_she_left(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, caller: Caller
) -> None:
    campus = await a_campus(platform, 47, 60)
    first, second = [(await issued(client, as_, campus, up_to_minutes=minutes)).json() for minutes in (47, 53)]
    there = await moves(caller, campus, 1)
    assert await balances(platform, campus.student.account, there) == [(0, 0), (7, 0)]
    body = {**WHY, "school": "示例大学"}
    new = await caller.post(f"/v1/certificates/{first['id']}/reissue", campus.officer, body)
    assert (new["total_minutes"], new["replaces"]) == (47, first["id"])
    assert await balances(platform, campus.student.account, there) == [(0, 0), (7, 0)]  # what came was taken again
    await caller.post(f"/v1/certificates/{second['id']}/revoke", campus.officer, WHY)
    assert await balances(platform, campus.student.account, there) == [(0, 0), (60, 0)]
    again = (await issued(client, as_, campus)).json()
    assert (again["total_minutes"], again["spent_minutes"]) == (60, 60)
    await moves(caller, campus, 0)  # and back, where her account opens again
    await leaves(caller, campus)
    pool, officer = pool_account(campus.district_id), campus.foreign  # of the branch that issued
    await caller.post(f"/v1/certificates/{again['id']}/revoke", officer, WHY)
    assert await balances(platform, campus.student.account, there, pool) == [(0, 0), (0, 0), (60, 0)]
    assert await troubles(platform) == []


async def test_the_minutes_of_a_revoked_certificate_of_who_left_go_to_the_pool_as_what_she_had(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, caller: Caller
) -> None:
    campus = await a_campus(platform, 47, 60)
    made = (await issued(client, as_, campus, up_to_minutes=100)).json()
    await leaves(caller, campus)
    pool = pool_account(campus.district_id)
    assert await balances(platform, campus.student.account, pool) == [(0, 0), (7, 0)]
    refused = await issued(client, as_, campus)
    assert (refused.status_code, refused.json()["code"]) == (409, "minutes_spent")
    assert (refused.json()["needed_minutes"], refused.json()["available_minutes"]) == (7, 0)
    gone = await caller.post(f"/v1/certificates/{made['id']}/revoke", campus.officer, WHY)
    assert gone["status"] == "revoked"
    assert await balances(platform, campus.student.account, pool) == [(0, 0), (107, 0)]
    assert await caller.refused(f"/v1/certificates/{made['id']}/revoke", campus.officer, WHY) == (
        "certificate_not_in_force"
    )
    assert await troubles(platform) == []


async def test_hours_of_who_left_that_were_taken_back_leave_the_certificate_in_one_step(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, caller: Caller
) -> None:
    campus = await a_campus(platform, 47, 60)
    made = (await issued(client, as_, campus, up_to_minutes=100)).json()
    await reverse_task(platform, campus, 1)  # 60, of which 7 are left: she owes 53
    assert await balances(platform, campus.student.account) == [(-53, 0)]
    new = await caller.post(f"/v1/certificates/{made['id']}/reissue", campus.officer, WHY)
    assert (new["total_minutes"], new["spent_minutes"]) == (47, 47)
    assert await balances(platform, campus.student.account) == [(0, 0)]
    await leaves(caller, campus)
    last = await caller.post(f"/v1/certificates/{new['id']}/reissue", campus.officer, WHY)
    assert (last["total_minutes"], last["replaces"]) == (47, new["id"])
    pool = pool_account(campus.district_id)
    assert await balances(platform, campus.student.account, pool) == [(0, 0), (0, 0)]
    async with transaction(platform.db) as tx:
        assert await prove_ledger(tx) == []


async def test_a_student_is_told_what_others_do_with_her_certificates_and_not_what_she_does(
    platform: Platform, caller: Caller, deliver_all: Deliver
) -> None:
    campus = await a_campus(platform, 47, 60)
    told = Told()
    listening = replace(platform, channel=told)
    await deliver_all(listening)

    async def texts() -> list[str]:
        told.texts.clear()
        await deliver_all(listening)
        return [text for _, text in told.texts]

    body: dict[str, Any] = {**PERIOD, "up_to_minutes": 47}
    await caller.post(campus.path, campus.student.actor, body)
    assert await texts() == []
    officers = await caller.post(campus.path, campus.officer, body)
    assert ["已为您开具服务时间证书。由工作人员代您办理" in one for one in await texts()] == [True]
    new = await caller.post(f"/v1/certificates/{officers['id']}/reissue", campus.officer, WHY)
    assert ["已撤销，并重新开具" in one for one in await texts()] == [True]
    await moves(caller, campus, 1)
    await texts()
    await caller.post(f"/v1/certificates/{new['id']}/revoke", campus.officer, WHY)  # no officer of her branch any more
    assert ["证书已被撤销。由工作人员代您办理" in one for one in await texts()] == [True]
