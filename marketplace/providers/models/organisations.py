"""A provider is an organisation that serves elders; credentials are the papers without which it may not.

Its state is its standing: from application through checking to service, and what can become of it then.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine

PROVIDER_STEPS = machine(
    applied="verified",
    verified="active suspended",
    active="warned suspended lapsed",
    warned="active suspended lapsed",
    suspended="active blacklisted",
    lapsed="active warned suspended",
    blacklisted="repaired suspended",
    repaired="active suspended",
)
SERVING = frozenset({"active", "warned"})  # the states in which it may be booked
BARRED = frozenset({"suspended", "lapsed", "blacklisted", "repaired"})  # it has served, and may not now


class Provider(SQLModel, table=True):
    """An organisation. `rating_sum` and `rating_count` tally its stars; means are computed when shown."""

    __tablename__ = "provider"
    __table_args__ = (
        CheckConstraint(
            "state IN ('applied', 'verified', 'active', 'warned', 'suspended', 'lapsed', 'blacklisted', 'repaired')",
            name="provider_state",
        ),
        CheckConstraint("kind IN ('home_care', 'canteen', 'day_care', 'nursing_home', 'clinic')", name="provider_kind"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="provider_place"),
        CheckConstraint("rating_sum BETWEEN rating_count AND 5 * rating_count", name="provider_tally"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str
    kind: str
    legal_person_code: str = Field(unique=True)
    district_id: UUID = Field(foreign_key="region.id", index=True)
    lon: float
    lat: float
    state: str = "applied"
    version: int = 1
    rating_sum: int = 0
    rating_count: int = 0
    applied_at: datetime = instant()


class Credential(SQLModel, table=True):
    """A paper with its days of validity, both inclusive. It counts only once an officer has seen it.

    `lapsed_at` is stamped once, when it ran out and no newer one of its kind stood in its place.
    """

    __tablename__ = "credential"
    __table_args__ = (
        CheckConstraint("kind IN ('licence', 'food', 'fire')", name="credential_kind"),
        CheckConstraint("state IN ('submitted', 'checked', 'refused')", name="credential_state"),
        CheckConstraint("valid_until >= valid_from", name="credential_period"),
        CheckConstraint("(state = 'submitted') = (checked_at IS NULL)", name="credential_checked"),
        Index("credential_of_provider", "provider_id", "kind"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    provider_id: UUID = Field(foreign_key="provider.id")
    kind: str
    number: str
    valid_from: date
    valid_until: date
    state: str = "submitted"
    checked_by: UUID | None = Field(default=None, foreign_key="account.id")
    checked_at: datetime | None = instant(default=None)
    reason: str | None = None
    lapsed_at: datetime | None = instant(default=None)
