"""What goes in and out over HTTP. Inputs refuse unknown fields; outputs name every field on purpose."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class In(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)


class Out(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class LonLat(In):
    """A place on earth, WGS84 degrees."""

    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]


Instant = AwareDatetime
Fen = Annotated[int, Field(ge=0, le=100_000_000)]  # a million yuan is above every price of the field
Name = Annotated[str, Field(min_length=1, max_length=60)]
Text = Annotated[str, Field(max_length=500)]
Phone = Annotated[str, Field(pattern=r"^\+?[0-9]{6,15}$")]
