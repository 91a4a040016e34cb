"""Rule sets of the time bank: what a city lets volunteers earn, redeem, give and inherit, as data.

A rule set is a readable file in `policies/timebank`; a policy pack names one and may replace figures of it. Amounts are
minutes, ages full years. What a city's documents leave open is borrowed or chosen, and `borrowed` says so.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Category = Literal[
    "low_income", "advanced_age", "living_alone", "empty_nest", "disabled", "dementia", "bereaved", "left_behind"
]
Kind = Literal["companionship", "escort", "shopping", "cleaning", "welfare_visit", "neighbour_watch"]
Relation = Literal["child", "grandchild", "parent", "spouse", "sibling"]
Donee = Literal["elder", "individual", "minor", "student", "group"]
Minutes = Annotated[int, Field(gt=0)]
Days = Annotated[int, Field(gt=0)]
Age = Annotated[int, Field(ge=0, le=120)]


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EarningRules(_Rules):
    """Who may give hours, and what a service counts.

    `items` prices a whole task of a kind, whatever it took; a kind without a price counts its minutes. `taking` says
    how a task finds its volunteer: she grabs it, or the planner dispatches it to her and she accepts. `excess_to` are
    the pools among which she chooses for what passes her caps; the first is taken where she does not. Requests that
    come by one of the `reviewed` channels are published by an officer; a minor's guardian, or a volunteer to whom a
    task is dispatched, has `answer_minutes` to say yes.
    """

    youngest: Age
    youngest_woman: Age
    oldest: Age | None = None
    minors: Literal["refused", "with_guardian", "group_tasks"]
    training: bool
    taking: tuple[Literal["grab", "dispatch"], ...] = Field(min_length=1)
    items: dict[Kind, Minutes] = Field(default_factory=dict)
    reviewed: tuple[Literal["app", "phone", "staff"], ...] = ("phone",)  # the elder did not write it herself
    answer_minutes: Minutes = 720  # half a day
    excess_to: tuple[Literal["branch", "city"], ...] = Field(min_length=1)


class RedeemingRules(_Rules):
    """Who may spend own hours, and for whom: `relations` are what the payer is to the elder who is helped."""

    youngest: Age
    relations: tuple[Relation, ...]


class GivingRules(_Rules):
    """To whom hours may be given away, what a year's gifts may come to, and above what a second person must agree.

    `donees` are the kinds of members to whom a donation to a person may go. A gift or donation is taken back within
    `undo_hours`, an inheritance within `inheritance_undo_days`; what waits for a second person expires after
    `decision_days`; a collection ends within `collection_days`, and a standing order begins within `schedule_days`.
    """

    gifts_to: Literal["nobody", "relatives", "members"]
    gifts_year_minutes: Minutes | None = None
    donations_to: tuple[Literal["person", "branch", "city"], ...]
    inherited_by: Literal["heir", "branch"]
    donees: tuple[Donee, ...] = ("elder", "individual", "minor", "student")
    second_person_above_minutes: Minutes
    decision_days: Days = 14  # two weekly meetings of a branch's officers
    undo_hours: Annotated[int, Field(gt=0)] = 24  # a slip is noticed when the message about it is read, within a day
    inheritance_undo_days: Days = 30  # as long as the rule sets let anybody appeal: an heir may be contested
    collection_days: Days = 60  # who agreed early waits with held minutes until the last one answers
    schedule_days: Days = 366


class KeyElders(_Rules):
    """One group of elders who come first: all of `categories`, aged `from_age` to `to_age`, and their monthly grant."""

    categories: tuple[Category, ...]
    from_age: Age
    to_age: Age | None = None
    month_minutes: Annotated[int, Field(ge=0)]


class SanctionRules(_Rules):
    """After how many no-shows or malicious acts a member is suspended, and after how many the membership ends."""

    suspended_after_no_shows: Annotated[int, Field(gt=0)]
    ended_after_no_shows: Annotated[int, Field(gt=0)]
    ended_after_malice: Annotated[int, Field(gt=0)]
    suspended_days: Annotated[int, Field(gt=0)]
    appeal_days: Annotated[int, Field(gt=0)]


class StudentRules(_Rules):
    """How many hours make one study credit, and whether certified minutes stay spendable."""

    hours_per_credit: Annotated[int, Field(gt=0)]
    stays_spendable: bool


class Honour(_Rules):
    """What a volunteer may ask for who has earned so much in all."""

    earned_minutes: Minutes
    zh: str
    en: str


class TimeBankRules(_Rules):
    """One rule set. `balance_cap_minutes` None: no cap on what a person may save."""

    name: str
    title_zh: str
    title_en: str
    borrowed: dict[str, str]
    balance_cap_minutes: Minutes | None = None
    day_cap_minutes: Minutes
    debt_cap_minutes: Annotated[int, Field(ge=0)]  # a branch that owes the others more is an alert
    task_longest_minutes: Minutes
    relative_age: Age
    earning: EarningRules
    redeeming: RedeemingRules
    giving: GivingRules
    key_elders: tuple[KeyElders, ...]  # in the order in which pools grant
    stars_hours: tuple[Annotated[int, Field(gt=0)], ...]  # ascending; the first makes one star
    sanctions: SanctionRules
    students: StudentRules
    honours: tuple[Honour, ...] = ()
