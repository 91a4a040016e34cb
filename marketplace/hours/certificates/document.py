"""The certificate as people read it: a PDF in Chinese and English, and its rows as CSV."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from marketplace.base.clock import local_day
from marketplace.base.papers.pdf import gap, heading, paragraph, pdf, qr, table
from marketplace.base.papers.tables import csv_text
from marketplace.hours.certificates.holder import Holder
from marketplace.hours.members.words import TASKS

CSV_HEADER = (
    "certificate",
    "name",
    "school",
    "student_number",
    "from",
    "to",
    "category",
    "minutes",
    "hours",
    "credits",
    "issued_on",
    "issuer",
    "key_id",
    "document_sha256",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a certificate says of hours; nobody is named. `address` is where anybody may check it."""

    code: str
    issuer: tuple[str, str]  # in Chinese and English
    branch: tuple[str, str]
    since: date
    until: date
    minutes: Mapping[str, int]
    hours_per_credit: int
    credits: int
    issued_at: datetime
    key_id: str
    policy: str
    address: str

    @property
    def total_minutes(self) -> int:
        """Of all categories."""
        return sum(self.minutes.values())


def in_hours(minutes: int) -> str:
    """`2:05` for 125 minutes."""
    return f"{minutes // 60}:{minutes % 60:02d}"


def as_pdf(facts: Facts, holder: Holder) -> bytes:
    """The document. The same facts give the same bytes, so that its hash can be told in public."""
    issued_on = local_day(facts.issued_at).isoformat()
    told = [
        ("事项 Item", "内容 Content"),
        ("编号 Certificate no.", facts.code),
        ("姓名 Name", holder.name),
        ("学校 School", holder.school),
        ("学号 Student number", holder.student_number),
        ("服务期间 Period", f"{facts.since} – {facts.until}"),
        (
            "学分 Credits",
            f"{facts.credits}（{facts.hours_per_credit} 小时 = 1 学分 / {facts.hours_per_credit} h each）",
        ),
        ("开具单位 Issuer", f"{facts.issuer[0]} · {facts.issuer[1]}"),
        ("所属分行 Branch", f"{facts.branch[0]} · {facts.branch[1]}"),
        ("开具日期 Issued on", issued_on),
    ]
    rows = [("服务类别 Category", "分钟 Minutes", "时:分 h:mm")]
    for kind, minutes in facts.minutes.items():
        rows.append((" ".join(TASKS.get(kind, (kind, ""))).strip(), str(minutes), in_hours(minutes)))
    rows.append(("合计 Total", str(facts.total_minutes), in_hours(facts.total_minutes)))
    parts = [
        heading("志愿服务时间证书"),
        heading("Certificate of Volunteer Hours", size=13),
        table(told, widths=(50, 120)),
        gap(6),
        table(rows, widths=(90, 40, 40)),
        gap(8),
        qr(facts.address),
        paragraph(f"任何人均可在此查验（不含个人信息）。Anybody may check it here; nobody is named: {facts.address}"),
        paragraph(f"签名密钥 Signing key (Ed25519): {facts.key_id}", size=8),
    ]
    return pdf(parts, title=f"Certificate {facts.code}", footer=f"{facts.code} · {issued_on}")


def as_csv(facts: Facts, holder: Holder, document_sha256: str) -> str:
    """A row per category and one for the total."""
    shared = (facts.code, holder.name, holder.school, holder.student_number, str(facts.since), str(facts.until))
    ends = (local_day(facts.issued_at).isoformat(), facts.issuer[0], facts.key_id, document_sha256)
    rows = [(*shared, kind, minutes, in_hours(minutes), None, *ends) for kind, minutes in facts.minutes.items()]
    total = facts.total_minutes
    return csv_text(CSV_HEADER, [*rows, (*shared, "total", total, in_hours(total), facts.credits, *ends)])
