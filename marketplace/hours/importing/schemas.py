"""What the routes of imports take and give."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from marketplace.hours.importing.files import Encoding
from marketplace.web.schemas import In, Out

Content = Annotated[str, Field(max_length=60_000_000, description="the file's bytes in base64")]
MOST_SHOWN = 10_000


class BankIn(In):
    """The files of a bank. Without a history the balances come in as they are."""

    members: Content = Field(examples=["ZXh0ZXJuYWxfaWQsbmFtZSxwaG9uZSxraW5kLGRpc3RyaWN0LGJpcnRoX29uLGpvaW5lZF9vbgo="])
    balances: Content = Field(examples=["bWVtYmVyLG1pbnV0ZXMsYXNfb2YK"])
    history: Content | None = Field(default=None, examples=["a2V5LGRhdGUsZnJvbSx0byxtaW51dGVzLGtpbmQsdGV4dAo="])
    encoding: Encoding = "utf-8"


class BankCommitIn(BankIn):
    """The same files once more, with the token of the report on them."""

    token: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ProblemOut(Out):
    """One thing wrong. Line 1 is the header, 0 the whole file."""

    file: str = Field(examples=["members.csv"])
    line: int = Field(examples=[17])
    column: str = Field(examples=["电话"])
    code: str = Field(examples=["phone_taken"])
    zh: str
    en: str


class BankReportOut(Out):
    """What a dry run found and what a commit would make. `token` is there only when nothing is wrong."""

    files_sha256: str
    token: str | None
    done: bool = Field(description="these files came in before: a commit changes nothing")
    rows: dict[str, int] = Field(examples=[{"members.csv": 120, "balances.csv": 120, "history.csv": 900}])
    members: dict[str, int] = Field(description="by kind", examples=[{"individual": 100, "elder": 20}])
    entries: int
    minutes: int = Field(description="issued in all, and the programme's ceiling")
    problems_total: int
    problems: list[ProblemOut] = Field(description=f"the first {MOST_SHOWN}")


class BankImportOut(Out):
    """A bank that comes in. `stopped`: send the same files again once `trouble` is mended, and it goes on."""

    id: UUID
    address: str = Field(examples=["/v1/imports/0195a3f0-0000-7000-8000-000000000001"], description="see how far it is")
    state: Literal["running", "stopped", "done"]
    steps: int = Field(examples=[180])
    done_steps: int = Field(examples=[42])
    trouble: str | None = Field(examples=["here_changed"])
    programme_id: UUID
    members: int
    entries: int
    minutes: int
    imported_at: datetime = Field(description="when it began")
    finished_at: datetime | None
