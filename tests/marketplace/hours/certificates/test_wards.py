"""A minor's guardian is told of what is done with the minor's certificates: one text an act, none of her own."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.models import Member
from marketplace.people.models import Account
from tests.marketplace.hours.builders import a_person
from tests.marketplace.hours.calling import Caller, Headers
from tests.marketplace.hours.certificates.builders import PERIOD, a_campus
from tests.marketplace.hours.giving.scene import Told

Deliver = Callable[[Platform], Awaitable[int]]
WHY = {"reason": "学号有误"}


async def test_a_guardian_is_told_once_of_each_act_by_whomever_and_of_none_of_hers(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, deliver_all: Deliver
) -> None:
    campus = await a_campus(platform, 47, 60, 30)
    caller, told = Caller(client, as_), Told()
    async with transaction(platform.db) as tx:
        guardian = await a_person(platform, tx, campus.bank)
        ward = await tx.get_one(Member, campus.student.member.id)
        ward.guardian_id = guardian.member.id
        numbers = {}
        for who, person in (("guardian", guardian), ("ward", campus.student)):
            account = await tx.get_one(Account, person.actor.account_id)
            numbers[await platform.vault.open(tx, account.id, "phone", account.phone_sealed)] = who
    listening = replace(platform, channel=told)
    await deliver_all(listening)

    async def texts() -> list[tuple[str, str]]:
        told.texts.clear()
        await deliver_all(listening)
        return [(numbers[phone], text.removeprefix("【六助】")) for phone, text in told.texts]

    body: dict[str, Any] = {**PERIOD, "up_to_minutes": 47}
    key = {"Idempotency-Key": "hers"} | as_(campus.student.actor)
    for _ in range(2):  # a repeated request is the same act
        assert (await client.post(campus.path, json=body, headers=key)).status_code == 201
    assert await texts() == [("guardian", "已为您监护的会员开具服务时间证书。由其本人办理。")]
    made = await caller.post(campus.path, guardian.actor, body)
    assert await texts() == [("ward", "已为您开具服务时间证书。由您的监护人代您办理。")]
    new = await caller.post(f"/v1/certificates/{made['id']}/reissue", campus.officer, WHY)
    of_officer = "由工作人员代您办理，如有疑问请联系社区。", "由工作人员办理，如有疑问请联系社区。"
    assert await texts() == [
        ("ward", f"您的一份服务时间证书已撤销，并重新开具。{of_officer[0]}"),
        ("guardian", f"您监护的会员有一份服务时间证书已撤销，并重新开具。{of_officer[1]}"),
    ]
    await caller.post(f"/v1/certificates/{new['id']}/revoke", campus.officer, WHY)
    assert await texts() == [
        ("ward", f"您的一份服务时间证书已被撤销。{of_officer[0]}"),
        ("guardian", f"您监护的会员有一份服务时间证书已被撤销。{of_officer[1]}"),
    ]
    async with transaction(platform.db) as tx:  # of age: she answers for herself
        (await tx.get_one(Member, campus.student.member.id)).guardian_id = None
    await caller.post(campus.path, campus.officer, body)
    assert [who for who, _ in await texts()] == ["ward"]
