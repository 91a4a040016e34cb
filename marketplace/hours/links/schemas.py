"""What links take and give, between banks and for operators and members. All hours are minutes, hashes are hex."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from marketplace.web.schemas import In, Instant, Out

BankName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", examples=["jinzhong"])]
AddressText = Annotated[
    str, Field(min_length=3, max_length=121, examples=["jinzhong/0198c0de-0000-7000-8000-000000000001"])
]
Minutes = Annotated[int, Field(gt=0, le=10_000_000, examples=[60])]
Limit = Annotated[int, Field(ge=0, le=1_000_000_000, examples=[6000])]
Height = Annotated[int, Field(ge=0, le=10**15, examples=[12])]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["9f" * 32])]
Unit = Annotated[str, Field(pattern=r"^[a-z]{1,20}$", examples=["minute"])]
Reason = Annotated[str, Field(min_length=2, max_length=200, examples=["年度对账"])]
RelayState = Literal["prepared", "committed", "aborted", "expired", "unknown"]


PaymentState = Literal["pending", "rejected", "cancelled"] | RelayState
RequestState = Literal["pending", "sent", "rejected", "expired", "cancelled"]


class RelayPrepareIn(In):
    """First phase: a member of the sender's wants to pay one of ours."""

    unit: Unit
    minutes: Minutes
    payer: AddressText
    payee: AddressText
    expires_at: Instant = Field(examples=["2026-03-02T09:15:00.000000+08:00"])


class RelayCommitIn(In):
    """Second phase: the payer's side has decided. `head` is its chain after this relay."""

    contents: Hash
    seq: Annotated[int, Field(gt=0, le=10**15, examples=[13])]
    decided_at: Instant = Field(examples=["2026-03-02T09:00:01.000000+08:00"])
    head: Hash


class RelayStateOut(Out):
    """How a relay stands at the bank that answers; the last three come with `committed`."""

    state: RelayState = Field(examples=["prepared"])
    code: str | None = Field(default=None, description="why it was aborted")
    seq: int | None = None
    decided_at: datetime | None = None
    head: Hash | None = None


class RelayQuoteIn(In):
    """Could this be paid?"""

    unit: Unit
    minutes: Minutes
    payee: AddressText


class RelayQuoteOut(Out):
    """It could now; nothing is promised. Otherwise the answer is the refusal itself."""

    room_minutes: int = Field(description="what the trust limits still allow", examples=[5940])


class PaymentQuoteOut(RelayQuoteOut):
    """The same for the member who would pay."""

    second_person: bool = Field(description="whether another person must agree to so much first", examples=[False])


class FlyingOut(Out):
    """A relay in flight at the bank that answers."""

    relay_id: UUID
    direction: Literal["out", "in"]
    state: RelayState
    minutes: int
    seq: int | None


class LinkHeadOut(Out):
    """A bank's word on the link. Sent and received are its own; `sent_at` is its sent head at the asked height."""

    balance_minutes: int = Field(description="above 0: this bank owes the asking one", examples=[120])
    limit_minutes: int = Field(description="what it lets the asking one owe", examples=[6000])
    sent_height: int
    sent_head: Hash
    received_height: int
    received_head: Hash
    sent_at: Hash | None
    in_flight: list[FlyingOut]


class ChainOut(Out):
    """The head of a chain at a height; None above it."""

    head: Hash | None


class LinkKeyIn(In):
    """A bank's new key. Both signatures are over the text of `rotating.Announcement`, in base64."""

    public_key: Annotated[str, Field(max_length=100, examples=["ed25519:" + "B" * 43 + "="])]
    signed_by_old: Annotated[str, Field(max_length=100, examples=["B" * 86 + "=="])]
    signed_by_new: Annotated[str, Field(max_length=100, examples=["B" * 86 + "=="])]


class LinkKeyOut(Out):
    """The key that counts from now on, beside the one before it."""

    public_key: str = Field(examples=["ed25519:" + "B" * 43 + "="])


class LinkKeyGivenUpIn(In):
    """A new key that its bank gives up before the other has taken it."""

    public_key: Annotated[str, Field(max_length=100, examples=["ed25519:" + "B" * 43 + "="])]


