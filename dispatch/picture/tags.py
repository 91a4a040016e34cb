"""What ties a stop's mark on the map to its bar in the timeline: the same data attributes, reachable by keyboard."""

from __future__ import annotations

from html import escape

from dispatch.plan import Stop

Key = tuple[str, str, int]


def name_of(key: Key) -> str:
    """A stop's name in the page; kinds hold no colon, so names are as different as keys."""
    kind, id_, member = key
    return f"{kind}:{member}:{id_}"


def tagged(shift: str, stop: Stop, mark: str, *, changed: bool = False) -> str:
    """The mark in a group that scripts and keyboards can find; ids come from strangers and are escaped."""
    ring = ' class="changed"' if changed else ""
    return (
        f'<g{ring} data-shift="{escape(shift)}" data-task="{escape(stop.id)}" data-key="{escape(name_of(stop.key))}" '
        f'tabindex="0" role="button">{mark}</g>'
    )
