"""What the routes of imports take and give."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from marketplace.hours.importing.files import Encoding
from marketplace.hours.importing.undoing.steps import EndsAs
from marketplace.web.schemas import In, Out

Content = Annotated[str, Field(max_length=60_000_000, description="the file's bytes in base64")]
MOST_SHOWN = 10_000
ENDS_AS = "as what it stands once its way out has ended: taken back, or as before where that was called off; else null"


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
    """A bank that comes in. `stopped`: send the same files again once `trouble` is mended, and it goes on.

    `undoing`: it is being taken back; `undo_stopped`: ask for that again once `trouble` is mended. Either may be called
    off on the way (`undo_obstacles`): then nothing is taken back, and `ends_as` says as what it stands after that.
    """

    id: UUID
    address: str = Field(examples=["/v1/imports/0195a3f0-0000-7000-8000-000000000001"], description="see how far it is")
    state: Literal["running", "stopped", "done", "undoing", "undo_stopped", "undone"]
    steps: int = Field(examples=[180])
    done_steps: int = Field(examples=[42])
    trouble: str | None = Field(examples=["here_changed"])
    programme_id: UUID
    members: int
    entries: int
    minutes: int
    imported_at: datetime = Field(description="when it began")
    finished_at: datetime | None
    undo_reason: str | None = Field(examples=["the file of another district"])
    undo_at: datetime | None = Field(description="when it began to be taken back")
    undo_steps: int = Field(examples=[0])
    undone_steps: int = Field(examples=[0], description="those out, and in again where it was called off")
    undone_at: datetime | None
    undo_obstacles: int = Field(
        examples=[0], description="above 0: somebody acted before she was shut out; taking it back is called off"
    )
    ends_as: EndsAs | None = Field(examples=["undone"], description=ENDS_AS)


class BankUndoIn(In):
    """Why an import is taken back; it is kept."""

    reason: Annotated[str, Field(min_length=1, max_length=500, examples=["the file of another district"])]


class ObstacleOut(Out):
    """A member of the import, by the old bank's id, who has done something since."""

    member: str = Field(examples=["V-0017"])
    code: str = Field(examples=["signed_in"])
    table: str = Field(examples=["refresh_token"], description="where it stands; empty: in the books or the membership")
    count: int = Field(examples=[1])
    zh: str
    en: str


class BankUndoReportOut(Out):
    """What taking an import back would do, and what stands in the way: with nothing in `obstacles` it may be.

    `called_off`: somebody acted on the way, and nothing is taken back; `steps` let everybody in again.
    """

    id: UUID
    state: Literal["stopped", "done", "undoing", "undo_stopped", "undone"]
    entries: int = Field(examples=[900], description="entries that are still to be reversed")
    members: int = Field(examples=[120], description="memberships that are still to end")
    steps: int = Field(examples=[3])
    called_off: bool = Field(examples=[False])
    ends_as: EndsAs | None = Field(examples=["undone"], description=ENDS_AS)
    obstacles_total: int = Field(examples=[0])
    obstacles: list[ObstacleOut] = Field(description=f"the first {MOST_SHOWN}")
