"""Check a statement without the database: `python -m timebank.verify_statement FILE [--root HEX ...]`.

A separate small program: it reads nothing but the document, shares no code with the ledger, and can be copied and run
alone. It hashes every entry anew, follows the account's chain from link to link up to the head in the day's root, and
compares that root with those that were published (`--root`). It names the first thing that does not fit and exits 1.
"""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

Row = dict[str, Any]


class BadStatement(Exception):
    """What does not fit."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A statement that fits: its lines, how many of them lie under the root, and that root (None: there is none)."""

    lines: int
    proven: int
    on_day: str | None
    root: str | None


def check(document: Row, roots: Collection[str] = ()) -> Checked:
    """The figures of a statement that fits; `BadStatement` otherwise. `roots`: published ones, one must be its own."""
    try:
        return _checked(document, {root.lower() for root in roots})
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadStatement(f"malformed: {error!r}") from None


def _checked(document: Row, roots: set[str]) -> Checked:
    if (document["type"], document["format"]) != ("statement", 1):
        _bad("not a statement of format 1")
    account, root = UUID(document["account"]), document["root"]
    heads = _chain(document, account)
    _lines(document)
    if root is None:
        if roots:
            _bad("no day's root is given")
        return Checked(len(document["lines"]), 0, None, None)
    if heads.get(root["version"]) != root["head"]:
        _bad(f"the chain does not lead to the head in the root of {root['on_day']}")
    if _climbed(account, root) != root["root"]:
        _bad(f"the head is not in the root of {root['on_day']}")
    if roots and root["root"] not in roots:
        _bad(f"the root of {root['on_day']} is not one of those published")
    proven = sum(1 for line in document["lines"] if line["version"] <= root["version"])
    return Checked(len(document["lines"]), proven, root["on_day"], root["root"])


def _chain(document: Row, account: UUID) -> dict[int, str]:
    """Follow the links; every head by its version."""
    before = document["before"]
    version, balance, head = before["version"], before["balance"], before["head"]
    if version == 0 and (balance, head) != (0, sha256(account.bytes).hexdigest()):
        _bad("the chain does not begin at zero")
    heads = {version: head}
    for link in document["links"]:
        version, balance = version + 1, balance + link["amount"]
        where = f"version {version} ({link['key']})"
        if (link["version"], link["balance_after"]) != (version, balance):
            _bad(f"{where} does not follow the one before")
        _entry(link, document, where)
        said = bytes.fromhex(head) + bytes.fromhex(link["digest"]) + account.bytes
        said += _number(version) + _number(link["amount"]) + _number(balance)
        if sha256(said).hexdigest() != link["hash"]:
            _bad(f"{where}: the chain is broken")
        head = heads[version] = link["hash"]
    return heads


def _entry(link: Row, document: Row, where: str) -> None:
    """The entry is what its digest says, balanced, and moves the account by this amount."""
    fields = [link[name] for name in ("key", "payload_hash", "kind", "reference", "occurred_at", "reverses")]
    sums: dict[tuple[str, str], int] = defaultdict(int)
    moved = []
    for leg in link["legs"]:
        fields += [leg[name] for name in ("role", "account", "book", "unit", "branch", "partner", "amount")]
        sums[leg["book"], leg["unit"]] += leg["amount"]
        if leg["account"] == document["account"]:
            moved.append((leg["unit"], leg["amount"]))
    if sha256(b"".join(_field(value) for value in fields)).hexdigest() != link["digest"]:
        _bad(f"{where} differs from its digest")
    if any(sums.values()):
        _bad(f"{where} is not balanced")
    if (document["unit"], link["amount"]) not in moved:
        _bad(f"{where} does not move the account by {link['amount']}")


def _lines(document: Row) -> None:
    """The lines are exactly the links that occurred in the period, and add up from what was before."""
    starts_at, ends_at = document["starts_at"], document["ends_at"]
    within = [link for link in document["links"] if starts_at <= link["occurred_at"] < ends_at]
    there = Counter((link["version"], link["amount"], link["balance_after"]) for link in within)
    shown = Counter((line["version"], line["amount"], line["balance_after"]) for line in document["lines"])
    if there != shown:
        odd = min((there - shown) + (shown - there))
        _bad(f"version {odd[0]} is in the period and not on the statement, or the reverse")
    earlier = sum(link["amount"] for link in document["links"] if link["occurred_at"] < starts_at)
    if document["opening"] != document["before"]["balance"] + earlier:
        _bad(f"the opening balance is {document['before']['balance'] + earlier}")
    if document["closing"] != document["opening"] + sum(line["amount"] for line in document["lines"]):
        _bad("opening and lines do not make the closing balance")


def _climbed(account: UUID, root: Row) -> str:
    node = sha256(b"\0" + account.bytes + _number(root["version"]) + bytes.fromhex(root["head"])).digest()
    for neighbour, side in root["steps"]:
        other = bytes.fromhex(neighbour)
        node = sha256(b"\1" + (other + node if side == "left" else node + other)).digest()
    return node.hex()


def _field(value: object) -> bytes:
    if value is None:
        return b"-"
    data = str(value).encode()
    return b"%d:%b" % (len(data), data)


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)


def _bad(reason: str) -> NoReturn:
    raise BadStatement(reason)


def main(arguments: list[str]) -> int:
    """0: it fits. 1: something does not, named. 2: called wrongly or the file cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m timebank.verify_statement", description="Check a statement.")
    parser.add_argument("file", help="the document, as JSON; - for standard input")
    parser.add_argument("--root", action="append", default=[], metavar="HEX", help="a published root it must be under")
    try:
        given = parser.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        data = sys.stdin.buffer.read() if given.file == "-" else Path(given.file).read_bytes()
        document = json.loads(data)
    except (OSError, ValueError, RecursionError) as error:
        sys.stderr.write(f"{given.file}: {error}\n")
        return 2
    try:
        found = check(document if isinstance(document, dict) else {}, given.root)
    except BadStatement as bad:
        sys.stdout.write(f"BAD {bad}\n")
        return 1
    under = f"{found.proven} under the root of {found.on_day}, {found.root}" if found.root else "no root was made yet"
    sys.stdout.write(f"OK {found.lines} lines, {under}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
