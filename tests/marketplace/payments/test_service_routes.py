"""A booking's payment over HTTP: for its payer, its booker and operators, and for nobody else."""

from collections.abc import Callable

import httpx

from marketplace.base.actor import Actor, Role
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from marketplace.payments.collecting.beats import advance
from marketplace.payments.simulator.process import SimulatorProcess
from tests.marketplace.payments.builders import ask, keep, read

As = Callable[[Actor], dict[str, str]]


def somebody(*roles: Role) -> Actor:
    return Actor(account_id=new_id(), roles=frozenset(roles))


async def test_the_payer_sees_what_was_taken_and_given_back(
    paying: Platform, client: httpx.AsyncClient, as_: As
) -> None:
    payer = somebody(Role.FAMILY)
    payment = await ask(paying, 5_000, actor=payer)
    await advance(paying, payment.id)
    await keep(paying, payment, 5_000)
    await keep(paying, payment, 4_000)
    answer = await client.get(f"/v1/bookings/{payment.booking_id}/payment", headers=as_(payer))
    assert answer.status_code == 200
    assert answer.json() == {
        "id": str(payment.id),
        "booking_id": str(payment.booking_id),
        "state": "captured",
        "amount_fen": 5_000,
        "captured_fen": 5_000,
        "refunded_fen": 1_000,
        "refund_failed_fen": 0,
        "owed_fen": 0,
        "retry_at": None,
        "currency": "CNY",
        "decline_code": None,
        "action_url": None,
    }


async def test_only_payer_and_operator_learn_that_a_payment_exists(
    paying: Platform, client: httpx.AsyncClient, as_: As
) -> None:
    payer = somebody(Role.FAMILY)
    payment = await ask(paying, actor=payer)
    address = f"/v1/bookings/{payment.booking_id}/payment"
    asking = [payer, somebody(Role.OPERATOR), somebody(Role.FAMILY), somebody(Role.PROVIDER), somebody(Role.REGULATOR)]
    statuses = [(await client.get(address, headers=as_(who))).status_code for who in asking]
    assert statuses == [200, 200, 404, 404, 404]
    assert (await client.get(address)).status_code == 401


async def test_a_booking_that_is_none_is_404(client: httpx.AsyncClient, as_: As) -> None:
    for booking in ("nonsense", "00000000-0000-0000-0000-000000000000", "%00", "1 OR 1=1"):
        answer = await client.get(f"/v1/bookings/{booking}/payment", headers=as_(somebody(Role.OPERATOR)))
        assert answer.status_code == 404, booking
        assert answer.headers["content-type"] == "application/problem+json"


async def test_the_payer_is_told_where_to_confirm_until_it_is_done(
    paying: Platform, simulator: SimulatorProcess, client: httpx.AsyncClient, as_: As
) -> None:
    payer = somebody(Role.ELDER)
    payment = await ask(paying, method="pm_card_authenticationRequired", actor=payer)
    await advance(paying, payment.id)
    address = f"/v1/bookings/{payment.booking_id}/payment"
    shown = (await client.get(address, headers=as_(payer))).json()
    assert shown["state"] == "action_required"
    assert shown["action_url"].startswith(simulator.url)
    # the address opens the payer's confirmation, so the database holds it sealed alone
    sealed = (await read(paying, payment.id)).action_url_sealed
    assert sealed is not None
    assert shown["action_url"].encode() not in sealed
    await keep(paying, payment, 0)
    assert (await client.get(address, headers=as_(payer))).json()["action_url"] is None
