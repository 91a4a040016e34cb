"""Entries of an export: digest, balance per book and branch, chains. Nearly all of an export: speed matters here."""

from functools import lru_cache
from hashlib import sha256
from struct import Struct
from typing import Any

from timebank.verify.rows import HASH, Read, Row, Written, bad
from timebank.verify.shapes import LEG

Leg = tuple[Any, ...]  # role, account, book, unit, branch, partner, amount, version, balance_after, hash
PLACE = 6  # how many of them say where; a digest says those and the amount
_link_of = Struct(">32s32s16s3q").pack  # head, digest, account, and 64-bit integers as PostgreSQL sends them


def entry(read: Read, row: Row, _line: int) -> None:
    """An entry: whole, balanced, and the next link of its accounts' chains."""
    key, number = row["key"], row["id"]
    if key in read.entries:
        bad(f"key {key!r} is used twice")
    what = f"leg of entry {number}"
    legs = [LEG.read(leg, what) for leg in row["legs"]]
    said = _said(legs)
    digest = sha256(_head(row) + said).digest()
    if digest.hex() != row["digest"]:
        bad(f"entry {number} differs from its digest")
    if row["reverses"] is not None:
        _mirrors(read, row, legs)
    for book in _moved(read, row, legs, digest):
        times = read.times[book]
        times.occurred.append(row["occurred_at"])
        times.recorded.append(row["recorded_at"])
        times.entries.append(number)
    read.entries[key] = len(read.entries)
    read.legs += sha256(said).digest()
    if key.startswith("cycle:"):
        read.nights[number] = Written(key, row["kind"], row["amount"], row["payload_hash"])


def _field(value: object) -> bytes:
    """As a digest says it: its length in bytes and the value, or a dash for none."""
    if value is None:
        return b"-"
    data = str(value).encode()
    return b"%d:%b" % (len(data), data)


_number = lru_cache(maxsize=1 << 12)(_field)  # few amounts come again and again


@lru_cache(maxsize=1 << 17)  # there are as many as accounts
def _place(*where: str | None) -> bytes:
    return b"".join(map(_field, where))


def _head(row: Row) -> bytes:
    """What a digest says of the entry before its legs."""
    key, payload_hash, kind, reference = row["key"], row["payload_hash"], row["kind"], row["reference"]
    texts = f"{len(key)}:{key}{len(payload_hash)}:{payload_hash}{len(kind)}:{kind}{len(reference)}:{reference}"
    # lengths are bytes: where a character has more than one each text is measured by itself
    said = texts.encode() if texts.isascii() else b"".join(map(_field, (key, payload_hash, kind, reference)))
    return said + _field(row["occurred_at"]) + _field(row["reverses"])


def _said(legs: list[Leg]) -> bytes:
    """The legs as a digest says them."""
    return b"".join([_place(*leg[:PLACE]) + _number(leg[PLACE]) for leg in legs])


def _mirrors(read: Read, row: Row, legs: list[Leg]) -> None:
    place = read.entries.get(row["reverses"])
    if place is None or row["reverses"] in read.reversed:
        bad(f"entry {row['id']} reverses an entry that is unknown or reversed already")
    mirrored = [(*leg[:PLACE], -leg[PLACE]) for leg in legs]
    if sha256(_said(mirrored)).digest() != read.legs[place * HASH : (place + 1) * HASH]:
        bad(f"entry {row['id']} does not mirror entry {row['reverses']!r}")
    read.reversed.add(row["reverses"])


def _moved(read: Read, row: Row, legs: list[Leg], digest: bytes) -> set[str]:
    """Move accounts and sums by an entry's legs, which balance in every book and branch; the books."""
    number = row["id"]
    books: dict[tuple[str, str], int] = {}
    branches: dict[tuple[str, str], int] = {}
    moved, settled = None, 0
    for leg in legs:
        role, _, book, unit, branch, _, amount, _, _, _ = leg
        books[book, unit] = books.get((book, unit), 0) + amount
        if role == "account":
            _link(read, number, leg, digest)
            moved = moved or 0
            if amount > 0:
                moved += amount
            continue
        _sum(read, number, leg)
        branches[branch, unit] = branches.get((branch, unit), 0) + amount
        if role == "settled" and amount > 0:
            settled += amount
    if len(legs) < 2 or any(books.values()) or any(branches.values()):
        names = [name for sums in (books, branches) for name, value in sums.items() if value]
        bad(f"entry {number} is not balanced: {names}")
    if row["amount"] + row["excess"] != (settled if moved is None else moved):
        bad(f"entry {number} has another amount than its legs")
    return {book for book, _ in books}


def _link(read: Read, number: int, leg: Leg, digest: bytes) -> None:
    _, name, book, unit, _, _, amount, version, balance_after, said = leg
    one = read.accounts.get(name)
    if one is None:
        bad(f"entry {number} moves an unknown account {name}")
    one.version = expected = one.version + 1
    one.posted = posted = one.posted + amount
    if book != one.book or unit != one.unit:
        bad(f"entry {number} moves account {name} in a foreign book or unit")
    if version != expected or balance_after != posted:
        bad(f"entry {number}: wrong version or balance after it on account {name}")
    one.head = head = sha256(_link_of(one.head, digest, one.uuid, version, amount, balance_after)).digest()
    if head.hex() != said:
        bad(f"entry {number}: the chain of account {name} is broken")
    one.heads += head


def _sum(read: Read, number: int, leg: Leg) -> None:
    role, _, book, unit, branch, partner, amount, _, _, _ = leg
    city = read.books[branch]["city"]
    if book != (city if role == "position" else branch) or city is None:
        bad(f"entry {number} has a leg of branch {branch} in a foreign book")
    sums = read.sums[branch, role, unit]
    sums.entries.append(number)
    sums.amounts.append(amount)
    sums.partners.append(read.partners.setdefault(partner, len(read.partners)))
