"""Policy packs: one readable data file per city plan. Every figure that is computed stores the pack's name and version.

The deployment names the pack in force (`LIUZHU_POLICY`). A figure that a plan leaves open is borrowed from another or
chosen here, and the pack says so beside it.
"""

import tomllib
from datetime import date, time
from importlib.resources import files
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from marketplace.base.timebank_rules import Category, TimeBankRules

Minutes = int


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
    """The pack called `name` with the rule set that it names. `PolicyError` names the file and the field."""
    document = _read(name)
    overrides = document.get("timebank", {})
    if not isinstance(overrides, dict) or not isinstance(overrides.get("rules"), str):
        raise PolicyError(f"policy pack {name}: timebank.rules must name a rule set")
    document["timebank"] = _replaced(_read(overrides.pop("rules"), "timebank"), overrides)
    try:
        return Policy.model_validate(document)
    except ValidationError as error:
        raise PolicyError(f"policy pack {name}: {error}") from error


def load_rules(name: str) -> TimeBankRules:
    """The time bank's rule set called `name`. `PolicyError` names the file and the field."""
    try:
        return TimeBankRules.model_validate(_read(name, "timebank"))
    except ValidationError as error:
        raise PolicyError(f"rule set {name}: {error}") from error


def _read(name: str, *folders: str) -> dict[str, Any]:
    folder = files("marketplace.base").joinpath("policies", *folders)
    path = folder / f"{name}.toml"
    if not name.isidentifier() or not path.is_file():
        known = sorted(one.name.removesuffix(".toml") for one in folder.iterdir() if one.name.endswith(".toml"))
        raise PolicyError(
            f"no {'rule set' if folders else 'policy pack'} is called {name!r}; there are: {', '.join(known)}"
        )
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{path.name}: {error}") from error


def _replaced(document: dict[str, Any], by: dict[str, Any]) -> dict[str, Any]:
    """The document with single figures replaced, tables within it as well."""
    merged = dict(document)
    for key, value in by.items():
        within = merged.get(key)
        merged[key] = _replaced(within, value) if isinstance(within, dict) and isinstance(value, dict) else value
    return merged
