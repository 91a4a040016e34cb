"""Members, programmes and tasks of the time bank."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("SELECT ledger_open_book('city', 'city', NULL)")
    _member()
    _programme()
    _task()


def _member() -> None:
    op.create_table(
        "member",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), unique=True),
        sa.Column("elder_id", sa.Uuid(), sa.ForeignKey("elder.id"), unique=True),
        sa.Column("provider_id", sa.Uuid(), sa.ForeignKey("provider.id"), unique=True),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), nullable=False, index=True),
        sa.Column("performer_id", sa.Uuid(), sa.ForeignKey("performer.id"), unique=True),
        sa.Column("ledger_account", sa.Uuid(), nullable=False, unique=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('individual', 'elder', 'provider')", name="member_kind"),
        sa.CheckConstraint("(kind = 'elder') = (elder_id IS NOT NULL)", name="member_elder"),
        sa.CheckConstraint("(kind = 'provider') = (provider_id IS NOT NULL)", name="member_provider"),
        sa.CheckConstraint("kind <> 'individual' OR account_id IS NOT NULL", name="member_individual"),
        sa.CheckConstraint("state IN ('active', 'suspended', 'left')", name="member_state"),
    )


def _programme() -> None:
    op.create_table(
        "programme",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), index=True),
        sa.Column("categories", ARRAY(sa.Text()), nullable=False),
        sa.Column("ceiling_minutes", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("authorised_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("authorised_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ceiling_minutes >= 0", name="programme_ceiling"),
        sa.CheckConstraint("cardinality(categories) > 0", name="programme_categories"),
        sa.CheckConstraint("valid_until >= valid_from", name="programme_period"),
        sa.CheckConstraint("state IN ('active', 'closed')", name="programme_state"),
    )


def _task() -> None:
    op.create_table(
        "task",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("elder_id", sa.Uuid(), sa.ForeignKey("elder.id"), nullable=False, index=True),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), nullable=False),
        sa.Column("community_id", sa.Uuid(), sa.ForeignKey("region.id"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("notes_sealed", sa.LargeBinary()),
        sa.Column("requested_by", sa.Uuid(), sa.ForeignKey("account.id"), index=True),
        sa.Column("source_kind", sa.String(), nullable=False),
        sa.Column("source_id", sa.Uuid()),
        sa.Column("source_account", sa.Uuid(), nullable=False),
        sa.Column("source_reason", sa.String(), nullable=False),
        sa.Column("considered", JSONB(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Uuid(), sa.ForeignKey("member.id")),
        sa.Column("verified_minutes", sa.Integer()),
        sa.Column("credited_minutes", sa.Integer()),
        sa.Column("excess_minutes", sa.Integer()),
        sa.Column("minutes_by", sa.String()),
        sa.Column("served_on", sa.Date()),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        *_task_checks(),
    )
    op.create_index("task_open", "task", ["district_id", "id"], postgresql_where=sa.text("state = 'published'"))
    op.create_index("task_served", "task", ["member_id", "served_on"])


def _task_checks() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(
            "kind IN ('companionship', 'escort', 'shopping', 'cleaning', 'welfare_visit')", name="task_kind"
        ),
        sa.CheckConstraint("window_end >= window_start", name="task_window"),
        sa.CheckConstraint("minutes > 0", name="task_minutes"),
        sa.CheckConstraint("source_kind IN ('own', 'relative', 'pool', 'programme')", name="task_source"),
        sa.CheckConstraint(
            "state IN ('published', 'grabbed', 'credited', 'missed', 'expired', 'cancelled')", name="task_state"
        ),
        sa.CheckConstraint(
            "state NOT IN ('grabbed', 'credited', 'missed') OR member_id IS NOT NULL", name="task_volunteer"
        ),
        sa.CheckConstraint(
            "state <> 'credited' OR (num_nulls(verified_minutes, credited_minutes, excess_minutes, served_on,"
            " minutes_by) = 0 AND verified_minutes BETWEEN 0 AND minutes AND credited_minutes >= 0"
            " AND excess_minutes >= 0 AND credited_minutes + excess_minutes = verified_minutes)",
            name="task_credit",
        ),
        sa.CheckConstraint("minutes_by IN ('evidence', 'officer')", name="task_minutes_by"),
    ]
