"""Who hears what became of a payment through another bank, and of two banks that do not agree."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from marketplace.base import outbox
from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.links.jobs import link_diverged
from marketplace.hours.links.messages import ENDED
from marketplace.hours.links.paying import LIFETIME
from tests.builders import an_actor
from tests.conftest import MONDAY_NINE
from tests.marketplace.hours.giving.scene import Told
from tests.marketplace.hours.links.partners import OPERATOR, Scene, committing
from tests.marketplace.hours.links.test_paying import decided, headers, payment, send
from timebank import CloseAccount, apply, links

Deliver = Callable[[Platform], Awaitable[int]]


@pytest.fixture
def told(scene: Scene, program: Any) -> Told:
    """What is sent to people of the scene."""
    found = Told()
    scene.platform = program.state.platform = replace(scene.platform, channel=found)
    scene.platform.clock.set(MONDAY_NINE)  # type: ignore[attr-defined]
    return found


async def texts_for(scene: Scene, told: Told, deliver_all: Deliver) -> list[str]:
    """What people of this scene were told about its link; others' messages of the shared bank are left out."""
    await deliver_all(scene.platform)
    return [said for _, said in told.texts if scene.partner.name in said]


async def test_a_payer_hears_that_a_payment_ran_out(scene: Scene, told: Told, deliver_all: Deliver) -> None:
    await send(scene, "/relays", payment(scene, 60))
    assert await texts_for(scene, told, deliver_all) == []  # on its way: nothing to tell
    scene.platform.clock.set(MONDAY_NINE + LIFETIME)  # type: ignore[attr-defined]
    said = await texts_for(scene, told, deliver_all)
    assert said == [f"【六助】您向{scene.partner.name}会员支付的 60 分钟未能完成，已退回。"]


async def test_a_payer_hears_it_too_when_the_partner_asks_first(scene: Scene, told: Told, deliver_all: Deliver) -> None:
    relay = (await send(scene, "/relays", payment(scene, 61))).json()["id"]
    scene.platform.clock.set(MONDAY_NINE + LIFETIME)  # type: ignore[attr-defined]
    assert (await scene.partner.send("GET", f"/relays/{relay}")).json()["state"] == "expired"
    said = await texts_for(scene, told, deliver_all)
    assert said == [f"【六助】您向{scene.partner.name}会员支付的 61 分钟未能完成，已退回。"]


async def test_what_a_payer_called_off_she_is_not_told(scene: Scene, told: Told, deliver_all: Deliver) -> None:
    relay = (await send(scene, "/relays", payment(scene, 62))).json()["id"]
    await send(scene, f"/relays/{relay}/cancel")
    assert await texts_for(scene, told, deliver_all) == []


async def test_a_payee_hears_what_reached_her(scene: Scene, told: Told, deliver_all: Deliver) -> None:
    relay = uuid4()
    await scene.partner.send("PUT", f"/relays/{relay}", scene.message(60))
    for _ in range(2):  # a commit that is repeated is told once
        await scene.partner.send("POST", f"/relays/{relay}/commit", await committing(scene, relay))
    said = await texts_for(scene, told, deliver_all)
    assert said == [f"【六助】您收到{scene.partner.name}会员支付的 60 分钟。"]


async def test_a_payee_hears_what_her_cap_left_for_the_pool(scene: Scene, told: Told, deliver_all: Deliver) -> None:
    async with transaction(scene.platform.db) as tx:
        await tx.execute(text("UPDATE ledger_account SET cap = 45 WHERE id = :id"), {"id": scene.payee.account})
    relay = uuid4()
    await scene.partner.send("PUT", f"/relays/{relay}", scene.message(60))
    await scene.partner.send("POST", f"/relays/{relay}/commit", await committing(scene, relay))
    said = await texts_for(scene, told, deliver_all)
    assert said == [f"【六助】您收到{scene.partner.name}会员支付的 45 分钟；超出上限的 15 分钟已转入资源池。"]


async def test_a_payee_whose_cap_is_reached_hears_that_all_of_it_went_to_the_pool(
    scene: Scene, told: Told, deliver_all: Deliver
) -> None:
    async with transaction(scene.platform.db) as tx:
        await tx.execute(text("UPDATE ledger_account SET cap = 0 WHERE id = :id"), {"id": scene.payee.account})
    relay = uuid4()
    await scene.partner.send("PUT", f"/relays/{relay}", scene.message(63))
    await scene.partner.send("POST", f"/relays/{relay}/commit", await committing(scene, relay))
    assert await scene.balance(scene.payee) == (0, 0)
    said = await texts_for(scene, told, deliver_all)
    assert said == [f"【六助】{scene.partner.name}会员向您支付 63 分钟；您的余额已达上限，已全部转入资源池。"]


