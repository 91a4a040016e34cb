"""Policy packs: one readable data file per city plan. Every figure that is computed stores the pack's name and version.

The deployment names the pack in force (`LIUZHU_POLICY`). A figure that a plan leaves open is borrowed from another or
chosen here, and the pack says so beside it.
"""

import tomllib
from datetime import date, time
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Minutes = int
Category = Literal[
    "low_income", "advanced_age", "living_alone", "empty_nest", "disabled", "dementia", "bereaved", "left_behind"
]


class PolicyError(Exception):
    """No such pack, or a pack that cannot be read; the text says where."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BookingRules(_Part):
    """How long a hold lasts, how far ahead one may book, when the service day runs."""

    hold_minutes: Minutes = Field(gt=0)
    quote_minutes: Minutes = Field(gt=0)
    horizon_days: int = Field(gt=0)
    opens: time
    closes: time
    capacity_share: float = Field(gt=0, le=1)
    close_after_hours: int = Field(gt=0)
    accept_minutes: Minutes = Field(gt=0)


class CancelRules(_Part):
    """Free until `free_until_hours` before the start, then a fee by step; never for illness."""

    free_until_hours: int = Field(ge=0)
    late_fee_fen: int = Field(ge=0)
    departed_fee_fen: int = Field(ge=0)
    meal_free_until_cutoff: bool
    waived_reasons: tuple[str, ...]


class MealRules(_Part):
    """The order cut-off on the day itself, and how long a lunch may stay in the box, and how much of the riders'
    time is kept for boxes while they go out."""

    lunch_cutoff: time
    dinner_cutoff: time
    lunch_window: tuple[time, time]
    dinner_window: tuple[time, time]
    max_ride_minutes: Minutes = Field(gt=0)
    rider_share: float = Field(ge=0, le=1)


class CardRules(_Part):
    """When a card is authorised and captured, and what the platform keeps."""

    authorise_within_days: int = Field(gt=0)
    platform_fee_permille: int = Field(ge=0, le=1000)
    retry_after_hours: tuple[Annotated[int, Field(gt=0)], ...]  # a card that owes is asked again, then no more


class VisitRules(_Part):
    """What makes the evidence of an attendance complete, and when it counts as approved."""

    check_in_metres: int = Field(gt=0)
    early_minutes: Minutes = Field(ge=0)
    late_minutes: Minutes = Field(ge=0)
    shortest_share: float = Field(gt=0, le=1)
    objection_hours: int = Field(ge=0)
    volunteer_confirm_hours: int = Field(ge=0)
    missed_after_minutes: Minutes = Field(gt=0)
    alert_after_minutes: Minutes = Field(ge=0)
    wait_minutes: Minutes = Field(ge=0)


class TimeBankRules(_Part):
    """Caps of the time bank, in minutes."""

    balance_cap_minutes: Minutes = Field(gt=0)
    day_cap_minutes: Minutes = Field(gt=0)
    debt_cap_minutes: Minutes = Field(ge=0)  # a branch that owes the others more is an alert
    task_longest_minutes: Minutes = Field(gt=0)
    relative_age: int = Field(gt=0)


class RatingRules(_Part):
    """The Bayesian mean's prior: so many ratings of so much, before a provider's own count for more."""

    prior_mean: float = Field(ge=1, le=5)
    prior_count: int = Field(gt=0)


class CreditRules(_Part):
    """How long a blacklisted provider may appeal."""

    appeal_days: int = Field(gt=0)


class Policy(_Part):
    """One pack."""

    name: str
    version: int = Field(gt=0)
    title_zh: str
    title_en: str
    valid_from: date
    valid_to: date | None = None
    continued_by: str | None = None
    borrowed: dict[str, str]
    key_categories: tuple[Category, ...]
    booking: BookingRules
    cancel: CancelRules
    meal: MealRules
    card: CardRules
    visit: VisitRules
    timebank: TimeBankRules
    rating: RatingRules
    credit: CreditRules

    @property
    def stamp(self) -> str:
        """What computed figures store: `taiyuan@1`."""
        return f"{self.name}@{self.version}"


def load_policy(name: str) -> Policy:
    """The pack called `name`. `PolicyError` names the file and the field that is wrong."""
    folder = files("marketplace.base") / "policies"
    path = folder / f"{name}.toml"
    if not name.isidentifier() or not path.is_file():
        known = sorted(p.name.removesuffix(".toml") for p in folder.iterdir() if p.name.endswith(".toml"))
        raise PolicyError(f"no policy pack is called {name!r}; there are: {', '.join(known)}")
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        return Policy.model_validate(data)
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise PolicyError(f"policy pack {name}: {error}") from error