class GiveUpKeyIn(LinkKeyGivenUpIn):
    """The pending key of ours that is given up."""

    unanswered: bool = Field(
        default=False, description="also if the partner does not say whether it has taken it; ask it first without this"
    )


class LinkIn(In):
    """Open a link. The first operator leaves `link_id` out and tells it to the other."""

    our_name: BankName = Field(examples=["taiyuan"])
    partner: BankName
    limit_minutes: Limit = Field(description="what the partner may owe us")
    link_id: UUID | None = None
    address: Annotated[str, Field(max_length=300)] | None = Field(
        default=None, examples=["https://bank.jinzhong.example"]
    )
    public_key: Annotated[str, Field(max_length=100)] | None = None


class PartnerIn(In):
    """Where the partner is reached and how it signs."""

    address: Annotated[str, Field(max_length=300, examples=["https://bank.jinzhong.example"])]
    public_key: Annotated[str, Field(max_length=100, examples=["ed25519:" + "A" * 43 + "="])]


class LinkLimitIn(In):
    """What the partner may owe us from now on."""

    limit_minutes: Limit


class LinkReasonIn(In):
    """Why."""

    reason: Reason


class GivenUpKeyOut(Out):
    """A new key that its bank gave up before the other took it. A partner's is never taken."""

    whose: Literal["ours", "theirs"]
    public_key: str = Field(examples=["ed25519:" + "B" * 43 + "="])
    given_up_at: datetime


class LinkOut(Out):
    """A link. `balance_minutes` above 0: we owe the partner."""

    id: UUID
    our_name: str
    partner: str
    state: Literal["open", "suspended", "closed"]
    reason: str | None
    address: str | None
    public_key: str | None = Field(description="the partner's")
    own_public_key: str = Field(description="for the partner's operator", examples=["ed25519:" + "A" * 43 + "="])
    next_public_key: str | None = Field(description="our new one, while the partner has not taken it")
    former_key: bool = Field(description="whether the partner's former key counts beside its new one")
    former_key_until: datetime | None = Field(description="until when; none before the partner signs with the new one")
    given_up_keys: list[GivenUpKeyOut] = Field(description="the newest first")
    our_limit_minutes: int
    their_limit_minutes: int
    balance_minutes: int
    leaving_minutes: int
    arriving_minutes: int
    room_out_minutes: int
    room_in_minutes: int
    unclaimed_minutes: int = Field(description="of payees whose account was closed before they were paid")
    sent_height: int
    received_height: int
    unanswered_calls: int
    heard_at: datetime | None
    compared_at: datetime | None
    in_flight: list[FlyingOut]


class LinkPage(Out):
    """All links."""

    links: list[LinkOut]


class ComparisonOut(Out):
    """What differs between both banks' books; empty when they agree. A difference has suspended the link."""

    differences: list[str] = Field(examples=[[]])
    first_relay: UUID | None = Field(description="the first relay that the two chains do not share")
    height: int | None


class RelayIn(In):
    """Pay a member of another bank."""

    payee: AddressText
    minutes: Minutes


class RelayOut(Out):
    """A payment through another bank. `committed` is final; `confirmed` says that the partner has done it.

    `pending` waits for a second person until `expires_at`, then is `rejected`, `expired`, `cancelled` or on its way.
    """

    id: UUID
    direction: Literal["out", "in"]
    minutes: int
    payer: str
    payee: str
    state: PaymentState
    reason: str | None = Field(examples=["payee_unknown"])
    prepared_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    confirmed: bool


class RelayPage(Out):
    """A member's payments, newest first."""

    relays: list[RelayOut]


class PaymentRequestOut(Out):
    """A payment to another bank that needs a second person, as officers see it."""

    id: UUID
    member_id: UUID
    district_id: UUID
    payee: str
    minutes: int
    state: RequestState
    asked_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    decision: str | None


class PaymentRequestList(Out):
    """Payments to other banks, the oldest first."""

    items: list[PaymentRequestOut]
