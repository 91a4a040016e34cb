"""Members and tasks of the time bank."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    pass
