"""Bookings, capacity, quotes, tenders, refunds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0005"
down_revision = "0004"

# At commit the tenders of a booking add up to its price: no code path, and no crash between two, can break it.
TENDERS_COVER = """
CREATE FUNCTION tenders_cover() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed jsonb := CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
  owner uuid := changed ->> TG_ARGV[0];
  price bigint;
  paid bigint;
BEGIN
  SELECT amount INTO price FROM booking WHERE id = owner;
  SELECT COALESCE(sum(tender.amount), 0) INTO paid
    FROM tender JOIN booking ON booking.id = tender.booking_id AND booking.unit = tender.unit
   WHERE tender.booking_id = owner;
  IF paid <> price OR EXISTS (
    SELECT FROM tender JOIN booking ON booking.id = tender.booking_id
     WHERE tender.booking_id = owner AND booking.unit <> tender.unit)
  THEN
    RAISE EXCEPTION 'tenders of booking % are %, its price is %', owner, paid, price
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tenders_cover';
  END IF;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    _booking()
    _capacity()
    _quote()
    _tender()
    op.execute(TENDERS_COVER)
    op.execute(
        "CREATE CONSTRAINT TRIGGER tenders_cover AFTER INSERT OR UPDATE OF amount, unit ON booking"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tenders_cover('id')"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER tenders_cover AFTER INSERT OR DELETE OR UPDATE OF amount, unit, booking_id ON tender"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tenders_cover('booking_id')"
    )


def _agreed() -> list[sa.Column[object]]:
    """What quote and booking both fix."""
    return [
        sa.Column("elder_id", sa.Uuid(), sa.ForeignKey("elder.id"), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("price_id", sa.Uuid(), nullable=False),
        sa.Column("price_version", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), nullable=False),
        sa.Column("service_seconds", sa.Integer(), nullable=False),
        sa.Column("crew_size", sa.Integer(), nullable=False),
        sa.Column("skills", ARRAY(sa.Text()), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("kitchen_id", sa.Uuid()),
        sa.Column("sitting", sa.String()),
        sa.Column("boxes", sa.Integer(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
    ]


def _booking() -> None:
    op.create_table(
        "booking",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("quote_id", sa.Uuid(), nullable=False, unique=True),
        *_agreed(),
        sa.Column("booked_by", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("payer_id", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cancel_policy", JSONB(), nullable=False),
        sa.Column("hold_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fee_fen", sa.Integer(), nullable=False),
        sa.Column("refunded_fen", sa.Integer(), nullable=False),
        sa.Column("cancelled_reason", sa.String()),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        *_booking_checks(),
    )
    for column in ("offer_id", "booked_by", "payer_id", "day"):
        op.create_index(f"ix_booking_{column}", "booking", [column])
    op.create_index("booking_of_elder", "booking", ["elder_id", "window_start"])
    op.create_index("booking_of_provider", "booking", ["provider_id", "day"])


def _booking_checks() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(
            "state IN ('held', 'awaiting_payment', 'confirmed', 'in_service', 'completed', 'closed', 'expired',"
            " 'declined', 'cancelled', 'failed')",
            name="booking_state",
        ),
        sa.CheckConstraint("unit IN ('fen', 'minutes')", name="booking_unit"),
        sa.CheckConstraint("channel IN ('app', 'phone', 'staff')", name="booking_channel"),
        sa.CheckConstraint("amount >= 0", name="booking_amount"),
        sa.CheckConstraint("window_end >= window_start", name="booking_window"),
        sa.CheckConstraint("service_seconds > 0 AND crew_size BETWEEN 1 AND 4", name="booking_service"),
        sa.CheckConstraint(
            "(sitting IS NULL AND kitchen_id IS NULL AND boxes = 0)"
            " OR (sitting IN ('lunch', 'dinner') AND kitchen_id IS NOT NULL AND boxes > 0)",
            name="booking_meal",
        ),
        sa.CheckConstraint(
            "fee_fen >= 0 AND refunded_fen >= 0 AND ((unit = 'fen' AND fee_fen <= amount AND refunded_fen <= amount)"
            " OR (fee_fen = 0 AND refunded_fen = 0))",
            name="booking_kept",
        ),
    ]


def _capacity() -> None:
    op.create_table(
        "capacity",
        sa.Column("provider_id", sa.Uuid(), primary_key=True),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), primary_key=True),
        sa.Column("skill", sa.String(), primary_key=True),
        sa.Column("slot_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.CheckConstraint("used >= 0 AND used <= seconds", name="capacity_used"),
        sa.CheckConstraint("extract(epoch FROM slot_at)::bigint % 1800 = 0", name="capacity_half_hour"),
    )
    op.create_table(
        "capacity_hold",
        sa.Column("booking_id", sa.Uuid(), sa.ForeignKey("booking.id"), primary_key=True),
        sa.Column("skill", sa.String(), primary_key=True),
        sa.Column("slot_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.CheckConstraint("seconds > 0", name="capacity_hold_seconds"),
    )
    op.create_table(
        "meal_capacity",
        sa.Column("kitchen_id", sa.Uuid(), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("sitting", sa.String(), primary_key=True),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.CheckConstraint("used >= 0 AND used <= capacity", name="meal_capacity_used"),
        sa.CheckConstraint("sitting IN ('lunch', 'dinner')", name="meal_capacity_sitting"),
    )


def _quote() -> None:
    op.create_table(
        "quote",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("asked_by", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False, index=True),
        *_agreed(),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("unit IN ('fen', 'minutes')", name="quote_unit"),
        sa.CheckConstraint("amount >= 0", name="quote_amount"),
        sa.CheckConstraint("window_end >= window_start", name="quote_window"),
        sa.CheckConstraint("sitting IN ('lunch', 'dinner')", name="quote_sitting"),
    )


def _tender() -> None:
    op.create_table(
        "tender",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("booking_id", sa.Uuid(), sa.ForeignKey("booking.id"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer()),
        sa.Column("reference", sa.String(), nullable=False),
        sa.UniqueConstraint("booking_id", "kind", name="tender_once"),
        sa.CheckConstraint(
            "(kind = 'card' AND unit = 'fen') OR (kind = 'hours' AND unit = 'minutes')", name="tender_kind"
        ),
        sa.CheckConstraint("amount > 0", name="tender_amount"),
        sa.CheckConstraint("state IN ('asked', 'held', 'captured', 'owed', 'released')", name="tender_state"),
        sa.CheckConstraint("kept >= 0 AND kept <= amount", name="tender_kept"),
    )
    op.create_table(
        "refund",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("booking_id", sa.Uuid(), sa.ForeignKey("booking.id"), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("refunded_by", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("refunded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name="refund_amount"),
    )
    op.create_index("refund_of_booking", "refund", ["booking_id"])
