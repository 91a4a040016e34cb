"""An import may be taken back, and its files come in again; a key of a link is given up before it is taken;
a student's changed school or number is proved.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

RULES = {
    "state": "state IN ('running', 'stopped', 'done', 'undoing', 'undo_stopped', 'undone')",
    "finished": "CASE WHEN state IN ('running', 'stopped') THEN finished_at IS NULL"
    " WHEN state = 'done' THEN finished_at IS NOT NULL ELSE true END",
    "trouble": "(state IN ('stopped', 'undo_stopped')) = (trouble IS NOT NULL)",
    "undo_steps": "undone_steps BETWEEN 0 AND undo_steps",
    "undo": "(state IN ('undoing', 'undo_stopped', 'undone')) = (num_nulls(undo_reason, undo_at) = 0)",
    "undone": "(state = 'undone') = (undone_at IS NOT NULL)",
}


def upgrade() -> None:
    _imports()
    op.add_column("link_peer", sa.Column("withdrawn_public_key", sa.LargeBinary()))
    _students()


def _imports() -> None:
    for column in (
        sa.Column("undo_reason", sa.String()),
        sa.Column("undo_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("undo_at", sa.DateTime(timezone=True)),
        sa.Column("undo_steps", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("undone_steps", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
    ):
        op.add_column("bank_import", column)
    for name in ("undo_steps", "undone_steps"):
        op.alter_column("bank_import", name, server_default=None)
    for name in ("state", "finished", "trouble"):
        op.drop_constraint(f"bank_import_{name}", "bank_import")
    for name, rule in RULES.items():
        op.create_check_constraint(f"bank_import_{name}", "bank_import", rule)
    op.drop_constraint("bank_import_files_sha256_key", "bank_import")
    still = sa.text("state <> 'undone'")
    op.create_index("bank_import_files", "bank_import", ["files_sha256"], unique=True, postgresql_where=still)


def _students() -> None:
    op.create_table(
        "student_change",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("member_id", sa.Uuid(), sa.ForeignKey("member.id"), nullable=False, index=True),
        sa.Column("school", sa.String(), nullable=False),
        sa.Column("student_number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("student_hash", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proof", sa.String()),
        sa.Column("decided_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decision", sa.String()),
        sa.Column("before_school", sa.String()),
        sa.Column("before_number_sealed", sa.LargeBinary()),
        sa.CheckConstraint("state IN ('pending', 'confirmed', 'rejected', 'withdrawn')", name="student_change_state"),
        sa.CheckConstraint(
            "state <> 'confirmed' OR num_nulls(proof, before_school, before_number_sealed) = 0",
            name="student_change_proof",
        ),
        sa.CheckConstraint(
            "state NOT IN ('confirmed', 'rejected') OR num_nulls(decided_by, decided_at) = 0",
            name="student_change_decided",
        ),
        sa.CheckConstraint("state <> 'rejected' OR decision IS NOT NULL", name="student_change_decision"),
    )
    pending = sa.text("state = 'pending'")
    op.create_index("student_change_pending", "student_change", ["member_id"], unique=True, postgresql_where=pending)
