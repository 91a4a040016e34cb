"""What stands in the way of taking an import back: each member who has done something since, and what.

Everything that refers to a member, her account or her performer counts. The tables that can are asked of the database
itself, so that a new one is never forgotten.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.errors import Language
from marketplace.hours.importing.models import BankImport

TEXTS: dict[str, tuple[str, str]] = {
    "signed_in": ("已登录或索取过验证码（{count} 次）", "she signed in, or asked for a code ({count})"),
    "moved": ("账户已有 {count} 笔其他记账", "her account has {count} entries of another cause"),
    "held": ("账户上有过 {count} 笔预留", "minutes of hers were set aside {count} times"),
    "expects": ("有 {count} 笔其他银行的付款在途", "{count} payments of other banks are on their way to her"),
    "standing_changed": ("会员资格已变更", "her membership is not as the import left it"),
    "serves": ("已登记为志愿者", "she has become a volunteer who may serve"),
    "referred_to": ("{table} 中有 {count} 条相关记录", "{count} rows of {table} are about her"),
}
SIGNING_IN = frozenset({"sign_in_code", "refresh_token"})
_MINE = (
    " FROM imported_member i JOIN member m ON m.id = i.member_id LEFT JOIN account a ON a.id = m.account_id"
    " AND m.kind <> 'elder'"
)
_QUERIES = {
    "moved": (
        "SELECT i.external_id AS who, count(DISTINCT e.id) AS n" + _MINE + " JOIN ledger_posting p"
        " ON p.account = m.ledger_account JOIN ledger_entry e ON e.id = p.entry LEFT JOIN bank_import b"
        " ON e.reference = 'import:' || b.id AND e.kind IN ('imported', 'reversal')"
        " WHERE i.import_id = :id AND b.id IS NULL GROUP BY 1"
    ),
    "held": (
        "SELECT i.external_id AS who, count(*) AS n" + _MINE + " JOIN ledger_hold h ON h.account = m.ledger_account"
        " WHERE i.import_id = :id GROUP BY 1"
    ),
    "expects": (  # decided by the payer's side: it comes even to who is shut out
        "SELECT i.external_id AS who, count(*) AS n" + _MINE + " JOIN ledger_relay r ON r.account = m.ledger_account"
        " AND r.direction = 'in' AND r.state = 'prepared' WHERE i.import_id = :id GROUP BY 1"
    ),
    "standing_changed": (
        "SELECT i.external_id AS who, 1 AS n" + _MINE + " WHERE i.import_id = :id AND (m.consented_at IS NOT NULL"
        " OR m.suspended_until IS NOT NULL"
        # one that stopped while it let people in has let in some of them
        " OR CASE WHEN m.guardian_id IS NOT NULL THEN m.state <> 'pending' WHEN :done THEN m.state <> 'active'"
        " ELSE m.state NOT IN ('pending', 'active') END)"
    ),
    "serves": (
        "SELECT i.external_id AS who, 1 AS n" + _MINE + " WHERE i.import_id = :id AND m.kind <> 'group'"
        " AND m.performer_id IS NOT NULL"
    ),
}
_WHOSE = " WHERE i.import_id = :id"  # in each of them, once
_REFERENCES = text(
    "SELECT c.conrelid::regclass::text AS child, quote_ident(k.attname) AS key, c.confrelid::regclass::text AS parent"
    " FROM pg_constraint c JOIN pg_attribute k ON k.attrelid = c.conrelid AND k.attnum = c.conkey[1]"
    " WHERE c.contype = 'f' AND c.confrelid IN ('member'::regclass, 'account'::regclass, 'performer'::regclass)"
    " ORDER BY 1, 2"
)
_PARENTS = {"member": "m.id", "account": "a.id", "performer": "m.performer_id"}
_OWN = frozenset({("imported_member", "member_id"), ("imported_line", "member_id"), ("member", "account_id")})
# rows of the import itself that name one another: wards, groups with their contacts and performers
_AMONG_THEMSELVES = {
    "member": "t.id NOT IN (SELECT member_id FROM imported_member WHERE import_id = :id)",
    "performer": "t.id NOT IN (SELECT o.performer_id FROM imported_member x JOIN member o ON o.id = x.member_id"
    " WHERE x.import_id = :id AND o.performer_id IS NOT NULL)",
}


@dataclass(frozen=True, slots=True, order=True)
class Obstacle:
    """One member, by the old bank's id, and what she has done. `table` names where, when the code alone does not."""

    member: str
    code: str
    count: int
    table: str = ""

    def sentence(self, language: Language) -> str:
        """It, in words."""
        return TEXTS[self.code][0 if language == "zh" else 1].format(count=self.count, table=self.table)


async def obstacles_to(tx: AsyncSession, made: BankImport, *, among: Sequence[UUID] | None = None) -> list[Obstacle]:
    """Everything that stands in the way, by member, or by these; empty when the import may be taken back."""
    given: dict[str, Any] = {"id": made.id, "done": made.finished_at is not None, "among": among}
    found: list[Obstacle] = []
    for code, query in _QUERIES.items():
        found += await _found(tx, code, query, given)
    for child, key, parent in (await tx.execute(_REFERENCES)).all():
        if (child, key) in _OWN:
            continue
        also = f" AND {_AMONG_THEMSELVES[child]}" if child in _AMONG_THEMSELVES else ""
        query = (  # names of our own tables, as the database spells and quotes them
            f"SELECT i.external_id AS who, count(*) AS n{_MINE} JOIN {child} t ON t.{key} = {_PARENTS[parent]}"
            f" WHERE i.import_id = :id{also} GROUP BY 1"
        )
        code = "signed_in" if child in SIGNING_IN else "referred_to"
        found += await _found(tx, code, query, given, table=child)
    return sorted(found)


async def _found(tx: AsyncSession, code: str, query: str, given: dict[str, Any], *, table: str = "") -> list[Obstacle]:
    if given["among"] is not None:
        query = query.replace(_WHOSE, f"{_WHOSE} AND i.member_id = ANY(:among)")
    used = {name: value for name, value in given.items() if f":{name}" in query}
    return [Obstacle(row.who, code, int(row.n), table) for row in await tx.execute(text(query), used)]


def obstacles_csv(found: Sequence[Obstacle]) -> str:
    """Every obstacle as CSV, in both languages."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("member", "code", "zh", "en"))
    for one in found:
        writer.writerow((one.member, one.code, one.sentence("zh"), one.sentence("en")))
    return out.getvalue()
