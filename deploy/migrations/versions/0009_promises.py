"""Promises: matters that wait for a person, providers that accept themselves, closed doors, credit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    _matter()
    _acceptance()
    _attendance()
    _blacklisting()
    # days opened before have no abilities: their rows count alone until the days are opened again
    op.add_column("capacity", sa.Column("abilities", JSONB()))


def _matter() -> None:
    op.create_table(
        "matter",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), sa.ForeignKey("booking.id"), nullable=False, index=True),
        sa.Column("provider_id", sa.Uuid(), sa.ForeignKey("provider.id"), nullable=False),
        sa.Column("elder_id", sa.Uuid(), sa.ForeignKey("elder.id"), nullable=False),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("closed_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("outcome", sa.String()),
        sa.Column("note", sa.String()),
        sa.CheckConstraint(
            "kind IN ('provider_gone', 'nobody_came', 'welfare', 'customer_absent')", name="matter_kind"
        ),
        sa.CheckConstraint("state IN ('open', 'resolved', 'dropped')", name="matter_state"),
        sa.CheckConstraint("state = 'open' OR (closed_at IS NOT NULL AND outcome IS NOT NULL)", name="matter_closed"),
    )
    still_open = sa.text("state = 'open'")
    op.create_index("matter_open_once", "matter", ["booking_id", "kind"], unique=True, postgresql_where=still_open)
    op.create_index("matter_due", "matter", ["district_id", "due_at"], postgresql_where=still_open)


def _acceptance() -> None:
    for table in ("offer", "booking"):
        # what was offered and booked before is confirmed without the provider's word, as it was agreed
        op.add_column(table, sa.Column("must_accept", sa.Boolean(), nullable=False, server_default=sa.false()))
        op.alter_column(table, "must_accept", server_default=None)
    op.add_column("booking", sa.Column("accept_by", sa.DateTime(timezone=True)))
    op.drop_constraint("booking_state", "booking")
    op.create_check_constraint(
        "booking_state",
        "booking",
        "state IN ('held', 'awaiting_payment', 'awaiting_acceptance', 'confirmed', 'in_service', 'completed',"
        " 'closed', 'expired', 'declined', 'cancelled', 'failed', 'no_show')",
    )
    op.create_check_constraint(
        "booking_accept_by", "booking", "state <> 'awaiting_acceptance' OR accept_by <= window_start"
    )


def _attendance() -> None:
    op.drop_constraint("check_event_kind", "check_event")
    op.create_check_constraint("check_event_kind", "check_event", "kind IN ('in', 'out', 'knock', 'left')")
    op.create_table(
        "credit_event",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("provider_id", sa.Uuid(), sa.ForeignKey("provider.id"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('no_show')", name="credit_event_kind"),
        sa.UniqueConstraint("cause", "kind", name="credit_event_once"),
    )
    op.create_index("credit_event_of_provider", "credit_event", ["provider_id", "occurred_at"])


def _blacklisting() -> None:
    op.drop_constraint("provider_state", "provider")
    op.create_check_constraint(
        "provider_state",
        "provider",
        "state IN ('applied', 'verified', 'active', 'warned', 'suspended', 'lapsed', 'blacklisted', 'repaired')",
    )
    op.create_table(
        "blacklisting",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("provider_id", sa.Uuid(), sa.ForeignKey("provider.id"), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("appeal_until", sa.DateTime(timezone=True)),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("appeal", sa.String()),
        sa.Column("decided_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("decision", sa.String()),
        sa.CheckConstraint(
            "state IN ('proposed', 'in_force', 'appealed', 'refused', 'lifted', 'expired')", name="blacklisting_state"
        ),
        sa.CheckConstraint("days BETWEEN 1 AND 3650", name="blacklisting_days"),
        sa.CheckConstraint("confirmed_by <> proposed_by", name="blacklisting_two_persons"),
        sa.CheckConstraint(
            "state IN ('proposed', 'refused')"
            " OR (confirmed_by IS NOT NULL AND appeal_until IS NOT NULL AND expires_at IS NOT NULL)",
            name="blacklisting_confirmed",
        ),
        sa.CheckConstraint(
            "decided_by <> proposed_by AND decided_by <> confirmed_by", name="blacklisting_third_person"
        ),
    )
    running = sa.text("state IN ('proposed', 'in_force', 'appealed')")
    op.create_index("blacklisting_once", "blacklisting", ["provider_id"], unique=True, postgresql_where=running)
