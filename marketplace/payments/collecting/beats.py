"""Three beats per step: claim │ call │ record, until nothing is left to do.

Kill the process anywhere: an unmade claim leaves nothing, a claimed step is called again with its key, and a recorded
one is not repeated, because the next step is derived from what was recorded.
"""

from uuid import UUID

from marketplace.base import outbox, states
from marketplace.base.actor import Actor
from marketplace.base.clock import wall_now
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.payments.collecting.calls import Done, Outcome, Refused, call
from marketplace.payments.collecting.claims import Claim, claim
from marketplace.payments.collecting.intents import apply_intent
from marketplace.payments.collecting.steps import STEPS
from marketplace.payments.connection import gateway_of
from marketplace.payments.models import Payment, PaymentStep

MOST_STEPS = 8  # authorise, capture, refund and a few repeats: more is a defect and goes to the retries


class StepRefused(Exception):
    """The gateway refuses a step and shows no reason in its state; the delivery is retried and finally laid aside."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def advance(platform: Platform, payment_id: UUID) -> None:
    """Take every step that the payment needs now. GatewayUnavailable and StepRefused: try again later."""
    for _ in range(MOST_STEPS):
        claimed = await claim(platform, payment_id)
        if claimed is None:
            return
        outcome = await call(gateway_of(platform), claimed, wall=wall_now())
        await record(platform, claimed, outcome)
    raise StepRefused("too_many_steps")


async def record(platform: Platform, claimed: Claim, outcome: Outcome) -> None:
    """The third beat: close the step and apply what the gateway showed. Recording twice changes nothing."""
    now = platform.now()
    async with transaction(platform.db) as tx:
        payment = await tx.get_one(Payment, claimed.payment_id, with_for_update=True)
        step = await tx.get_one(PaymentStep, claimed.step_id, with_for_update=True)
        moved = False
        if step.state == "claimed":
            _close(step, outcome)
        if outcome.intent is not None:
            moved = await apply_intent(tx, payment, outcome.intent, vault=platform.vault, now=now, wall=wall_now())
        if isinstance(outcome, Refused) and outcome.final:
            payment.decline_code = outcome.code
            if payment.state == "processing":
                # refused before an intent was made: there is nothing to apply
                await states.move(tx, payment, "failed", STEPS, actor=Actor.system(), now=now, reason=outcome.code)
                await outbox.send(tx, "payment.changed", payment_id=payment.id, booking_id=payment.booking_id)
    if isinstance(outcome, Refused) and not (outcome.final or moved or outcome.code == "no_effect"):
        raise StepRefused(outcome.code)


def _close(step: PaymentStep, outcome: Outcome) -> None:
    if isinstance(outcome, Done):
        step.state, step.gateway_id = "done", outcome.gateway_id
    else:
        step.state, step.code = "refused", outcome.code
