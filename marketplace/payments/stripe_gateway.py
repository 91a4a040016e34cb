"""The gateway over Stripe: the only import of the `stripe` SDK in the project.

The SDK never retries here, because our outbox does, with the same key. No module-level key or base address is
touched, so two gateways (or two tests) live side by side in one process.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import stripe

from marketplace.payments import stripe_words
from marketplace.payments.gateway import (
    Event,
    EventMalformed,
    GatewayRefused,
    Intent,
    Refund,
    Reversal,
    SignatureInvalid,
    SignatureMissing,
    Stale,
    Transfer,
    WebhookDisabled,
)

WALLETS = ("alipay", "wechat_pay")
PAGE = 100  # the provider's largest page


class _Client(stripe.HTTPXClient):
    """The SDK's client for httpx, with two corrections of its sending.

    Forms go out as `content`, since httpx deprecates text under `data`. A simulator on loopback is reached directly,
    whatever proxy the environment names for the outside world.
    """

    def __init__(self, api_base: str, timeout_seconds: float) -> None:
        super().__init__(timeout=timeout_seconds)
        self._timeout_seconds = timeout_seconds
        if urlsplit(api_base).hostname in {"127.0.0.1", "::1", "localhost"}:
            self._client_async = httpx.AsyncClient(trust_env=False)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            answer = await self._client_async.request(
                method, url, headers=headers, content=post_data, timeout=self._timeout_seconds
            )
        except httpx.HTTPError as error:
            words = f"no answer: {type(error).__name__}"
            raise stripe.APIConnectionError(words) from error  # type: ignore[no-untyped-call] # the SDK's own gap
        return answer.content, answer.status_code, answer.headers


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except stripe.StripeError as error:
        raise stripe_words.failure(error) from error


class StripeGateway:
    """Fulfils `Gateway`. One per process; `aclose()` at the end.

    `api_base` is the simulator's address or None for Stripe itself. `country` is where providers' accounts
    are opened; transfers stay inside the platform's region.
    """

    def __init__(
        self,
        *,
        api_key: str,
        webhook_secret: str,
        api_base: str | None = None,
        currency: str = "cny",
        country: str = "HK",
        timeout_seconds: float = 30,
        tolerance_seconds: int = 300,
    ) -> None:
        base = (api_base or stripe.DEFAULT_API_BASE).rstrip("/")
        self._http = _Client(base, timeout_seconds)
        client = stripe.StripeClient(
            api_key, base_addresses={"api": base}, max_network_retries=0, http_client=self._http
        )
        self._v1 = client.v1
        self._webhook_secret = webhook_secret
        self._tolerance_seconds = tolerance_seconds
        self._currency = currency
        self._country = country

    async def aclose(self) -> None:
        """Close the connections; the gateway is of no use afterwards."""
        await self._http.close_async()  # type: ignore[no-untyped-call] # the SDK's own gap

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
        """See `Gateway.authorise`."""
        params: Any = {
            "amount": amount_fen,
            "currency": self._currency,
            "capture_method": "automatic" if automatic else "manual",
            "confirm": True,
            "metadata": {"reference": reference},
            "expand": ["latest_charge"],
            **_method_params(payment_method),
        }
        if return_url is not None:
            params["return_url"] = return_url
        with _in_our_words():
            made = await self._v1.payment_intents.create_async(params, {"idempotency_key": key})
        return stripe_words.intent(made)

    async def capture(self, intent_id: str, amount_fen: int, *, key: str) -> Intent:
        """See `Gateway.capture`."""
        with _in_our_words():
            captured = await self._v1.payment_intents.capture_async(
                intent_id,
                {"amount_to_capture": amount_fen, "expand": ["latest_charge"]},
                {"idempotency_key": key},
            )
        return stripe_words.intent(captured)

    async def void(self, intent_id: str, *, key: str) -> Intent:
        """See `Gateway.void`."""
        with _in_our_words():
            cancelled = await self._v1.payment_intents.cancel_async(
                intent_id, {"expand": ["latest_charge"]}, {"idempotency_key": key}
            )
        return stripe_words.intent(cancelled)

    async def refund(self, intent_id: str, amount_fen: int, *, key: str) -> Refund:
        """See `Gateway.refund`."""
        with _in_our_words():
            made = await self._v1.refunds.create_async(
                {"payment_intent": intent_id, "amount": amount_fen, "metadata": {"reference": key}},
                {"idempotency_key": key},
            )
        return stripe_words.refund(made)

    async def fetch_intent(self, intent_id: str) -> Intent:
        """See `Gateway.fetch_intent`."""
        with _in_our_words():
            found = await self._v1.payment_intents.retrieve_async(intent_id, {"expand": ["latest_charge"]})
            if not found.amount_received:
                return stripe_words.intent(found)
            page = await self._v1.refunds.list_async({"payment_intent": intent_id, "limit": PAGE})
            newest_first = [stripe_words.refund(each) async for each in page.auto_paging_iter()]
        return stripe_words.intent(found, newest_first[::-1])

    async def fetch_refund(self, refund_id: str) -> Refund:
        """See `Gateway.fetch_refund`."""
        with _in_our_words():
            return stripe_words.refund(await self._v1.refunds.retrieve_async(refund_id))

    async def find_by_reference(self, reference: str, *, since: datetime) -> list[Intent]:
        """See `Gateway.find_by_reference`."""
        with _in_our_words():
            page = await self._v1.payment_intents.list_async(
                {"created": {"gte": _unix(since)}, "limit": PAGE, "expand": ["data.latest_charge"]}
            )
            newest_first = [stripe_words.intent(each) async for each in page.auto_paging_iter()]
        return [each for each in reversed(newest_first) if each.reference == reference]

    async def open_account(self, reference: str, *, key: str) -> str:
        """See `Gateway.open_account`."""
        with _in_our_words():
            account = await self._v1.accounts.create_async(
                {
                    "type": "express",
                    "country": self._country,
                    "capabilities": {"transfers": {"requested": True}},
                    "metadata": {"reference": reference},
                },
                {"idempotency_key": key},
            )
        return account.id

    async def transfer(self, account_id: str, amount_fen: int, *, key: str, group: str) -> Transfer:
        """See `Gateway.transfer`."""
        with _in_our_words():
            made = await self._v1.transfers.create_async(
                {
                    "amount": amount_fen,
                    "currency": self._currency,
                    "destination": account_id,
                    "transfer_group": group,
                },
                {"idempotency_key": key},
            )
        return stripe_words.transfer(made)

    async def reverse_transfer(self, transfer_id: str, amount_fen: int, *, key: str) -> Reversal:
        """See `Gateway.reverse_transfer`."""
        with _in_our_words():
            made = await self._v1.transfers.reversals.create_async(
                transfer_id, {"amount": amount_fen}, {"idempotency_key": key}
            )
        return Reversal(id=made.id, transfer_id=transfer_id, amount_fen=made.amount)

    async def find_transfers(self, group: str) -> list[Transfer]:
        """See `Gateway.find_transfers`."""
        with _in_our_words():
            page = await self._v1.transfers.list_async({"transfer_group": group, "limit": PAGE})
            newest_first = [stripe_words.transfer(each) async for each in page.auto_paging_iter()]
        return newest_first[::-1]

    async def undelivered_events(self, since: datetime) -> list[Event]:
        """See `Gateway.undelivered_events`."""
        with _in_our_words():
            page = await self._v1.events.list_async(
                {"delivery_success": False, "created": {"gte": _unix(since)}, "limit": PAGE}
            )
            newest_first = [stripe_words.event(each.to_dict()) async for each in page.auto_paging_iter()]
        return newest_first[::-1]

    def read_event(self, payload: bytes, signature: str | None, *, now: datetime) -> Event:
        """See `Gateway.read_event`."""
        if not self._webhook_secret.strip():
            raise WebhookDisabled("no webhook secret is configured")
        if not signature:
            raise SignatureMissing("no Stripe-Signature header")
        try:
            stripe.WebhookSignature.verify_header(payload, signature, self._webhook_secret)
            signed = stripe_words.signed_at_seconds(signature)
        except (stripe.SignatureVerificationError, ValueError, TypeError) as error:
            # ValueError and TypeError: a body outside UTF-8 or a header outside ASCII
            raise SignatureInvalid("the signature does not match the body") from error
        # Judged here and not by the SDK, which reads the clock itself and has one error for both faults.
        if signed < now.timestamp() - self._tolerance_seconds:
            raise Stale(f"signed more than {self._tolerance_seconds} s ago")
        try:
            return stripe_words.event_from_json(payload)
        except (ValueError, KeyError, TypeError, OverflowError, OSError) as error:
            raise EventMalformed("the body is not an event with an object") from error


def _method_params(payment_method: str) -> dict[str, Any]:
    if payment_method not in WALLETS:
        if not payment_method:
            raise GatewayRefused("payment_method_missing", "a payment method is needed")
        return {"payment_method": payment_method, "payment_method_types": ["card"]}
    params: dict[str, Any] = {
        "payment_method_data": {"type": payment_method},
        "payment_method_types": [payment_method],
    }
    if payment_method == "wechat_pay":
        params["payment_method_options"] = {"wechat_pay": {"client": "web"}}
    return params


def _unix(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp())
