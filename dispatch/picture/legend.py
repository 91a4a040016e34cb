"""Colours, textures and the legend."""

from __future__ import annotations

CROSS = '<path d="M8 -8 l10 12 M18 -8 l-10 12" stroke="#c8553d" stroke-width="3"/>'
COLOURS = (
    "#1f6fb2", "#c8553d", "#2e8b57", "#8e5bb5", "#b8860b", "#00838f",
    "#ad1457", "#5d6d1e", "#4a5aa8", "#a0522d", "#37796c", "#7b3f61",
)  # fmt: skip
LATE = "#d64545"
CREW = "#8a94a0"
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


LABELS = {
    "service": "服务", "travel": "路上", "wait": "等待", "break": "休息", "late": "迟到",
    "overtime": "加班", "crew": "同组", "visit": "上门", "pickup": "取", "drop-off": "送",
    "not served": "未排", "start": "起点",
}  # fmt: skip


def label(name: str, language: str) -> str:
    """A kind of time or stop, as the legend calls it."""
    name = "drop-off" if name == "dropoff" else name
    return LABELS[name] if language == "zh" else name


def legend(language: str = "en") -> str:
    """Two lines: how each kind of time and stop is drawn."""
    entries = (
        ('<rect y="-9" width="26" height="14" rx="3" fill="#1f6fb2"/>', "service"),
        ('<line y1="-2" x2="26" y2="-2" stroke="#1f6fb2" stroke-width="3"/>', "travel"),
        ('<rect y="-7" width="26" height="10" fill="url(#wait)"/>', "wait"),
        ('<rect y="-9" width="26" height="14" fill="url(#rest)" stroke="#7b8794"/>', "break"),
        (f'<line y1="-2" x2="26" y2="-2" stroke="{LATE}" stroke-width="4"/>', "late"),
        (f'<path d="M0 -4 H26 M0 -1 H26" stroke="{LATE}" stroke-width="1.5"/>', "overtime"),
        (f'<line y1="-2" x2="26" y2="-2" stroke="{CREW}" stroke-width="2" stroke-dasharray="4 3"/>', "crew"),
        ('<circle cx="13" cy="-2" r="6" fill="#1f6fb2"/>', "visit"),
        ('<path d="M7 4 L13 -8 L19 4 Z" fill="#1f6fb2"/>', "pickup"),
        ('<rect x="8" y="-7" width="10" height="10" fill="#1f6fb2"/>', "drop-off"),
        (CROSS, "not served"),
        ('<path d="M13 -9 l7 7 -7 7 -7 -7 Z" fill="#fff" stroke="#1f2933" stroke-width="2"/>', "start"),
    )  # fmt: skip
    return "".join(
        f'<g transform="translate({index % 6 * 160} {12 + index // 6 * 22})">{mark}'
        f'<text x="34" y="3" font-size="12" class="soft" fill="#3e4c59">'
        f"{label(name, language)}</text></g>"
        for index, (mark, name) in enumerate(entries)
    )
