"""The three files of a bank, and what one row of each says. Columns go by their English or their Chinese names."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from marketplace.hours.importing.files import Shape

MEMBERS = Shape(
    "members.csv",
    {
        "external_id": ("编号", "会员编号"),
        "name": ("姓名",),
        "phone": ("电话", "手机"),
        "kind": ("类别",),
        "district": ("区", "所属区"),
        "birth_on": ("出生日期",),
        "joined_on": ("加入日期",),
    },
    {
        "guardian": ("监护人", "监护人编号"),
        "school": ("学校",),
        "student_number": ("学号",),
        "size": ("人数",),
        "contact": ("联系人", "联系人编号"),
        "gender": ("性别", "联系人性别"),
    },
)
BALANCES = Shape(
    "balances.csv", {"member": ("会员", "会员编号"), "minutes": ("分钟", "余额"), "as_of": ("截止日期", "日期")}
)
HISTORY = Shape(
    "history.csv",
    {
        "key": ("记录号",),
        "date": ("日期",),
        "from": ("转出方",),
        "to": ("转入方",),
        "minutes": ("分钟",),
        "kind": ("类别",),
        "text": ("说明",),
    },
)
SHAPES = (MEMBERS, BALANCES, HISTORY)
KINDS = {
    "individual": ("志愿者", "个人"),
    "minor": ("未成年人", "未成年"),
    "student": ("学生",),
    "group": ("团体", "集体"),
    "elder": ("老人", "老年人"),
}
SIGNING_IN = frozenset({"individual", "minor", "student"})  # who gets an account
GENDERS = {"f": ("女",), "m": ("男",)}


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member of the old bank. An elder is one who is registered here already.

    `guardian` and `contact` are ids of members in the same file: of a minor, and of a group, which has no date of birth
    and no telephone of its own.
    """

    line: int
    external_id: str
    name: str
    phone: str
    kind: str
    district_id: UUID
    birth_on: date | None
    joined_on: date
    guardian: str = ""
    school: str = ""
    student_number: str = ""
    size: int | None = None
    contact: str = ""
    gender: str = ""

    @property
    def student(self) -> str:
        """What is hashed to find the same student again."""
        return f"{self.school}:{self.student_number}"


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """What a member had at the end of a day."""

    line: int
    member: str
    minutes: int
    as_of: date


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """Minutes that went from one member to another. Without a giver the old bank issued them; without a receiver they
    went back to it."""

    line: int
    key: str
    day: date
    source: str
    destination: str
    minutes: int
    kind: str
    text: str
