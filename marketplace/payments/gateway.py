"""The payment provider in our own words: hold, capture, void, refund, transfer.

Every call with an effect carries a key. The same key with the same arguments has one effect, however often
it is sent; a key must never be made anew while it is unknown whether the first call arrived. Only opaque ids
go out. `stripe_gateway` fulfils this protocol; a city with another provider writes one more such file.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class IntentState(StrEnum):
    """Where a collection of money from one card or wallet stands."""

    OPEN = "open"  # made or declined; no money is held, another method may be tried
    ACTION_REQUIRED = "action_required"  # the payer must confirm with the bank
    PROCESSING = "processing"
    AUTHORISED = "authorised"  # held until captured, voided or expired
    CAPTURED = "captured"
    VOID = "void"  # voided by us, or expired


class RefundState(StrEnum):
    """Wallet refunds may stay pending for minutes. A failed or cancelled one has given nothing back, even where it had
    succeeded before: a card may have been closed, and the bank sends the money back days later.
    """

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back to the payer. `reference` is the key it was asked with, `code` why it failed."""

    id: str
    intent_id: str
    amount_fen: int
    state: RefundState
    reference: str = ""
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """One collection. `capture_before_at` is when an authorisation ends, None when nothing is held.

    `refunds` are all of its refunds, oldest first, where it was fetched; answers to other calls show none.
    """

    id: str
    reference: str
    state: IntentState
    amount_fen: int
    capturable_fen: int
    captured_fen: int
    capture_before_at: datetime | None
    action_url: str | None  # where the payer confirms, while ACTION_REQUIRED
    refunds: tuple[Refund, ...] = ()

    @property
    def refunded_fen(self) -> int:
        """What the payer has got back."""
        return sum(refund.amount_fen for refund in self.refunds if refund.state is RefundState.SUCCEEDED)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money moved from the platform to a provider's account."""

    id: str
    account_id: str
    amount_fen: int
    reversed_fen: int
    group: str


@dataclass(frozen=True, slots=True)
class Reversal:
    """Money taken back from a provider's account."""

    id: str
    transfer_id: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Event:
    """A hint that an object changed. Fetch the object; neither order nor uniqueness is promised."""

    id: str
    kind: str
    object_id: str
    created_at: datetime


class GatewayError(Exception):
    """Any failure of a call to the provider. `code` is stable, `message` is for logs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Declined(GatewayError):
    """The payer's bank said no. Final for this key; another method needs a new key."""

    def __init__(self, code: str, message: str, *, intent_id: str | None = None) -> None:
        super().__init__(code, message)
        self.intent_id = intent_id


class GatewayRefused(GatewayError):
    """The provider refused the request: wrong state, wrong parameter, too little balance. Final for this key.

    `intent` is the provider's present view where the refusal came from an intent's state.
    """

    def __init__(self, code: str, message: str, *, intent: Intent | None = None) -> None:
        super().__init__(code, message)
        self.intent = intent


class GatewayUnavailable(GatewayError):
    """No usable answer; the effect may or may not exist. Retry with the same key.

    `replayed`: the provider stored this failure under the key and will repeat it, so a retry cannot help: look
    the effect up (`find_by_reference`, `find_transfers`, `fetch_intent`) before anything else is tried.
    """

    def __init__(self, code: str, message: str, *, replayed: bool = False) -> None:
        super().__init__(code, message)
        self.replayed = replayed


class WebhookRejected(Exception):
    """A webhook that must not be believed; nothing of it may be stored."""


class WebhookDisabled(WebhookRejected):
    """No secret is configured: the endpoint does not exist."""


class SignatureMissing(WebhookRejected):
    """The request carries no signature."""


class SignatureInvalid(WebhookRejected):
    """The signature does not belong to these bytes and our secret."""


class Stale(WebhookRejected):
    """Rightly signed, but longer ago than the tolerance: a recording may be replayed."""


class EventMalformed(WebhookRejected):
    """Rightly signed, but not an event that we can read."""


class Gateway(Protocol):
    """Calls raise Declined, GatewayRefused or GatewayUnavailable as described there; amounts are fen > 0."""

    async def authorise(
        self,
        amount_fen: int,
        *,
        payment_method: str,
        key: str,
        reference: str,
        automatic: bool = False,
        return_url: str | None = None,
    ) -> Intent:
        """Hold the amount, or collect it at once when `automatic`; wallets can only be collected at once.

        `reference` is our opaque id and comes back on the intent. The answer may be ACTION_REQUIRED.
        """
        ...

    async def capture(self, intent_id: str, amount_fen: int, *, key: str) -> Intent:
        """Collect up to the held amount; the rest is released.

        GatewayRefused `payment_intent_unexpected_state` carries the intent: see there whether it was done before.
        """
        ...

    async def void(self, intent_id: str, *, key: str) -> Intent:
        """Release all that is held, or give an open intent up; refused as `capture` is when it is over already."""
        ...

    async def refund(self, intent_id: str, amount_fen: int, *, key: str) -> Refund:
        """Give back part or all of what was captured; all refunds together never exceed it.

        The key comes back as the refund's `reference`.
        """
        ...

    async def fetch_intent(self, intent_id: str) -> Intent:
        """Tell the present state with all refunds, from the provider's database and not from an event."""
        ...

    async def fetch_refund(self, refund_id: str) -> Refund:
        """Tell the present state of a refund."""
        ...

    async def find_by_reference(self, reference: str, *, since: datetime) -> list[Intent]:
        """Find the intents of a reference made at or after `since`, oldest first.

        Walks the provider's list, which shows own writes at once (its search does not), so keep `since` near.
        """
        ...

    async def open_account(self, reference: str, *, key: str) -> str:
        """Open a provider's account for receiving transfers; returns its id."""
        ...

    async def transfer(self, account_id: str, amount_fen: int, *, key: str, group: str) -> Transfer:
        """Move money to a provider's account. GatewayRefused `balance_insufficient` when ours is too low."""
        ...

    async def reverse_transfer(self, transfer_id: str, amount_fen: int, *, key: str) -> Reversal:
        """Take back part or all of a transfer, as far as the account still has it."""
        ...

    async def find_transfers(self, group: str) -> list[Transfer]:
        """Find all transfers of a group, oldest first."""
        ...

    async def undelivered_events(self, since: datetime) -> list[Event]:
        """List events since then that our endpoint has not accepted, oldest first; 30 days are kept."""
        ...

    def read_event(self, payload: bytes, signature: str | None, *, now: datetime) -> Event:
        """Verify a webhook over its raw bytes, then read it; `now` is wall time.

        Raises a WebhookRejected: WebhookDisabled, SignatureMissing, SignatureInvalid, Stale, EventMalformed.
        """
        ...
