"""Books, accounts and entries of an export: digests, balance per book and branch, chains."""

from collections import defaultdict
from uuid import UUID

from timebank.verify.rows import Read, Row, bad, digest_of
from timebank.verify.shapes import LEG, check_shape


def book(read: Read, row: Row, _line: int) -> None:
    """A branch's book or a city's."""
    if row["kind"] not in {"city", "branch"} or (row["kind"] == "city") != (row["city"] is None):
        bad(f"book {row['id']} is neither a city's nor a branch's")
    if row["state"] not in {"open", "closed"}:
        bad(f"book {row['id']} is neither open nor closed")
    read.books[row["id"]] = row


def account(read: Read, row: Row, line: int) -> None:
    """An account; whether it equals its postings is seen at the end."""
    if row["book"] not in read.books:
        bad(f"account {row['id']} is in an unknown book")
    read.accounts[row["id"]] = (line, row)
    read.heads[row["id"]] = [digest_of(UUID(row["id"]).bytes)]
    if row["owed"] != (0 if row["floor"] is None else max(0, row["floor"] - row["posted"] + row["held"])):
        bad(f"account {row['id']} is below its floor")
    if row["state"] not in {"open", "closed"}:
        bad(f"account {row['id']} is neither open nor closed")
    if row["state"] == "closed" and (row["posted"], row["held"], row["owed"]) != (0, 0, 0):
        bad(f"account {row['id']} is closed, but not empty")


def entry(read: Read, row: Row, _line: int) -> None:
    """An entry: whole, balanced, and the next link of its accounts' chains."""
    if row["key"] in read.entries:
        bad(f"key {row['key']!r} is used twice")
    for leg in row["legs"]:
        check_shape(leg, LEG, f"leg of entry {row['id']}")
    if _digest(row) != row["digest"]:
        bad(f"entry {row['id']} differs from its digest")
    _balanced(read, row)
    if row["reverses"] is not None:
        _mirrors(read, row)
    for leg in row["legs"]:
        if leg["role"] == "account":
            _link(read, row, leg)
        else:
            _sum(read, row, leg)
    for name in {leg["book"] for leg in row["legs"]}:
        read.occurred[name].append((row["occurred_at"], row["recorded_at"], row["id"]))
    read.entries[row["key"]] = read.by_id[row["id"]] = row


def _field(value: object) -> bytes:
    if value is None:
        return b"-"
    data = str(value).encode()
    return b"%d:%b" % (len(data), data)


def _digest(row: Row) -> str:
    head = ("key", "payload_hash", "kind", "reference", "occurred_at", "reverses")
    said = b"".join(_field(row[name]) for name in head)
    for leg in row["legs"]:
        names = ("role", "account", "book", "unit", "branch", "partner", "amount")
        said += b"".join(_field(leg[name]) for name in names)
    return digest_of(said)


def number(value: int) -> bytes:
    """A 64-bit integer as PostgreSQL sends it."""
    return value.to_bytes(8, "big", signed=True)


def _balanced(read: Read, row: Row) -> None:
    sums: dict[tuple[str, ...], int] = defaultdict(int)
    moved: dict[str, int] = defaultdict(int)
    for leg in row["legs"]:
        sums["book", leg["book"], leg["unit"]] += leg["amount"]
        moved[leg["role"]] += max(0, leg["amount"])
        if leg["role"] != "account":
            sums["branch", leg["branch"], leg["unit"]] += leg["amount"]
            city = read.books[leg["branch"]]["city"]
            if leg["book"] != (city if leg["role"] == "position" else leg["branch"]) or city is None:
                bad(f"entry {row['id']} has a leg of branch {leg['branch']} in a foreign book")
    if len(row["legs"]) < 2 or any(sums.values()):
        bad(f"entry {row['id']} is not balanced: {[name for name, value in sums.items() if value]}")
    if row["amount"] + row["excess"] != (moved["account"] if "account" in moved else moved["settled"]):
        bad(f"entry {row['id']} has another amount than its legs")


def _mirrors(read: Read, row: Row) -> None:
    original = read.entries.get(row["reverses"])
    if original is None or row["reverses"] in read.reversed:
        bad(f"entry {row['id']} reverses an entry that is unknown or reversed already")
    names = ("role", "account", "branch", "unit")
    there = [(*(leg[name] for name in names), -leg["amount"]) for leg in original["legs"]]
    if there != [(*(leg[name] for name in names), leg["amount"]) for leg in row["legs"]]:
        bad(f"entry {row['id']} does not mirror entry {original['id']}")
    read.reversed.add(row["reverses"])


def _sum(read: Read, row: Row, leg: Row) -> None:
    read.mirror[leg["branch"], leg["unit"]] += leg["amount"]
    sums = read.sums[leg["branch"], leg["role"], leg["unit"]]
    sums.append((row["id"], (sums[-1][1] if sums else 0) + leg["amount"]))
    if leg["role"] == "clearing" and leg["partner"] is not None:
        read.trades.append((row["id"], leg))


def _link(read: Read, row: Row, leg: Row) -> None:
    name = leg["account"]
    if name not in read.accounts:
        bad(f"entry {row['id']} moves an unknown account {name}")
    _line, owner = read.accounts[name]
    heads = read.heads[name]
    read.posted[name] += leg["amount"]
    link = bytes.fromhex(heads[-1]) + bytes.fromhex(row["digest"]) + UUID(name).bytes
    link += number(len(heads)) + number(leg["amount"]) + number(read.posted[name])
    if (leg["book"], leg["unit"]) != (owner["book"], owner["unit"]):
        bad(f"entry {row['id']} moves account {name} in a foreign book or unit")
    if leg["version"] != len(heads) or leg["balance_after"] != read.posted[name]:
        bad(f"entry {row['id']}: wrong version or balance after it on account {name}")
    if leg["hash"] != digest_of(link):
        bad(f"entry {row['id']}: the chain of account {name} is broken")
    heads.append(leg["hash"])
