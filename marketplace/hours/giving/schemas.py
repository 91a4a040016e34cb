"""What the routes of giving take and give. All hours are minutes."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from marketplace.web.schemas import In, Instant, Out

Minutes = Annotated[int, Field(gt=0, le=1_000_000, examples=[60])]
Reason = Annotated[str, Field(min_length=2, max_length=200, examples=["谢谢您这一年的帮助"])]
Kind = Literal["gift", "donation", "collection", "inheritance", "move", "leaving", "pool_grant", "programme_grant"]
State = Literal["collecting", "pending", "done", "reversed", "rejected", "expired", "cancelled", "skipped"]
Behalf = Annotated[
    UUID | None,
    Field(description="the member for whom one acts, who is told: an elder who granted it, a ward, a group"),
]
MOST_LINES = 1_000  # an entry of the ledger takes no more
MOST_HEIRS = 50
MOST_DECIDED = 200  # in one call: about six seconds on a busy machine


class ShareIn(In):
    """So much for, or from, this member."""

    member_id: UUID
    minutes: Minutes


class GiftIn(In):
    """Own hours to one member, or to up to 1,000 at once, all or nothing."""

    to: Annotated[tuple[ShareIn, ...], Field(min_length=1, max_length=MOST_LINES)]
    reason: Reason | None = None
    on_behalf_of: Behalf = None


class DonationIn(In):
    """To a person, a branch's pool (the giver's own unless one is named), or the city. The rules say who may."""

    to: Literal["person", "branch", "city"] = Field(examples=["branch"])
    minutes: Minutes
    elder_id: UUID | None = None
    member_id: UUID | None = None
    district_id: UUID | None = None
    reason: Reason | None = None
    on_behalf_of: Behalf = None

    @model_validator(mode="after")
    def _names_who_is_meant(self) -> "DonationIn":
        """A person is named by one id; nobody is named where a pool or the city receives."""
        named = [one for one in (self.elder_id, self.member_id) if one is not None]
        if len(named) != (1 if self.to == "person" else 0) or (self.district_id is not None and self.to != "branch"):
            raise ValueError("name an elder or a member for a person, a district for a branch, nobody for the city")
        return self


class CollectionIn(In):
    """Ask many to give to one. Each agrees for herself; who has not by `ends_at` gives nothing."""

    member_id: UUID = Field(description="who receives")
    shares: Annotated[tuple[ShareIn, ...], Field(min_length=1, max_length=MOST_LINES)]
    ends_at: Instant = Field(examples=["2026-03-09T20:00:00+08:00"])
    reason: Reason | None = None
    on_behalf_of: Behalf = None


class HeirIn(In):
    """One of several heirs, and how many parts of all are hers."""

    member_id: UUID
    parts: Annotated[int, Field(gt=0, le=MOST_LINES, examples=[1])] = 1


class InheritanceIn(In):
    """A member is gone: the balance goes to the heir, or in parts to several, with a proof; or to the branch's pool.

    Whole minutes are divided by the largest remainders, of equal ones to who is named first.
    """

    member_id: UUID
    heir_id: UUID | None = Field(default=None, description="the only heir")
    heirs: Annotated[tuple[HeirIn, ...], Field(max_length=MOST_HEIRS)] = ()
    proof: Literal["will", "household_register", "notary", "court"] | None = Field(default=None, examples=["notary"])
    reason: Reason

    @model_validator(mode="after")
    def _names_heirs_in_one_way(self) -> "InheritanceIn":
        if self.heir_id is not None and self.heirs:
            raise ValueError("name the only heir, or heirs with their parts")
        return self


class MoveIn(In):
    """A new home branch. Nothing may be set aside on the account."""

    district_id: UUID
    reason: Reason | None = None
    on_behalf_of: Behalf = None


class ExcessIn(In):
    """Where what passes one's caps goes, among what the rule set offers."""

    excess_to: Literal["branch", "city"] = Field(examples=["city"])
    reason: Reason | None = None
    on_behalf_of: Behalf = None


class DecisionIn(In):
    """A second person's word."""

    reason: Reason | None = None


