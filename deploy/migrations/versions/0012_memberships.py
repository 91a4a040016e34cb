"""Kinds of members and their files, incidents with appeals."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"


def upgrade() -> None:
    _member()
    _incident()
    _files()


def _member() -> None:
    for column in (
        sa.Column("birth_on", sa.Date()),
        sa.Column("guardian_id", sa.Uuid(), sa.ForeignKey("member.id")),
        sa.Column("consented_at", sa.DateTime(timezone=True)),
        sa.Column("school", sa.String()),
        sa.Column("student_number_sealed", sa.LargeBinary()),
        sa.Column("student_hash", sa.LargeBinary()),
        sa.Column("name", sa.String()),
        sa.Column("contact_id", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("size", sa.Integer()),
        sa.Column("suspended_until", sa.DateTime(timezone=True)),
    ):
        op.add_column("member", column)
    op.create_unique_constraint("member_student_hash_key", "member", ["student_hash"])
    op.create_index("ix_member_guardian_id", "member", ["guardian_id"])
    op.create_index("ix_member_contact_id", "member", ["contact_id"])
    for name, condition in (
        ("member_kind", "kind IN ('individual', 'minor', 'student', 'group', 'elder', 'provider')"),
        ("member_individual", "kind NOT IN ('individual', 'minor', 'student') OR account_id IS NOT NULL"),
        ("member_state", "state IN ('pending', 'active', 'suspended', 'ended', 'left')"),
    ):
        op.drop_constraint(name, "member")
        op.create_check_constraint(name, "member", condition)
    for name, condition in (
        ("member_minor", "kind <> 'minor' OR (guardian_id IS NOT NULL AND birth_on IS NOT NULL)"),
        (
            "member_student",
            "num_nulls(school, student_number_sealed, student_hash) = CASE kind WHEN 'student' THEN 0 ELSE 3 END",
        ),
        ("member_group", "num_nulls(name, contact_id, size) = CASE kind WHEN 'group' THEN 0 ELSE 3 END"),
        ("member_size", "size BETWEEN 2 AND 500"),
    ):
        op.create_check_constraint(name, "member", condition)


def _incident() -> None:
    op.create_table(
        "incident",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("member_id", sa.Uuid(), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("task_id", sa.Uuid(), sa.ForeignKey("task.id"), index=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("appeal_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("appeal", sa.String()),
        sa.Column("appealed_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("decision", sa.String()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("kind IN ('no_show', 'malice')", name="incident_kind"),
        sa.CheckConstraint("state IN ('standing', 'appealed', 'upheld', 'struck_out')", name="incident_state"),
        sa.CheckConstraint("state = 'standing' OR num_nulls(appeal, appealed_at) = 0", name="incident_appeal"),
        sa.CheckConstraint(
            "state NOT IN ('upheld', 'struck_out') OR num_nulls(decided_by, decision, decided_at) = 0",
            name="incident_decided",
        ),
        sa.CheckConstraint("decided_by <> recorded_by", name="incident_two_persons"),
        sa.UniqueConstraint("member_id", "kind", "cause", name="incident_once"),
    )


def _files() -> None:
    op.create_table(
        "training",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("member_id", sa.Uuid(), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("passed_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date()),
        sa.Column("recorded_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('induction', 'first_aid', 'dementia_care', 'escort_safety')", name="training_kind"
        ),
        sa.CheckConstraint("valid_until >= passed_on", name="training_period"),
        sa.UniqueConstraint("member_id", "kind", "passed_on", name="training_once"),
    )
    op.create_table(
        "insurance",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("member_id", sa.Uuid(), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("insurer", sa.String(), nullable=False),
        sa.Column("policy_number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("valid_until >= valid_from", name="insurance_period"),
        sa.UniqueConstraint("member_id", "valid_from", name="insurance_once"),
    )
