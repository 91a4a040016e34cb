"""Catalogue, providers, offers, ratings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0004"
down_revision = "0003"

PLACE = "lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90"


def upgrade() -> None:
    _service()
    _provider()
    _credential()
    _caregiver()
    _weekly_shift()
    _kitchen()
    _offer()
    _price()
    _rating()


def _service() -> None:
    op.create_table(
        "service",
        sa.Column("code", sa.String(), primary_key=True),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("service_seconds", sa.Integer(), nullable=False),
        sa.Column("skills", ARRAY(sa.Text()), nullable=False),
        sa.Column("crew_size", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("at_home", sa.Boolean(), nullable=False),
        sa.Column("gender_match", sa.Boolean(), nullable=False),
        sa.Column("basic", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "code IN ('meal', 'bath', 'cleaning', 'escort', 'medical', 'emergency')", name="service_code"
        ),
        sa.CheckConstraint("service_seconds BETWEEN 60 AND 28800", name="service_duration"),
        sa.CheckConstraint("crew_size BETWEEN 1 AND 4", name="service_crew"),
        sa.CheckConstraint("priority BETWEEN 1 AND 100", name="service_priority"),
    )


def _provider() -> None:
    op.create_table(
        "provider",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("legal_person_code", sa.String(), nullable=False, unique=True),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), nullable=False, index=True),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rating_sum", sa.Integer(), nullable=False),
        sa.Column("rating_count", sa.Integer(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('applied', 'verified', 'active', 'warned', 'suspended', 'lapsed', 'blacklisted')",
            name="provider_state",
        ),
        sa.CheckConstraint(
            "kind IN ('home_care', 'canteen', 'day_care', 'nursing_home', 'clinic')", name="provider_kind"
        ),
        sa.CheckConstraint(PLACE, name="provider_place"),
        sa.CheckConstraint("rating_sum BETWEEN rating_count AND 5 * rating_count", name="provider_tally"),
    )


def _credential() -> None:
    op.create_table(
        "credential",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("provider_id", sa.Uuid(), sa.ForeignKey("provider.id"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("checked_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.String()),
        sa.Column("lapsed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("kind IN ('licence', 'food', 'fire')", name="credential_kind"),
        sa.CheckConstraint("state IN ('submitted', 'checked', 'refused')", name="credential_state"),
        sa.CheckConstraint("valid_until >= valid_from", name="credential_period"),
        sa.CheckConstraint("(state = 'submitted') = (checked_at IS NULL)", name="credential_checked"),
    )
    op.create_index("credential_of_provider", "credential", ["provider_id", "kind"])


def _caregiver() -> None:
    op.create_table(
        "caregiver",
        sa.Column("id", sa.Uuid(), sa.ForeignKey("performer.id"), primary_key=True),
        sa.Column("provider_id", sa.Uuid(), sa.ForeignKey("provider.id"), nullable=False, index=True),
        sa.Column("trained_on", sa.Date()),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("capacity_boxes", sa.Integer(), nullable=False),
        sa.CheckConstraint(PLACE, name="caregiver_place"),
        sa.CheckConstraint("capacity_boxes BETWEEN 0 AND 100", name="caregiver_boxes"),
    )


def _weekly_shift() -> None:
    op.create_table(
        "weekly_shift",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("caregiver_id", sa.Uuid(), sa.ForeignKey("caregiver.id"), nullable=False, index=True),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("break_from", sa.Time()),
        sa.Column("break_until", sa.Time()),
        sa.Column("break_seconds", sa.Integer(), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="weekly_shift_weekday"),
        sa.CheckConstraint("ends > starts", name="weekly_shift_period"),
        sa.CheckConstraint("break_seconds BETWEEN 0 AND 14400", name="weekly_shift_break_seconds"),
        sa.CheckConstraint(
            "(break_seconds = 0 AND break_from IS NULL AND break_until IS NULL) OR (break_seconds > 0"
            " AND break_from IS NOT NULL AND break_until IS NOT NULL"
            " AND break_from >= starts AND break_until >= break_from AND break_until <= ends)",
            name="weekly_shift_break",
        ),
    )


def _kitchen() -> None:
    op.create_table(
        "kitchen",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("provider_id", sa.Uuid(), sa.ForeignKey("provider.id"), nullable=False, index=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("district_ids", ARRAY(sa.Uuid()), nullable=False),
        sa.Column("lunch_capacity", sa.Integer(), nullable=False),
        sa.Column("dinner_capacity", sa.Integer(), nullable=False),
        sa.CheckConstraint(PLACE, name="kitchen_place"),
        sa.CheckConstraint("lunch_capacity >= 0 AND dinner_capacity >= 0", name="kitchen_capacity"),
        sa.CheckConstraint("cardinality(district_ids) > 0", name="kitchen_districts"),
    )


def _offer() -> None:
    op.create_table(
        "offer",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("provider_id", sa.Uuid(), sa.ForeignKey("provider.id"), nullable=False, index=True),
        sa.Column("service", sa.String(), sa.ForeignKey("service.code"), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("kitchen_id", sa.Uuid(), sa.ForeignKey("kitchen.id")),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.CheckConstraint("tier IN ('free', 'low_cost', 'paid')", name="offer_tier"),
        sa.CheckConstraint("state IN ('open', 'withdrawn')", name="offer_state"),
        sa.CheckConstraint("(service = 'meal') = (kitchen_id IS NOT NULL)", name="offer_kitchen"),
    )
    op.create_index("offer_of_service", "offer", ["service", "state"])


def _price() -> None:
    op.create_table(
        "price",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("offer_id", sa.Uuid(), sa.ForeignKey("offer.id"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.CheckConstraint("unit IN ('fen', 'minutes')", name="price_unit"),
        sa.CheckConstraint("amount >= 0", name="price_amount"),
        sa.CheckConstraint("version > 0", name="price_version"),
        sa.CheckConstraint("valid_from >= published_at", name="price_not_backdated"),
        sa.UniqueConstraint("offer_id", "version", name="price_once"),
    )
    op.create_index("price_in_force", "price", ["offer_id", "unit", "valid_from"])
    op.execute(
        "CREATE FUNCTION price_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'published prices only grow' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER price_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON price "
        "FOR EACH STATEMENT EXECUTE FUNCTION price_append_only()"
    )


def _rating() -> None:
    op.create_table(
        "rating",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), sa.ForeignKey("provider.id"), nullable=False, index=True),
        sa.Column("elder_id", sa.Uuid(), sa.ForeignKey("elder.id"), nullable=False),
        sa.Column("rated_by", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("comment_sealed", sa.LargeBinary()),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name="rating_stars"),
        sa.UniqueConstraint("booking_id", name="rating_once"),
    )
