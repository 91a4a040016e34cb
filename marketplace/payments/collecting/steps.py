"""The states of a payment, and the one step that comes next: from what is and what is wanted, nothing else.

Because it is derived anew each time, a message that comes twice, late or in another order changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from marketplace.base.states import machine
from marketplace.payments.gateway import IntentState
from marketplace.payments.models import LOST, Payment

STEPS = machine(
    created="saved processing canceled",
    saved="processing canceled",
    processing="action_required authorized captured failed canceled",
    action_required="processing authorized captured failed canceled",
    authorized="captured canceled auth_expired failed",
    # a payer may confirm at the last moment; and what is owed is collected again, from this card or another
    failed="captured processing",
    captured="",
    canceled="processing",
    auth_expired="processing",
)

SAVED_UNTIL = timedelta(days=2)  # a saved card is authorised this long before the service
LAPSE_MARGIN = timedelta(hours=12)  # an undecided authorisation is captured this long before it lapses


class Kind(StrEnum):
    """A step: four are calls to the gateway; `save`, `cancel` and `retry` (begin anew) happen here alone."""

    SAVE = "save"
    CANCEL = "cancel"
    RETRY = "retry"
    AUTHORISE = "authorise"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next; `early` marks a capture made because the authorisation was about to lapse."""

    kind: Kind
    amount_fen: int
    early: bool = False


def next_step(payment: Payment, *, now: datetime, authorise_within_days: int) -> Step | None:
    """The next step towards what is wanted, None when there is nothing to do now. Ask only when no step is open."""
    match payment.state:
        case "created" | "saved" | "processing":
            return _before_the_gateway(payment, now, authorise_within_days)
        case "authorized":
            return _held(payment, now)
        case "captured":
            return _taken(payment)
        case _:
            return _given_up(payment)


def _before_the_gateway(payment: Payment, now: datetime, within_days: int) -> Step | None:
    if payment.intent_id is not None:
        return None  # the gateway is at it
    if payment.keep_fen == 0:
        return Step(Kind.CANCEL, payment.amount_fen)
    starts_at = payment.service_starts_at
    if payment.state == "processing":
        # the call was made and found to have had no effect, else its step would still be open
        return Step(Kind.AUTHORISE, payment.keep_fen or payment.amount_fen)
    ahead = SAVED_UNTIL if payment.state == "saved" else timedelta(days=within_days)
    if payment.is_wallet or starts_at is None or starts_at - now <= ahead:
        return Step(Kind.AUTHORISE, payment.amount_fen)
    return Step(Kind.SAVE, payment.amount_fen) if payment.state == "created" else None


def _held(payment: Payment, now: datetime) -> Step | None:
    if payment.keep_fen is not None:
        return Step(Kind.CAPTURE, payment.keep_fen) if payment.keep_fen else Step(Kind.VOID, payment.amount_fen)
    lapses_at = payment.capture_before_at
    if lapses_at is not None and now >= lapses_at - LAPSE_MARGIN:
        return Step(Kind.CAPTURE, payment.amount_fen, early=True)
    return None


def _taken(payment: Payment) -> Step | None:
    if payment.keep_fen is None:
        return None
    given_back = max(payment.refunded_fen, payment.refund_asked_fen)
    # what failed refunds brought back waits for a person: a closed card would refuse it for ever
    surplus_fen = payment.captured_fen - given_back - payment.refund_stopped_fen - payment.keep_fen
    return Step(Kind.REFUND, surplus_fen) if surplus_fen > 0 else None


def _given_up(payment: Payment) -> Step | None:
    """An intent that is still alive is voided: unwanted before it was confirmed, or declined. Only then another begins:
    of two collections never more than one can succeed.
    """
    wanted_otherwise = payment.keep_fen == 0 or payment.next_method is not None
    unwanted = payment.state == "action_required" and wanted_otherwise
    declined = payment.state in LOST and payment.intent_state in _ALIVE
    if unwanted or declined:
        return Step(Kind.VOID, payment.amount_fen)
    is_void = payment.intent_id is None or payment.intent_state == IntentState.VOID
    again = is_void and payment.owed_fen > 0 and payment.next_method is not None
    return Step(Kind.RETRY, payment.owed_fen) if again else None


_ALIVE = {IntentState.OPEN, IntentState.ACTION_REQUIRED, IntentState.AUTHORISED}
