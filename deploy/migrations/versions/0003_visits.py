"""Performers, shifts, visits, assignments, evidence, plans."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint

revision = "0003"
down_revision = "0002"

PLACE = "lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90"
MODE = "mode IN ('walk', 'ebike', 'car')"


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    _performer()
    _shift()
    _visit()
    _assignment()
    _check_event()
    _plan_request()
    _plan()


def _performer() -> None:
    op.create_table(
        "performer",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("provider_id", sa.Uuid(), index=True),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), nullable=False, index=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("gender", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("skills", ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('caregiver', 'volunteer')", name="performer_kind"),
        sa.CheckConstraint("kind = 'volunteer' OR provider_id IS NOT NULL", name="performer_provider"),
        sa.CheckConstraint("gender IN ('f', 'm')", name="performer_gender"),
        sa.CheckConstraint(MODE, name="performer_mode"),
        sa.CheckConstraint("state IN ('active', 'left')", name="performer_state"),
    )


def _shift() -> None:
    op.create_table(
        "shift",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("performer_id", sa.Uuid(), sa.ForeignKey("performer.id"), nullable=False),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("skills", ARRAY(sa.Text()), nullable=False),
        sa.Column("capacity_boxes", sa.Integer(), nullable=False),
        sa.Column("break_from", sa.DateTime(timezone=True)),
        sa.Column("break_until", sa.DateTime(timezone=True)),
        sa.Column("break_seconds", sa.Integer(), nullable=False),
        sa.Column("unpaid", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name="shift_period"),
        sa.CheckConstraint("capacity_boxes >= 0", name="shift_boxes"),
        sa.CheckConstraint("break_seconds >= 0", name="shift_break_seconds"),
        sa.CheckConstraint(
            "break_seconds = 0 OR (break_from >= starts_at AND break_until >= break_from AND break_until <= ends_at)",
            name="shift_break",
        ),
        sa.CheckConstraint(MODE, name="shift_mode"),
        sa.CheckConstraint("state IN ('open', 'withdrawn')", name="shift_state"),
        sa.CheckConstraint(PLACE, name="shift_place"),
        ExcludeConstraint(
            (sa.column("performer_id"), "="),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            where=sa.text("state = 'open'"),
            name="shift_once",
            using="gist",
        ),
    )
    op.create_index("shift_day", "shift", ["district_id", "day"])


def _visit() -> None:
    op.create_table(
        "visit",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("cause_kind", sa.String(), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), sa.ForeignKey("elder.id"), nullable=False, index=True),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("service_seconds", sa.Integer(), nullable=False),
        sa.Column("crew_size", sa.Integer(), nullable=False),
        sa.Column("skills", ARRAY(sa.Text()), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("mandatory", sa.Boolean(), nullable=False),
        sa.Column("kitchen_id", sa.Uuid()),
        sa.Column("kitchen_lon", sa.Float()),
        sa.Column("kitchen_lat", sa.Float()),
        sa.Column("boxes", sa.Integer(), nullable=False),
        sa.Column("max_ride_seconds", sa.Integer()),
        sa.Column("findings", ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_visit_checks(),
    )
    op.create_index("visit_of_cause", "visit", ["cause_kind", "cause_id"])
    op.create_index("visit_day", "visit", ["district_id", "window_start"])


def _visit_checks() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("cause_kind IN ('booking', 'task')", name="visit_cause"),
        sa.CheckConstraint("window_end >= window_start", name="visit_window"),
        sa.CheckConstraint("service_seconds > 0", name="visit_service"),
        sa.CheckConstraint("crew_size BETWEEN 1 AND 4", name="visit_crew"),
        sa.CheckConstraint("priority BETWEEN 1 AND 100", name="visit_priority"),
        sa.CheckConstraint(PLACE, name="visit_place"),
        sa.CheckConstraint(
            "(kitchen_id IS NULL AND boxes = 0) OR (kitchen_id IS NOT NULL AND kitchen_lon BETWEEN -180 AND 180"
            " AND kitchen_lat BETWEEN -90 AND 90 AND boxes > 0 AND crew_size = 1)",
            name="visit_kitchen",
        ),
        sa.CheckConstraint("max_ride_seconds > 0", name="visit_ride"),
        sa.CheckConstraint(
            "state IN ('planned', 'published', 'checked_in', 'checked_out', 'exception', 'approved', 'settled',"
            " 'missed', 'cancelled')",
            name="visit_state",
        ),
    ]


def _assignment() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("visit_id", sa.Uuid(), sa.ForeignKey("visit.id"), nullable=False, index=True),
        sa.Column("member", sa.Integer(), nullable=False),
        sa.Column("performer_id", sa.Uuid(), sa.ForeignKey("performer.id"), nullable=False),
        sa.Column("shift_id", sa.Uuid(), sa.ForeignKey("shift.id"), index=True),
        sa.Column("plan_id", sa.Uuid(), index=True),
        sa.Column("planned_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pickup_at", sa.DateTime(timezone=True)),
        sa.Column("travel_seconds", sa.Integer(), nullable=False),
        sa.Column("travel_metres", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('planned', 'published', 'checked_in', 'checked_out', 'withdrawn')", name="assignment_state"
        ),
        sa.CheckConstraint("planned_until > planned_from", name="assignment_period"),
        sa.CheckConstraint("pickup_at <= planned_from", name="assignment_pickup"),
        sa.CheckConstraint("member BETWEEN 0 AND 3", name="assignment_member"),
        sa.CheckConstraint("travel_seconds >= 0 AND travel_metres >= 0", name="assignment_travel"),
        ExcludeConstraint(
            (sa.column("performer_id"), "="),
            (sa.text("tstzrange(planned_from, planned_until)"), "&&"),
            where=sa.text("state IN ('planned', 'published', 'checked_in')"),
            name="assignment_one_place",
            using="gist",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    live = sa.text("state <> 'withdrawn'")
    op.create_index("assignment_member_once", "assignment", ["visit_id", "member"], unique=True, postgresql_where=live)


def _check_event() -> None:
    op.create_table(
        "check_event",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("assignment_id", sa.Uuid(), sa.ForeignKey("assignment.id"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("device_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("accuracy_metres", sa.Float(), nullable=False),
        sa.Column("mocked", sa.Boolean(), nullable=False),
        sa.Column("distance_metres", sa.Float(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('in', 'out')", name="check_event_kind"),
        sa.CheckConstraint(PLACE, name="check_event_place"),
        sa.CheckConstraint("accuracy_metres >= 0 AND distance_metres >= 0", name="check_event_metres"),
        sa.UniqueConstraint("assignment_id", "kind", name="check_event_once"),
    )


def _plan_request() -> None:
    op.create_table(
        "plan_request",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("done_version", sa.Integer(), nullable=False),
        sa.Column("claim", sa.Uuid()),
        sa.Column("claimed_until", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.String()),
        sa.UniqueConstraint("district_id", "day", name="plan_request_day"),
        sa.CheckConstraint("done_version <= version", name="plan_request_done"),
    )


def _plan() -> None:
    op.create_table(
        "plan",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("problem", JSONB(), nullable=False),
        sa.Column("plan", JSONB(), nullable=False),
        sa.Column("kept", JSONB(), nullable=False),
        sa.Column("left_out", JSONB(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("district_id", "day", "version", name="plan_version"),
        sa.CheckConstraint("state IN ('published', 'superseded', 'rejected')", name="plan_state"),
        sa.CheckConstraint("(state = 'rejected') = (published_at IS NULL)", name="plan_published"),
    )
    published = sa.text("state = 'published'")
    op.create_index("plan_in_force", "plan", ["district_id", "day"], unique=True, postgresql_where=published)