@pytest.mark.parametrize("moved_on", [False, True])
async def test_a_payee_whose_account_was_closed_hears_that_it_is_kept_for_her(
    scene: Scene, told: Told, deliver_all: Deliver, *, moved_on: bool
) -> None:
    relay, account = uuid4(), scene.payee.account
    await scene.partner.send("PUT", f"/relays/{relay}", scene.message(64))
    async with transaction(scene.platform.db) as tx:
        await apply(tx, [CloseAccount(f"closed:{relay}", account)], now=scene.platform.now())
        if moved_on:  # as after a change of her home branch
            statement = "UPDATE member SET ledger_account = gen_random_uuid() WHERE ledger_account = :id"
            await tx.execute(text(statement), {"id": account})
    await scene.partner.send("POST", f"/relays/{relay}/commit", await committing(scene, relay))
    said = await texts_for(scene, told, deliver_all)
    kept = "但无法记入您的账户；这些时间暂由时间银行保管，请联系社区工作人员。"
    assert said == [f"【六助】{scene.partner.name}会员向您支付 64 分钟，{kept}"]


async def test_a_payer_hears_that_a_payment_has_moved(scene: Scene, told: Told, deliver_all: Deliver) -> None:
    relay_id = await decided(scene)
    relay = await scene.relay(relay_id)
    assert relay is not None
    async with transaction(scene.platform.db) as tx:  # as the carrier does after the partner's answer
        await outbox.send(tx, ENDED, link_id=scene.link_id, relay_id=relay_id)
    said = await texts_for(scene, told, deliver_all)
    assert said == [f"【六助】您向{scene.partner.name}会员支付的 60 分钟已转出。"]


async def alerts(scene: Scene, state: str = "open") -> list[dict[str, Any]]:
    answer = await scene.partner.http.get(f"/v1/ledger/alerts?state={state}", headers=headers(OPERATOR))
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["items"] if one["subject"] == str(scene.link_id)]


async def test_banks_that_do_not_agree_are_an_alert_until_an_operator_says_what_was_done(
    scene: Scene, told: Told, deliver_all: Deliver
) -> None:
    assert told.texts == []
    relay = uuid4()
    await scene.partner.send("PUT", f"/relays/{relay}", scene.message(60))
    wrong = await committing(scene, relay, head="00" * 32)
    assert (await scene.partner.send("POST", f"/relays/{relay}/commit", wrong)).json()["code"] == "chain_diverged"
    await deliver_all(scene.platform)
    (alert,) = await alerts(scene)
    assert (alert["kind"], alert["times"]) == ("link_diverged", 1)
    assert alert["figures"] == {"partner": scene.partner.name, "reason": f"chain_diverged, relay {relay}"}
    scene.platform.clock.set(MONDAY_NINE + timedelta(days=1))  # type: ignore[attr-defined]
    await diverged(scene, "sent_chain_differs")  # found again in the night: still one
    (renewed,) = await alerts(scene)
    assert (renewed["id"], renewed["times"]) == (alert["id"], 2)
    assert renewed["figures"]["reason"] == "sent_chain_differs"
    assert renewed["last_on"] > alert["last_on"] == alert["since"]

    async with transaction(scene.platform.db) as tx:
        operator = await an_actor(scene.platform, tx, Role.OPERATOR)
        officer = await an_actor(scene.platform, tx, Role.OFFICER, region=scene.bank.town.districts[0])
    path, note = f"/v1/ledger/alerts/{alert['id']}/close", {"note": "对方数据库已恢复，双方已核对"}
    assert (await close(scene, path, note, officer)).status_code == 404  # she does not see it
    done = await close(scene, path, note, operator)
    assert (done.status_code, done.json()["state"], done.json()["note"]) == (200, "closed", note["note"])
    assert (await close(scene, path, note, operator)).json()["code"] == "illegal_transition"
    assert await alerts(scene) == []
    assert [one["id"] for one in await alerts(scene, "closed")] == [alert["id"]]
    assert (await close(scene, f"/v1/ledger/alerts/{UUID(int=1)}/close", note, operator)).status_code == 404


async def test_a_message_that_comes_late_alerts_of_no_link_that_goes_on(scene: Scene, told: Told) -> None:
    async with transaction(scene.platform.db) as tx:
        await links.resume_link(tx, scene.link_id, now=MONDAY_NINE)
    await diverged(scene, "mirror_differs")
    assert (await alerts(scene), told.texts) == ([], [])


async def diverged(scene: Scene, reason: str) -> None:
    ids = {"link_id": str(scene.link_id), "reason": reason}
    await link_diverged(scene.platform, Message(name="link.diverged", ids=ids))


async def close(scene: Scene, path: str, note: dict[str, str], actor: Actor) -> Any:
    return await scene.partner.http.post(path, json=note, headers=headers(actor))
