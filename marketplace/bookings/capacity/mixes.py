"""How much more of one requirement fits beside what is promised of all. Pure arithmetic in integer seconds.

A row per requirement and one over everybody are only necessary: a woman who bathes and escorts, beside cleaners, has
room for one of the two, though either row says yes to both. By Hall's theorem (P. Hall, On Representatives of Subsets,
1935) a mix can be shared out if and only if every set of requirements asks for no more than the people have who can
serve at least one of them. What may still be promised of one requirement is the least slack over the sets that hold it.
"""

from collections.abc import Iterable, Mapping
from itertools import combinations

from marketplace.bookings.capacity.demand import ANYBODY

Ability = tuple[frozenset[str], int]  # requirements that these people can serve, and their thousandths of seconds


def room_beside(key: str, used: Mapping[str, int], abilities: Iterable[Ability]) -> int:
    """Seconds that may still be promised of `key` in a half-hour; below zero when people fell out.

    Only requirements of which something is promised matter: any other would add people to a set, and no demand.
    """
    people = list(abilities)
    others = sorted(one for one, seconds in used.items() if seconds > 0 and one not in {key, ANYBODY})
    return min(
        _supply({key, *chosen}, people) - sum(used.get(one, 0) for one in (key, *chosen))
        for size in range(len(others) + 1)
        for chosen in combinations(others, size)
    )


def _supply(wanted: set[str], people: list[Ability]) -> int:
    return sum(thousandths for able, thousandths in people if not able.isdisjoint(wanted)) // 1000
