"""Tables of imports: which files came in, who came with them, and what an old bank said of an entry."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id


class BankImport(SQLModel, table=True):
    """A bank that came in, once: `files_sha256` is of its files. Its minutes were issued by `programme_id`."""

    __tablename__ = "bank_import"
    __table_args__ = (CheckConstraint("members >= 0 AND entries >= 0 AND minutes >= 0", name="bank_import_counts"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    files_sha256: bytes = Field(unique=True)
    programme_id: UUID = Field(foreign_key="programme.id", unique=True)
    members: int
    entries: int
    minutes: int
    imported_by: UUID | None = Field(default=None, foreign_key="account.id")
    imported_at: datetime = instant()


class ImportedMember(SQLModel, table=True):
    """Whom an id of the old bank became here."""

    __tablename__ = "imported_member"
    __table_args__ = (UniqueConstraint("import_id", "external_id", name="imported_member_once"),)

    member_id: UUID = Field(primary_key=True, foreign_key="member.id")
    import_id: UUID = Field(foreign_key="bank_import.id")
    external_id: str
    birth_on: date


class ImportedLine(SQLModel, table=True):
    """What the old bank said of an entry, sealed under the member's own key: each of the two has a copy."""

    __tablename__ = "imported_line"

    member_id: UUID = Field(primary_key=True, foreign_key="member.id")
    entry_key: str = Field(primary_key=True)
    words_sealed: bytes
