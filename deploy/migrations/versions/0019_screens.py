"""Alerts of every kind in one table, each cause once. Debts that were open or closed are taken over."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0016"

STILL_OPEN = sa.text("state = 'open'")
TAKEN_OVER = (
    "INSERT INTO alert (id, kind, subject, district_id, figures, since, last_on, times, state, version, opened_at,"
    " closed_at, closed_by, note)"
    " SELECT id, 'debt_above_cap', district_id, district_id,"
    " jsonb_build_object('debt_minutes', debt_minutes, 'drawn_minutes', drawn_minutes),"
    " since, last_on, nights, state, version, opened_at, closed_at, closed_by, note FROM debt_alert"
)
# the nights of an alert are not known one by one: every day between its first and its last counts as seen
SEEN = (
    "INSERT INTO alert_cause (kind, subject, cause) SELECT DISTINCT 'debt_above_cap', district_id, day::date::text"
    " FROM debt_alert, generate_series(since, last_on, '1 day') day"
)


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), index=True),
        sa.Column("figures", JSONB(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("closed_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("note", sa.String()),
        sa.CheckConstraint("state IN ('open', 'closed')", name="alert_state"),
        sa.CheckConstraint("state = 'open' OR num_nulls(closed_at, note) = 0", name="alert_closed"),
        sa.CheckConstraint("times > 0 AND since <= last_on", name="alert_times"),
    )
    op.create_index("alert_open_once", "alert", ["kind", "subject"], unique=True, postgresql_where=STILL_OPEN)
    op.create_index("alert_subject", "alert", ["kind", "subject"])
    op.create_table(
        "alert_cause",
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("subject", sa.Uuid(), primary_key=True),
        sa.Column("cause", sa.String(), primary_key=True),
    )
    op.execute(TAKEN_OVER)
    op.execute(SEEN)
    op.drop_table("debt_alert")
