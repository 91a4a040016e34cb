"""A statement that proves itself: its lines' links of the account's chain, and the chain's head in a published root.

The document is JSON and is checked by `python -m timebank.verify_statement`, which shares no code with the ledger:
every line's entry is hashed anew, the links are followed to the head that went into the root of a day, and the root
is compared with the one that was published. Bytes are hex, instants microseconds since 1970.
"""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from timebank.merkle import Inclusion, inclusion
from timebank.statements import Statement

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Attestation:
    """A statement's evidence. `links` follow one another from `head` on; `root` None: no day's root was made yet."""

    statement: Statement
    unit: str
    head: bytes  # before the first link
    balance: int
    version: int
    links: tuple[dict[str, Any], ...]
    on_day: date | None
    root: Inclusion | None

    @property
    def proven(self) -> int:
        """How many lines lie under the root; what was recorded after it waits for the next one."""
        upto = -1 if self.root is None else self.root.version
        return sum(1 for line in self.statement.lines if line.version <= upto)


_ROOT = text(
    "SELECT l.on_day FROM ledger_root_leaf l WHERE l.account = :account AND l.on_day = ANY(ARRAY["
    " (SELECT max(on_day) FROM ledger_root WHERE on_day <= :day), (SELECT max(on_day) FROM ledger_root)])"
    " ORDER BY l.on_day <= :day AND l.version >= CAST(:last AS bigint) DESC, l.on_day DESC LIMIT 1"
)
_BEFORE = text("SELECT balance_after, hash FROM ledger_posting WHERE account = :account AND version = :version")
_ACCOUNT = text("SELECT unit, sha256(uuid_send(id)) AS head FROM ledger_account WHERE id = :account")
_FIRST = text(
    "SELECT min(p.version) FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry"
    " WHERE p.account = :account AND e.occurred_at >= :starts_at"
)
_LINKS = text(
    "SELECT jsonb_build_object('version', p.version, 'key', e.key, 'payload_hash', encode(e.payload_hash, 'hex'),"
    " 'kind', e.kind, 'reference', e.reference,"
    " 'occurred_at', (extract(epoch FROM e.occurred_at) * 1000000)::bigint,"
    " 'recorded_at', (extract(epoch FROM e.recorded_at) * 1000000)::bigint, 'reverses', r.key,"
    " 'digest', encode(e.digest, 'hex'), 'hash', encode(p.hash, 'hex'), 'amount', p.amount,"
    " 'balance_after', p.balance_after, 'legs', l.legs)::text"
    " FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry LEFT JOIN ledger_entry r ON r.id = e.reverses"
    " JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('role', role, 'account', account, 'book', book, 'unit', unit,"
    "  'branch', branch, 'partner', partner, 'amount', amount) ORDER BY leg) AS legs"
    "  FROM ledger_posting WHERE entry = e.id) l ON true"
    " WHERE p.account = :account AND p.version BETWEEN :first AND :last ORDER BY p.version"
)


async def attest(tx: AsyncSession, statement: Statement, *, on_day: date) -> Attestation:
    """The statement with the newest root of `on_day` or before, or the newest of all where that covers more lines."""
    account = statement.account
    last_line = max((line.version for line in statement.lines), default=0)
    day = await tx.scalar(_ROOT, {"account": account, "day": on_day, "last": last_line})
    root = await inclusion(tx, account, on_day=day) if day is not None else None
    covered = root.version if root else 0
    first = await tx.scalar(_FIRST, {"account": account, "starts_at": statement.starts_at})
    begin = min(covered + 1, covered + 1 if first is None else first)
    unit, head = (await tx.execute(_ACCOUNT, {"account": account})).one()
    balance = 0
    if begin > 1:
        balance, head = (await tx.execute(_BEFORE, {"account": account, "version": begin - 1})).one()
    span = {"account": account, "first": begin, "last": max(covered, last_line)}
    links = tuple(json.loads(link) for link in await tx.scalars(_LINKS, span))
    return Attestation(statement, unit, head, balance, begin - 1, links, day, root)


def attestation_json(found: Attestation) -> str:
    """The document."""
    said, root = found.statement, found.root
    document: dict[str, Any] = {
        "type": "statement",
        "format": FORMAT,
        "account": str(said.account),
        "unit": found.unit,
        "starts_at": _microseconds(said.starts_at.timestamp()),
        "ends_at": _microseconds(said.ends_at.timestamp()),
        "opening": said.opening,
        "closing": said.closing,
        "lines": [
            {"version": line.version, "amount": line.amount, "balance_after": line.balance_after} for line in said.lines
        ],
        "before": {"version": found.version, "balance": found.balance, "head": found.head.hex()},
        "links": list(found.links),
        "root": None,
    }
    if root is not None and found.on_day is not None:
        document["root"] = {
            "on_day": found.on_day.isoformat(),
            "root": root.root.hex(),
            "version": root.version,
            "head": root.head.hex(),
            "steps": [[step.node.hex(), "left" if step.left else "right"] for step in root.steps],
        }
    return json.dumps(document, ensure_ascii=False)


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)
