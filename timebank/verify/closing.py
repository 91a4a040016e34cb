"""What closes a stretch of time in an export: periods, snapshots, roots."""

from datetime import date
from hashlib import sha256

from timebank.verify.rows import Read, Row, Sums, bad, digest_of


def period(read: Read, row: Row, _line: int) -> None:
    """A closed period: no entry was recorded in it later."""
    if row["book"] not in read.books or row["starts_at"] >= row["ends_at"]:
        bad(f"period of {row['book']} is of an unknown book, or ends before it starts")
    late = read.times[row["book"]].late(row["starts_at"], row["ends_at"], row["recorded_at"])
    if late is not None:
        bad(f"entry {late} was recorded in a closed period of book {row['book']}")


def snapshot(read: Read, row: Row, _line: int) -> None:
    """A stored sum of legs without an account."""
    sums = read.sums.get((row["branch"], row["role"], row["unit"])) or Sums()
    if row["amount"] != sums.total(row["upto_entry"]):
        bad(f"snapshot of {row['branch']} {row['role']} to entry {row['upto_entry']} differs from its postings")


def root(read: Read, row: Row, _line: int) -> None:
    """A day's Merkle root over heads that the accounts had."""
    date.fromisoformat(row["on_day"])
    level = []
    for account, version, head in row["leaves"]:
        one = read.accounts.get(account)
        if one is None or one.head_at(version) != head:
            bad(f"root of {row['on_day']}: account {account} had another head at version {version}")
        level.append(sha256(b"\0%b%b%b" % (one.uuid, version.to_bytes(8, "big"), bytes.fromhex(head))).digest())
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(b"\1%b%b" % pair).digest() for pair in pairs] + odd
    if (level[0].hex() if level else digest_of(b"")) != row["root"]:
        bad(f"root of {row['on_day']} differs from its leaves")
    read.roots[row["on_day"]] = row["root"]
