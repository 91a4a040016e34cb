"""What can be judged only at an export's end: balances, holds, limits, mirrors, supply."""

from collections import defaultdict

from timebank.verify.accounts import at_the_end
from timebank.verify.rows import Read, bad


def end(read: Read) -> None:
    """Everything that no single row shows."""
    supply: dict[tuple[str, str], int] = defaultdict(int)
    for one in read.accounts.values():
        at_the_end(one)
        book = read.books[one.book]
        supply[book["city"] or book["id"], one.unit] += one.posted
    _nothing_is_missing(read)
    _mirrored(read)
    for (city, unit), value in supply.items():
        if value:
            bad(f"supply of {city} differs from its issuance by {value} {unit}", 1)


def _nothing_is_missing(read: Read) -> None:
    for key, ask in read.asks.items():
        bad(f"hold {key!r} is missing", ask.line)
    for entry, written in read.nights.items():
        if written.kind in {"settlement", "reserve_draw"} and entry not in read.settling:
            bad(f"no cycle names entry {entry}: {written.key}", 1)
    for night, caps in read.caps.items():
        bad(f"the cycle of {' '.join(night)} is missing, of which the caps are kept", caps.line)


def _mirrored(read: Read) -> None:
    mirror: dict[tuple[str, str], int] = defaultdict(int)
    for (branch, _, unit), sums in read.sums.items():
        mirror[branch, unit] += sum(sums.amounts)
    for (branch, unit), value in mirror.items():
        if value:
            bad(f"branch {branch} is not mirrored in the city's book: {value} {unit}", 1)
