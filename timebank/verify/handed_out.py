"""What was given away before, compared with an export: roots, and statements that prove themselves.

Who owns the tables can rewrite them all, so an export alone never tells what was taken out of it whole. Somebody's root
or statement does: the root of a day for all that was recorded until it was made, a statement for its account at once.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from timebank.verify.rows import Read, bad


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads that an account had at versions, by a statement."""

    account: str
    by_version: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class HandedOut:
    """Roots in hex by day; such of which the day is not told; what statements say."""

    roots: Mapping[str, str] = field(default_factory=dict)
    undated: Collection[str] = ()
    statements: Collection[Heads] = ()


def heads_of(document: object) -> Heads:
    """What a statement that proves itself, read from JSON, says of its account's chain. ValueError if it is none."""
    try:
        if not isinstance(document, dict) or document["type"] != "statement":
            raise ValueError("not a statement that proves itself")
        before, links = document["before"], document["links"]
        said = [(before["version"], before["head"]), *((link["version"], link["hash"]) for link in links)]
        if not all(type(version) is int and type(head) is str for version, head in said):
            raise ValueError("a statement with a malformed chain")
        return Heads(str(document["account"]), dict(said))
    except (KeyError, TypeError) as error:
        raise ValueError(f"a malformed statement: {error!r}") from None


def compare(read: Read, given: HandedOut) -> None:
    """`Bad` for the first that the export does not have."""
    for day, root in given.roots.items():
        if read.roots.get(day) != root.lower():
            bad(f"the root of {day} is not the one that was published: {read.roots.get(day)}", 1)
    for root in given.undated:
        if root.lower() not in read.roots.values():
            bad(f"the published root {root} is not in the export", 1)
    for said in given.statements:
        _compare_heads(read, said)


def _compare_heads(read: Read, said: Heads) -> None:
    one = read.accounts.get(said.account)
    if one is None:
        bad(f"account {said.account}, of which a statement was handed out, is missing", 1)
    for version, head in said.by_version.items():
        if one.head_at(version) != head:
            bad(
                f"account {said.account} had another head at version {version} in a statement that was handed out",
                one.line,
            )
