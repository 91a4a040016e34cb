"""Tables of imports: which files come in and how far they are, who came with them, what the old bank said."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id


class BankImport(SQLModel, table=True):
    """A bank that comes in, once: `files_sha256` is of its files. Its minutes are issued by `programme_id`.

    running: `done_steps` of `steps` are taken · stopped: `trouble` says why, the same files go on from there · done.
    `begun`: how many times, the first and each after a stop.
    undoing: on its way out, `undone_steps` of `undo_steps` are taken · undo_stopped: `trouble` says why · undone: the
    same files may come in as another import. `undo_obstacles`: somebody did something before she was shut out, and it
    is, or was, called off.
    """

    __tablename__ = "bank_import"
    __table_args__ = (
        CheckConstraint("members >= 0 AND entries >= 0 AND minutes >= 0", name="bank_import_counts"),
        CheckConstraint(
            "state IN ('running', 'stopped', 'done', 'undoing', 'undo_stopped', 'undone')", name="bank_import_state"
        ),
        CheckConstraint("done_steps BETWEEN 0 AND steps", name="bank_import_steps"),
        CheckConstraint(
            "CASE WHEN state IN ('running', 'stopped') THEN finished_at IS NULL"
            " WHEN state = 'done' THEN finished_at IS NOT NULL ELSE true END",
            name="bank_import_finished",
        ),
        CheckConstraint("(state IN ('stopped', 'undo_stopped')) = (trouble IS NOT NULL)", name="bank_import_trouble"),
        CheckConstraint("undone_steps BETWEEN 0 AND undo_steps", name="bank_import_undo_steps"),
        CheckConstraint(
            "(state IN ('undoing', 'undo_stopped', 'undone')) = (num_nulls(undo_reason, undo_at) = 0)",
            name="bank_import_undo",
        ),
        CheckConstraint("(state = 'undone') = (undone_at IS NOT NULL)", name="bank_import_undone"),
        Index("bank_import_files", "files_sha256", unique=True, postgresql_where=text("state <> 'undone'")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    files_sha256: bytes
    programme_id: UUID = Field(foreign_key="programme.id", unique=True)
    members: int
    entries: int
    minutes: int
    imported_by: UUID | None = Field(default=None, foreign_key="account.id")
    imported_at: datetime = instant()
    encoding: str = "utf-8"
    begun: int = 0
    state: str = "running"
    steps: int = 0
    done_steps: int = 0
    trouble: str | None = None
    finished_at: datetime | None = instant(default=None)
    undo_reason: str | None = None
    undo_by: UUID | None = Field(default=None, foreign_key="account.id")
    undo_at: datetime | None = instant(default=None)
    undo_steps: int = 0
    undone_steps: int = 0
    undone_at: datetime | None = instant(default=None)
    undo_obstacles: int = 0

    @property
    def reference(self) -> str:
        """What the import's entries refer to, and the reversals by which it is taken back."""
        return f"import:{self.id}"


class BankFile(SQLModel, table=True):
    """A piece of a file, in order, sealed under the import's own key: they hold names. Gone when the import is done."""

    __tablename__ = "bank_file"

    import_id: UUID = Field(primary_key=True, foreign_key="bank_import.id")
    name: str = Field(primary_key=True)
    piece: int = Field(primary_key=True)
    sealed: bytes


class ImportedMember(SQLModel, table=True):
    """Whom an id of the old bank became here. `was_in`: she is shut out again, and had been in; None: she is not."""

    __tablename__ = "imported_member"
    __table_args__ = (UniqueConstraint("import_id", "external_id", name="imported_member_once"),)

    member_id: UUID = Field(primary_key=True, foreign_key="member.id")
    import_id: UUID = Field(foreign_key="bank_import.id")
    external_id: str
    birth_on: date | None = None
    was_in: bool | None = None


class ImportedLine(SQLModel, table=True):
    """What the old bank said of an entry, sealed under the member's own key: each of the two has a copy."""

    __tablename__ = "imported_line"

    member_id: UUID = Field(primary_key=True, foreign_key="member.id")
    entry_key: str = Field(primary_key=True)
    words_sealed: bytes
