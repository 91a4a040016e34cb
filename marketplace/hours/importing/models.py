"""Tables of imports: which files come in and how far they are, who came with them, what the old bank said."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id


class BankImport(SQLModel, table=True):
    """A bank that comes in, once: `files_sha256` is of its files. Its minutes are issued by `programme_id`.

    running: `done_steps` of `steps` are taken · stopped: `trouble` says why, the same files go on from there · done.
    """

    __tablename__ = "bank_import"
    __table_args__ = (
        CheckConstraint("members >= 0 AND entries >= 0 AND minutes >= 0", name="bank_import_counts"),
        CheckConstraint("state IN ('running', 'stopped', 'done')", name="bank_import_state"),
        CheckConstraint("done_steps BETWEEN 0 AND steps", name="bank_import_steps"),
        CheckConstraint("(state = 'done') = (finished_at IS NOT NULL)", name="bank_import_finished"),
        CheckConstraint("(state = 'stopped') = (trouble IS NOT NULL)", name="bank_import_trouble"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    files_sha256: bytes = Field(unique=True)
    programme_id: UUID = Field(foreign_key="programme.id", unique=True)
    members: int
    entries: int
    minutes: int
    imported_by: UUID | None = Field(default=None, foreign_key="account.id")
    imported_at: datetime = instant()
    encoding: str = "utf-8"
    state: str = "running"
    steps: int = 0
    done_steps: int = 0
    trouble: str | None = None
    finished_at: datetime | None = instant(default=None)


class BankFile(SQLModel, table=True):
    """A piece of a file, in order, sealed under the import's own key: they hold names. Gone when the import is done."""

    __tablename__ = "bank_file"

    import_id: UUID = Field(primary_key=True, foreign_key="bank_import.id")
    name: str = Field(primary_key=True)
    piece: int = Field(primary_key=True)
    sealed: bytes


class ImportedMember(SQLModel, table=True):
    """Whom an id of the old bank became here."""

    __tablename__ = "imported_member"
    __table_args__ = (UniqueConstraint("import_id", "external_id", name="imported_member_once"),)

    member_id: UUID = Field(primary_key=True, foreign_key="member.id")
    import_id: UUID = Field(foreign_key="bank_import.id")
    external_id: str
    birth_on: date | None = None


class ImportedLine(SQLModel, table=True):
    """What the old bank said of an entry, sealed under the member's own key: each of the two has a copy."""

    __tablename__ = "imported_line"

    member_id: UUID = Field(primary_key=True, foreign_key="member.id")
    entry_key: str = Field(primary_key=True)
    words_sealed: bytes
