"""Alerts of every kind in one table, each cause once; debts are taken over. Imports are carried out step by step."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"

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
    _alerts()
    _imports()


def _imports() -> None:
    """What came in before is done; it was one transaction, and had no steps."""
    for column in (
        sa.Column("encoding", sa.String(), nullable=False, server_default="utf-8"),
        sa.Column("state", sa.String(), nullable=False, server_default="done"),
        sa.Column("steps", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("done_steps", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("trouble", sa.String()),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
    ):
        op.add_column("bank_import", column)
    op.execute("UPDATE bank_import SET finished_at = imported_at")
    for name in ("encoding", "state", "steps", "done_steps"):
        op.alter_column("bank_import", name, server_default=None)
    for name, rule in (
        ("state", "state IN ('running', 'stopped', 'done')"),
        ("steps", "done_steps BETWEEN 0 AND steps"),
        ("finished", "(state = 'done') = (finished_at IS NOT NULL)"),
        ("trouble", "(state = 'stopped') = (trouble IS NOT NULL)"),
    ):
        op.create_check_constraint(f"bank_import_{name}", "bank_import", rule)
    op.alter_column("imported_member", "birth_on", nullable=True)
    op.create_table(
        "bank_file",
        sa.Column("import_id", sa.Uuid(), sa.ForeignKey("bank_import.id"), primary_key=True),
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("piece", sa.Integer(), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )


def _alerts() -> None:
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
