"""The fields of an export's rows and the types of their values."""

from itertools import product
from operator import itemgetter
from typing import Any, NoReturn

from timebank.verify.rows import Row, bad

TEXT, WHOLE, LIST = (str,), (int,), (list,)
TEXT_OR_NONE, WHOLE_OR_NONE = (str, type(None)), (int, type(None))
Types = tuple[type, ...]
LOWEST, HIGHEST = -(2**63), 2**63 - 1


class Shape:
    """The fields that a type of row has, no others, each of its type; whole numbers of 64 bits."""

    def __init__(self, **fields: Types) -> None:
        self._fields = fields
        self._pick = itemgetter(*fields)
        # every combination of types that there may be, and where the whole numbers are in it
        self._whole = {
            types: tuple(place for place, one in enumerate(types) if one is int) for types in product(*fields.values())
        }

    def read(self, row: Row, what: str) -> tuple[Any, ...]:
        """The row's values in the order in which the shape names its fields, or `Bad`."""
        try:
            values: tuple[Any, ...] = self._pick(row)
            places = self._whole[tuple(map(type, values))]
        except KeyError:
            self._tell(row, what)
        if len(row) != len(values):
            self._tell(row, what)
        for place in places:
            if not LOWEST <= values[place] <= HIGHEST:
                self._tell(row, what)
        return values

    def _tell(self, row: Row, what: str) -> NoReturn:
        if row.keys() != self._fields.keys():
            bad(f"malformed {what}: fields {sorted(row.keys() ^ self._fields.keys())} are missing or unknown")
        for field, types in self._fields.items():
            value = row[field]
            if type(value) not in types or (type(value) is int and not LOWEST <= value <= HIGHEST):
                break
        bad(f"malformed {what}: {field} is {str(value)[:40]!r}")


def _texts(*names: str) -> dict[str, Types]:
    return dict.fromkeys(names, TEXT)


SHAPES = {
    "ledger": Shape(type=TEXT, format=WHOLE),
    "book": Shape(type=TEXT, id=TEXT, kind=TEXT, city=TEXT_OR_NONE, state=TEXT),
    "account": Shape(
        **_texts("type", "id", "book", "unit", "kind", "chain_head", "state"),
        **dict.fromkeys(("posted", "held", "owed", "version"), WHOLE),
        **dict.fromkeys(("floor", "cap"), WHOLE_OR_NONE),
        owner=TEXT_OR_NONE,
    ),
    "entry": Shape(
        **_texts("type", "key", "payload_hash", "kind", "reference"),
        occurred_at=WHOLE,
        reverses=TEXT_OR_NONE,
        **dict.fromkeys(("id", "recorded_at", "amount", "excess"), WHOLE),
        digest=TEXT,
        legs=LIST,
    ),
    "command": Shape(
        **_texts("type", "key", "payload_hash", "state"), amount=WHOLE, said=TEXT_OR_NONE, recorded_at=WHOLE
    ),
    "hold": Shape(
        **_texts("type", "key", "account", "reference", "state"),
        amount=WHOLE,
        captured=WHOLE,
        expires_at=(int, str),  # a day that never comes is a word
    ),
    "period": Shape(type=TEXT, book=TEXT, starts_at=WHOLE, ends_at=WHOLE, recorded_at=WHOLE),
    "snapshot": Shape(**_texts("type", "branch", "role", "unit"), upto_entry=WHOLE, amount=WHOLE),
    "cycle": Shape(**_texts("type", "city", "unit", "on_day"), cut_off=WHOLE, entry=WHOLE_OR_NONE, lines=LIST),
    "root": Shape(**_texts("type", "on_day", "root"), leaves=LIST),
    "end": Shape(type=TEXT, lines=WHOLE),
}
LEG = Shape(  # the first seven in the order in which a digest says them
    role=TEXT,
    account=TEXT_OR_NONE,
    book=TEXT,
    unit=TEXT,
    branch=TEXT_OR_NONE,
    partner=TEXT_OR_NONE,
    amount=WHOLE,
    version=WHOLE_OR_NONE,
    balance_after=WHOLE_OR_NONE,
    hash=TEXT_OR_NONE,
)
LINE = Shape(
    **dict.fromkeys(("owes", "is_owed", "debt", "drawn"), WHOLE),
    **dict.fromkeys(("cap", "draw"), WHOLE_OR_NONE),
    branch=TEXT,
    partners=LIST,
)
