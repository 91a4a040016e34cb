"""What is searched for, and the cursor that leads to the next page: the last hit's sort key with its id."""

import base64
import binascii
import json
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from marketplace.catalogue.models import Service
from marketplace.providers.errors import Impossible

Sort = Literal["distance", "price", "rating"]
SORTS: tuple[Sort, ...] = get_args(Sort)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the page before ended."""

    key: float
    offer_id: UUID


@dataclass(frozen=True, slots=True)
class Wish:
    """A service near a place. With an elder known, her district and gender narrow it down too."""

    service: Service
    lon: float
    lat: float
    district_id: UUID | None = None
    gender: str | None = None
    at: datetime | None = None
    max_price_fen: int | None = None
    tier: str | None = None
    sort: Sort = "distance"
    after: Cursor | None = None
    limit: int = 20


def write_cursor(sort: Sort, cursor: Cursor) -> str:
    """The cursor as an opaque word for an address."""
    return base64.urlsafe_b64encode(json.dumps([sort, cursor.key, str(cursor.offer_id)]).encode()).decode()


def read_cursor(sort: Sort, word: str) -> Cursor:
    """The cursor of that word; `Impossible` when it is none, or another order's."""
    try:
        made_for, key, offer_id = json.loads(base64.b64decode(word, altchars=b"-_", validate=True))
        if made_for == sort and isinstance(key, (int, float)) and math.isfinite(key):
            return Cursor(float(key), UUID(offer_id))
    except (binascii.Error, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        pass
    raise Impossible(pointer="/after", reason="no cursor of this search")