class DecisionsIn(In):
    """A second person's word on many orders: a list, or all grants of a branch's pool that were asked for in a month,
    200 at a time.

    A dry run answers for each what would become of it, and changes nothing.
    """

    verdict: Literal["approve", "reject"] = Field(examples=["approve"])
    order_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MOST_DECIDED)] | None = None
    district_id: UUID | None = None
    month: date | None = Field(default=None, description="any day of it", examples=["2026-03-01"])
    after: UUID | None = Field(default=None, description="the cursor of the answer before, to go on with a month")
    reason: Reason | None = None
    dry_run: bool = False

    @model_validator(mode="after")
    def _names_them_in_one_way(self) -> "DecisionsIn":
        by_branch = [one is not None for one in (self.district_id, self.month)]
        if any(by_branch) == (self.order_ids is not None) or any(by_branch) != all(by_branch):
            raise ValueError("name the orders, or a branch and a month")
        if self.verdict == "reject" and self.reason is None:
            raise ValueError("say why they are rejected")
        return self


class DecidedOut(Out):
    """What became of one order, or would: decided, or refused with the code and the sentence of the refusal."""

    order_id: UUID
    kind: Kind | None
    receiver_ids: list[UUID]
    minutes: int = Field(examples=[40])
    excess_minutes: int = Field(examples=[0])
    outcome: Literal["done", "rejected", "refused"]
    code: str | None = Field(examples=["own_benefit"])
    detail: str | None


class DecisionsOut(Out):
    """A batch: how many orders were decided and refused, and a row for each, in the order of their ids."""

    dry_run: bool
    decided: int = Field(examples=[3])
    refused: int = Field(examples=[0])
    minutes: int = Field(description="of the decided ones", examples=[120])
    rows: list[DecidedOut]
    next_after: UUID | None = Field(description="the cursor of what follows of the month, if anything does")


class BecauseIn(In):
    """Why."""

    reason: Reason


class AnswerIn(In):
    """A giver's word on a collection."""

    reason: Reason | None = None
    on_behalf_of: Behalf = None


class ScheduleIn(In):
    """A gift or a donation at an instant, or monthly by a rule from then on."""

    gift: GiftIn | None = None
    donation: DonationIn | None = None
    starts_at: Instant = Field(examples=["2026-04-01T08:00:00+08:00"])
    rule: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, examples=["FREQ=MONTHLY;BYMONTHDAY=1;COUNT=12"], description="RFC 5545, by the city's calendar"
    )

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "ScheduleIn":
        if (self.gift is None) == (self.donation is None):
            raise ValueError("give a gift or a donation, one of them")
        return self


class LineOut(Out):
    """One transfer of an order."""

    place: int
    giver_id: UUID | None
    destination: Literal["member", "branch", "city"]
    receiver_id: UUID | None
    minutes: int = Field(examples=[60])
    counts_as: Literal["gift", "donation"] | None
    consent: Literal["asked", "given", "declined"] | None
    parts: int | None = Field(description="an heir's parts of an inheritance", examples=[1])


class OrderOut(Out):
    """An order with the lines that one may see. `pending`: a second person must agree by `expires_at`."""

    id: UUID
    kind: Kind
    state: State
    version: int
    district_id: UUID
    giver_id: UUID | None
    asked_by: UUID | None
    on_behalf_of: UUID | None
    acted_as: Literal["officer", "family", "guardian", "contact"] | None = Field(
        description="by what right somebody acted for the member `on_behalf_of`"
    )
    minutes: int = Field(examples=[60])
    owed_minutes: int = Field(examples=[0], description="a debt that an inheritance leaves open")
    excess_minutes: int = Field(examples=[0], description="of the minutes, what passed the receiver's cap")
    reason: str | None
    proof: str | None
    asked_at: datetime
    executes_at: datetime | None
    expires_at: datetime | None
    decided_by: UUID | None
    decided_at: datetime | None
    decision: str | None
    done_at: datetime | None
    schedule_id: UUID | None
    occurs_at: datetime | None
    lines: list[LineOut]


class OrderPage(Out):
    """A page of orders, newest first."""

    items: list[OrderOut]
    next_after: UUID | None


class ScheduleOut(Out):
    """A standing order."""

    id: UUID
    kind: Literal["gift", "donation"]
    state: Literal["active", "paused", "ended"]
    giver_id: UUID
    on_behalf_of: UUID | None
    acted_as: Literal["officer", "family", "guardian", "contact"] | None = Field(
        description="by what right somebody acted for the member `on_behalf_of`"
    )
    reason: str | None
    rule: str | None
    starts_at: datetime
    next_at: datetime | None
