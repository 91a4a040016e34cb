"""Payers with a wallet confirm at their bank's page: the one step of a payment that happens outside the platform."""

import httpx

from marketplace.demo.bookings import Made
from marketplace.demo.callers.exchange import together
from marketplace.demo.day.stage import Stage

WALLETS = frozenset({"alipay", "wechat_pay"})


class NotConfirmed(Exception):
    """The payment provider's page did not take the payer's confirmation."""


async def confirm_wallets(stage: Stage, made: list[Made]) -> int:
    """Everybody who pays by wallet confirms; returns how many."""

    async def one(booking: Made) -> int:
        caller = stage.line.caller(booking.wish.phone)
        payment = await caller.get(f"/v1/bookings/{booking.booking_id}/payment")
        if payment["action_url"] is None:
            return 0
        async with httpx.AsyncClient(trust_env=False, timeout=30) as bank:
            answer = await bank.post(payment["action_url"], data={"outcome": "success"})
        if answer.is_error:
            raise NotConfirmed(f"{answer.status_code}")
        return 1

    return sum(await together(one, [one for one in made if one.booking_id and one.wish.method in WALLETS]))
