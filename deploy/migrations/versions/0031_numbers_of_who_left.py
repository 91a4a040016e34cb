"""Students who left before anybody proved them have no number any more, so that its right holder may tell it.

What they had stays in their list, as withdrawn. The proof of hours looks for such numbers from now on.
"""

from alembic import op

revision = "0031"
down_revision = "0030"

LISTED = """
INSERT INTO student_change (id, member_id, school, student_number_sealed, student_hash, state, version, asked_at,
    before_school, before_number_sealed)
SELECT gen_random_uuid(), id, school, student_number_sealed, student_hash, 'withdrawn', 1, joined_at, school,
    student_number_sealed
FROM member WHERE state = 'left' AND kind = 'student' AND NOT EXISTS (SELECT FROM student_change c
    WHERE c.member_id = member.id AND c.state = 'confirmed' AND c.student_hash = member.student_hash)
"""
FREED = """
UPDATE member SET version = version + 1, school = NULL, student_number_sealed = NULL, student_hash = NULL,
    kind = CASE WHEN guardian_id IS NOT NULL
        AND birth_on > (now() AT TIME ZONE 'Asia/Shanghai')::date - interval '18 years'
        THEN 'minor' ELSE 'individual' END
WHERE state = 'left' AND kind = 'student' AND NOT EXISTS (SELECT FROM student_change c
    WHERE c.member_id = member.id AND c.state = 'confirmed' AND c.student_hash = member.student_hash)
"""


def upgrade() -> None:
    op.execute(LISTED)
    op.execute(FREED)
