"""The fields of an export's rows and the types of their values."""

from timebank.verify.rows import Row, bad

TEXT, WHOLE, LIST = (str,), (int,), (list,)
TEXT_OR_NONE, WHOLE_OR_NONE = (str, type(None)), (int, type(None))
Types = tuple[type, ...]
LIMIT = 2**63


def _fields(**types: Types) -> dict[str, Types]:
    return {"type": TEXT, **types}


SHAPES: dict[str, dict[str, Types]] = {
    "ledger": _fields(format=WHOLE),
    "book": _fields(id=TEXT, kind=TEXT, city=TEXT_OR_NONE, state=TEXT),
    "account": _fields(
        **dict.fromkeys(("id", "book", "unit", "kind", "chain_head", "state"), TEXT),
        **dict.fromkeys(("posted", "held", "owed", "version"), WHOLE),
        **dict.fromkeys(("floor", "cap"), WHOLE_OR_NONE),
        owner=TEXT_OR_NONE,
    ),
    "entry": _fields(
        **dict.fromkeys(("key", "payload_hash", "kind", "reference", "digest"), TEXT),
        **dict.fromkeys(("id", "occurred_at", "recorded_at", "amount", "excess"), WHOLE),
        reverses=TEXT_OR_NONE,
        legs=LIST,
    ),
    "command": _fields(key=TEXT, payload_hash=TEXT, state=TEXT, amount=WHOLE, said=TEXT_OR_NONE, recorded_at=WHOLE),
    "hold": _fields(
        **dict.fromkeys(("key", "account", "reference", "state"), TEXT),
        amount=WHOLE,
        captured=WHOLE,
        expires_at=(int, str),  # a day that never comes is a word
    ),
    "period": _fields(book=TEXT, starts_at=WHOLE, ends_at=WHOLE, recorded_at=WHOLE),
    "snapshot": _fields(branch=TEXT, role=TEXT, unit=TEXT, upto_entry=WHOLE, amount=WHOLE),
    "cycle": _fields(city=TEXT, unit=TEXT, on_day=TEXT, cut_off=WHOLE, entry=WHOLE_OR_NONE, lines=LIST),
    "root": _fields(on_day=TEXT, root=TEXT, leaves=LIST),
    "end": _fields(lines=WHOLE),
}
LEG = {
    **dict.fromkeys(("role", "book", "unit"), TEXT),
    **dict.fromkeys(("account", "branch", "partner", "hash"), TEXT_OR_NONE),
    **dict.fromkeys(("version", "balance_after"), WHOLE_OR_NONE),
    "amount": WHOLE,
}
LINE = {
    **dict.fromkeys(("owes", "is_owed", "debt", "drawn"), WHOLE),
    **dict.fromkeys(("cap", "draw"), WHOLE_OR_NONE),
    "branch": TEXT,
    "partners": LIST,
}


def check_shape(row: Row, shape: dict[str, Types], what: str) -> None:
    """The fields that its type has, no others, each of its type; whole numbers of 64 bits."""
    if row.keys() != shape.keys():
        bad(f"malformed {what}: fields {sorted(row.keys() ^ shape.keys())} are missing or unknown")
    for field, types in shape.items():
        value = row[field]
        if type(value) not in types or (type(value) is int and not -LIMIT <= value < LIMIT):
            bad(f"malformed {what}: {field} is {str(value)[:40]!r}")
