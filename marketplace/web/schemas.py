"""What goes in and out over HTTP. Inputs refuse unknown fields; outputs name every field on purpose."""

from datetime import UTC, datetime
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from marketplace.base.clock import local_day

NUMBERS = frozenset({int, float})


class In(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _take_json_at_its_word(cls, given: Any) -> Any:
        """A number comes as a number, not as text that reads like one; no text holds U+0000, which no column takes."""
        if isinstance(given, dict):
            for name, value in given.items():
                if isinstance(value, str) and "\x00" in value:
                    raise ValueError(f"{name} holds the character U+0000")
                if name in cls.model_fields and isinstance(value, (str, bool)) and _is_number(cls, name):
                    raise ValueError(f"{name} must be a number")
        return given


def _is_number(shape: type[BaseModel], name: str) -> bool:
    annotation = shape.model_fields[name].annotation
    kinds = set(get_args(annotation)) or {annotation}
    return bool(kinds & NUMBERS) and not kinds & {str, bool}


class Out(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


def _within_the_calendar(instant: datetime) -> datetime:
    """An instant that is one in UTC and on the city's clock as well."""
    try:
        local_day(instant.astimezone(UTC))
    except OverflowError:
        raise ValueError("beyond the calendar") from None
    return instant


class LonLat(In):
    """A place on earth, WGS84 degrees."""

    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]


Instant = Annotated[AwareDatetime, AfterValidator(_within_the_calendar)]
Fen = Annotated[int, Field(ge=0, le=100_000_000)]  # a million yuan is above every price of the field
Name = Annotated[str, Field(min_length=1, max_length=60)]
Text = Annotated[str, Field(max_length=500)]
Phone = Annotated[str, Field(pattern=r"^\+?[0-9]{6,15}$")]
