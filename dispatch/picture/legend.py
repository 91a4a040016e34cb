"""Colours, textures and the legend."""

from __future__ import annotations

CROSS = '<path d="M8 -8 l10 12 M18 -8 l-10 12" stroke="#c8553d" stroke-width="3"/>'
COLOURS = (
    "#1f6fb2", "#c8553d", "#2e8b57", "#8e5bb5", "#b8860b", "#00838f",
    "#ad1457", "#5d6d1e", "#4a5aa8", "#a0522d", "#37796c", "#7b3f61",
)  # fmt: skip
DASHES = ("", "7 3", "2 3", "10 3 2 3")


def colour(rank: int) -> str:
    """The colour of the route of this rank."""
    return COLOURS[rank % len(COLOURS)]


def dash(rank: int) -> str:
    """A dash pattern that changes where the colours begin again."""
    return DASHES[rank // len(COLOURS) % len(DASHES)]


def defs() -> str:
    """Patterns used by timeline and legend."""
    return (
        "<defs>"
        '<pattern id="rest" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="6" height="6" fill="#fff"/><rect width="2" height="6" fill="#7b8794"/></pattern>'
        '<pattern id="wait" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<circle cx="2" cy="3" r="1" fill="#9aa5b1"/></pattern>'
        "</defs>"
    )


def legend() -> str:
    """One line: how each kind of time and stop is drawn."""
    entries = (
        ('<rect y="-9" width="26" height="14" rx="3" fill="#1f6fb2"/>', "service"),
        ('<line y1="-2" x2="26" y2="-2" stroke="#1f6fb2" stroke-width="3"/>', "travel"),
        ('<rect y="-7" width="26" height="10" fill="url(#wait)"/>', "wait"),
        ('<rect y="-9" width="26" height="14" fill="url(#rest)" stroke="#7b8794"/>', "break"),
        ('<circle cx="13" cy="-2" r="6" fill="#1f6fb2"/>', "visit"),
        ('<path d="M7 4 L13 -8 L19 4 Z" fill="#1f6fb2"/>', "pickup"),
        ('<rect x="8" y="-7" width="10" height="10" fill="#1f6fb2"/>', "drop-off"),
        (CROSS, "not served"),
        ('<path d="M13 -9 l7 7 -7 7 -7 -7 Z" fill="#fff" stroke="#1f2933" stroke-width="2"/>', "start"),
    )  # fmt: skip
    return "".join(
        f'<g transform="translate({index * 122} 12)">{mark}'
        f'<text x="34" y="3" font-size="12" fill="#3e4c59">{label}</text></g>'
        for index, (mark, label) in enumerate(entries)
    )
