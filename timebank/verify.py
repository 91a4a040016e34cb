"""Verify an exported ledger: `python -m timebank.verify EXPORT [--root HEX ...]`.

A separate small program: it reads nothing but the export, shares no code with the ledger, and recomputes every digest,
chain, balance, mirror, supply and root from the legs. It names the first bad row and exits 1; 0 when all is whole.
"""

import argparse
import gzip
import io
import json
import sys
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from hashlib import sha256
from typing import Any, NoReturn
from uuid import UUID

Row = dict[str, Any]


class BadRow(Exception):
    """The first row that does not fit: its line number in the export, and what is wrong with it."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


def _field(value: object) -> bytes:
    if value is None:
        return b"-"
    data = str(value).encode()
    return b"%d:%b" % (len(data), data)


def _digest(entry: Row) -> str:
    head = ("key", "payload_hash", "kind", "reference", "occurred_at", "reverses")
    said = b"".join(_field(entry[name]) for name in head)
    for leg in entry["legs"]:
        names = ("role", "account", "book", "unit", "branch", "partner", "amount")
        said += b"".join(_field(leg[name]) for name in names)
    return sha256(said).hexdigest()


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)


class Verifier:
    """Takes the rows in the export's order and raises `BadRow` at the first that does not fit."""

    def __init__(self) -> None:
        self.line = 0
        self.books: dict[str, Row] = {}
        self.accounts: dict[str, tuple[int, Row]] = {}
        self.heads: dict[str, list[str]] = {}  # every head an account ever had, by version
        self.posted: dict[str, int] = defaultdict(int)
        self.held: dict[str, int] = defaultdict(int)
        self.mirror: dict[tuple[str, str], int] = defaultdict(int)
        self.entries: dict[str, Row] = {}
        self.last_entry = 0
        self.reversed: set[str] = set()
        self.roots: set[str] = set()

    def bad(self, reason: str) -> NoReturn:
        raise BadRow(self.line, reason)

    def take(self, row: Row) -> None:
        kinds = {
            "ledger": self.ledger,
            "book": self.book,
            "account": self.account,
            "entry": self.entry,
            "hold": self.hold,
            "root": self.root,
        }
        self.line += 1
        if self.line == 1 and row.get("type") != "ledger":
            self.bad("the export does not begin with its header")
        kind = kinds.get(str(row.get("type")))
        if kind is None:
            self.bad(f"unknown type {row.get('type')!r}")
        try:
            kind(row)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            self.bad(f"malformed {row['type']}: {error!r}")

    def ledger(self, row: Row) -> None:
        if row["format"] != 1 or self.line != 1:
            self.bad("not an export of format 1")

    def book(self, row: Row) -> None:
        self.books[row["id"]] = row

    def account(self, row: Row) -> None:
        self.accounts[row["id"]] = (self.line, row)
        self.heads[row["id"]] = [sha256(UUID(row["id"]).bytes).hexdigest()]
        if row["floor"] is not None and row["owed"] != max(0, row["floor"] - row["posted"] + row["held"]):
            self.bad(f"account {row['id']} is below its floor")
        if row["state"] == "closed" and (row["posted"], row["held"], row["owed"]) != (0, 0, 0):
            self.bad(f"account {row['id']} is closed, but not empty")

    def entry(self, row: Row) -> None:
        if row["key"] in self.entries:
            self.bad(f"key {row['key']!r} is used twice")
        if row["id"] <= self.last_entry:
            self.bad(f"entry {row['id']} is out of order")
        if _digest(row) != row["digest"]:
            self.bad(f"entry {row['id']} differs from its digest")
        self.balanced(row)
        if row["reverses"] is not None:
            self.mirrors(row)
        for leg in row["legs"]:
            self.leg(row, leg)
        self.entries[row["key"]] = row
        self.last_entry = row["id"]

    def balanced(self, row: Row) -> None:
        sums: dict[tuple[str, ...], int] = defaultdict(int)
        for leg in row["legs"]:
            sums["book", leg["book"], leg["unit"]] += leg["amount"]
            if leg["role"] != "account":
                sums["branch", leg["branch"], leg["unit"]] += leg["amount"]
        if len(row["legs"]) < 2 or any(sums.values()):
            self.bad(f"entry {row['id']} is not balanced: {[name for name, value in sums.items() if value]}")

    def mirrors(self, row: Row) -> None:
        original = self.entries.get(row["reverses"])
        if original is None or row["reverses"] in self.reversed:
            self.bad(f"entry {row['id']} reverses an entry that is unknown or reversed already")
        names = ("role", "account", "branch", "unit")
        there = [(*(leg[name] for name in names), -leg["amount"]) for leg in original["legs"]]
        if there != [(*(leg[name] for name in names), leg["amount"]) for leg in row["legs"]]:
            self.bad(f"entry {row['id']} does not mirror entry {original['id']}")
        self.reversed.add(row["reverses"])

    def leg(self, row: Row, leg: Row) -> None:
        if leg["role"] != "account":
            self.mirror[leg["branch"], leg["unit"]] += leg["amount"]
            return
        account = leg["account"]
        _line, owner = self.accounts[account]
        heads = self.heads[account]
        self.posted[account] += leg["amount"]
        link = bytes.fromhex(heads[-1]) + bytes.fromhex(row["digest"]) + UUID(account).bytes
        link += _number(len(heads)) + _number(leg["amount"]) + _number(self.posted[account])
        if (leg["book"], leg["unit"]) != (owner["book"], owner["unit"]):
            self.bad(f"entry {row['id']} moves account {account} in a foreign book or unit")
        if leg["version"] != len(heads) or leg["balance_after"] != self.posted[account]:
            self.bad(f"entry {row['id']}: wrong version or balance after it on account {account}")
        if leg["hash"] != sha256(link).hexdigest():
            self.bad(f"entry {row['id']}: the chain of account {account} is broken")
        heads.append(leg["hash"])

    def hold(self, row: Row) -> None:
        if row["account"] not in self.accounts:
            self.bad(f"hold {row['key']!r} is on an unknown account")
        if row["state"] == "held":
            self.held[row["account"]] += row["amount"]

    def root(self, row: Row) -> None:
        level = []
        for account, version, head in row["leaves"] or []:
            if version >= len(self.heads[account]) or self.heads[account][version] != head:
                self.bad(f"root of {row['on_day']}: account {account} had another head at version {version}")
            level.append(sha256(b"\0" + UUID(account).bytes + _number(version) + bytes.fromhex(head)).digest())
        while len(level) > 1:
            pairs = zip(level[::2], level[1::2], strict=False)
            odd = level[-1:] if len(level) % 2 else []
            level = [sha256(b"\1" + left + right).digest() for left, right in pairs] + odd
        if (level[0] if level else sha256(b"").digest()).hex() != row["root"]:
            self.bad(f"root of {row['on_day']} differs from its leaves")
        self.roots.add(row["root"])

    def finish(self) -> None:
        """What can be judged only at the end: balances, holds, mirrors and supply."""
        supply: dict[tuple[str, str], int] = defaultdict(int)
        for self.line, row in self.accounts.values():  # noqa: B020  # a bad account is named by its own line
            stored = (row["posted"], row["version"], row["chain_head"], row["held"])
            heads = self.heads[row["id"]]
            if stored != (self.posted[row["id"]], len(heads) - 1, heads[-1], self.held[row["id"]]):
                self.bad(f"account {row['id']} differs from its postings or holds")
            if row["kind"] == "issuance" and row["posted"] < row["floor"] - row["owed"]:
                self.bad(f"account {row['id']} issued more than authorised")
            book = self.books[row["book"]]
            supply[book["city"] or book["id"], row["unit"]] += row["posted"]
        self.line = 1
        for (branch, unit), value in self.mirror.items():
            if value:
                self.bad(f"branch {branch} is not mirrored in the city's book: {value} {unit}")
        for (city, unit), value in supply.items():
            if value:
                self.bad(f"supply of {city} differs from its issuance by {value} {unit}")


