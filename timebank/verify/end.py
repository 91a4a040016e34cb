"""What can be judged only at an export's end: balances, holds, limits, mirrors, supply, roots that were given away."""

from collections import defaultdict
from collections.abc import Mapping

from timebank.verify.rows import Read, Row, bad


def end(read: Read, published: Mapping[str, str]) -> None:
    """Everything that no single row shows."""
    supply: dict[tuple[str, str], int] = defaultdict(int)
    for line, row in read.accounts.values():
        _account(read, row, line)
        _as_said(row, line, read.said.get(row["id"], {}))
        book = read.books[row["book"]]
        supply[book["city"] or book["id"], row["unit"]] += row["posted"]
    _nothing_is_missing(read)
    for (branch, unit), value in read.mirror.items():
        if value:
            bad(f"branch {branch} is not mirrored in the city's book: {value} {unit}", 1)
    for (city, unit), value in supply.items():
        if value:
            bad(f"supply of {city} differs from its issuance by {value} {unit}", 1)
    for day, root in published.items():
        if read.roots.get(day) != root.lower():
            bad(f"the root of {day} is not the one that was published: {read.roots.get(day)}", 1)


def _account(read: Read, row: Row, line: int) -> None:
    heads = read.heads[row["id"]]
    stored = (row["posted"], row["version"], row["chain_head"], row["held"])
    if stored != (read.posted[row["id"]], len(heads) - 1, heads[-1], read.held[row["id"]]):
        bad(f"account {row['id']} differs from its postings or holds", line)
    if row["kind"] == "issuance" and row["posted"] < row["floor"] - row["owed"]:
        bad(f"account {row['id']} issued more than authorised", line)


def _as_said(row: Row, line: int, said: dict[str, Row]) -> None:
    if "limits" in said and any(row[name] != said["limits"][name] for name in ("floor", "cap")):
        bad(f"account {row['id']} has other limits than were set", line)
    if "state" in said and (row["state"] == "closed") != (said["state"]["type"] == "close"):
        bad(f"account {row['id']} is {row['state']}, which nobody said", line)
    names = ("book", "unit", "kind", "owner")
    if "identity" in said and any(row[name] != said["identity"].get(name) for name in names):
        bad(f"account {row['id']} is another than was opened", line)


def _nothing_is_missing(read: Read) -> None:
    for key, (line, row) in read.commands.items():
        if row["state"] == "held" and key not in read.holds:
            bad(f"hold {key!r} is missing", line)
    for row in read.by_id.values():
        of_a_cycle = row["key"].startswith("cycle:") and row["kind"] in {"settlement", "reserve_draw"}
        if of_a_cycle and row["id"] not in read.settling:
            bad(f"no cycle names entry {row['id']}", 1)
