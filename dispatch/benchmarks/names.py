"""Names: of the sets, and of an instance's class, read off its own: R1 of 200 customers, LC2 of 100, 50 patients."""

from __future__ import annotations

import re
from enum import StrEnum

_ROUTING = re.compile(r"(L?(?:RC|R|C)[12])(?:_(\d{1,2})_\d+|\d\d)", re.IGNORECASE)
_CARE = re.compile(r".*_HCSRP_(\d+)_\d+", re.IGNORECASE)
OTHER = "other"


class SetName(StrEnum):
    """The sets, as the command line names them."""

    VRPTW = "vrptw"
    LILIM = "lilim"
    MANKOWSKA = "mankowska"


def class_of(name: str) -> str:
    """The class and size, or `other` for a name that follows no convention."""
    if match := _ROUTING.fullmatch(name):
        return f"{match[1].upper()} {int(match[2] or 1) * 100}"
    if match := _CARE.fullmatch(name):
        return f"{match[1]} patients"
    return OTHER


def natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts R2 before R10."""
    return [(int(part), "") if part.isdigit() else (-1, part.upper()) for part in re.split(r"(\d+)", name) if part]