def verify(lines: Iterable[str], roots: Collection[str] = ()) -> Verifier:
    """Read a whole export; the verifier with its counts, or `BadRow` for the first row that does not fit. `roots`:
    published ones, each of which must be among the export's."""
    verifier = Verifier()
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            raise BadRow(verifier.line + 1, "not JSON") from None
        if not isinstance(row, dict):
            raise BadRow(verifier.line + 1, "not a JSON object")
        verifier.take(row)
    if verifier.line == 0:
        raise BadRow(1, "the export is empty")
    verifier.finish()
    for root in roots:
        if root.lower() not in verifier.roots:
            raise BadRow(1, f"the published root {root} is not in the export")
    return verifier


def opened(name: str) -> io.TextIOWrapper:
    """The export's lines: a file, plain or gzipped, or standard input for `-`."""
    source = io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False) if name == "-" else io.FileIO(name))
    packed = source.peek(2)[:2] == b"\x1f\x8b"
    return io.TextIOWrapper(io.BufferedReader(gzip.GzipFile(fileobj=source)) if packed else source, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """0: whole. 1: a bad row, named. 2: called wrongly or the file cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m timebank.verify", description="Verify an exported ledger.")
    parser.add_argument("export", help="the export, plain or gzipped; - for standard input")
    parser.add_argument("--root", action="append", default=[], metavar="HEX", help="a published root it must hold")
    try:
        given = parser.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        with opened(given.export) as lines:
            verifier = verify(lines, given.root)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        sys.stderr.write(f"{given.export}: {error}\n")
        return 2
    except BadRow as bad:
        sys.stdout.write(f"BAD {bad}\n")
        return 1
    sys.stdout.write(f"OK {len(verifier.entries)} entries, {len(verifier.accounts)} accounts\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
