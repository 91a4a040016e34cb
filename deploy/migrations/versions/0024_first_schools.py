"""A student's first school is proved like a later one: nothing was proved before it. Who asked does not confirm.

An officer might confirm what she had asked for herself before this. Such rows stand as confirmed by her and asked for
by nobody; that she asked stays in the audit log.
"""

from alembic import op

revision = "0024"
down_revision = "0023"

PROOF = "state <> 'confirmed' OR (proof IS NOT NULL AND num_nulls(before_school, before_number_sealed) <> 1)"


def upgrade() -> None:
    op.drop_constraint("student_change_proof", "student_change")
    op.create_check_constraint("student_change_proof", "student_change", PROOF)
    op.execute("UPDATE student_change SET asked_by = NULL WHERE state = 'confirmed' AND decided_by = asked_by")
    op.create_check_constraint(
        "student_change_second_person", "student_change", "state <> 'confirmed' OR decided_by <> asked_by"
    )
