"""What ties a stop's mark on the map to its bar in the timeline: the same data attributes, reachable by keyboard."""

from __future__ import annotations

import re
from html import escape

from dispatch.plan import Stop

Key = tuple[str, str, int]
UNSAYABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML 1.0 §2.2 has no way to write


def escaped(text: str) -> str:
    """Text as it may stand in HTML, SVG and their attributes; a character that SVG cannot say becomes U+FFFD."""
    return escape(sayable(text))


def sayable(text: str) -> str:
    """The text without what SVG cannot say."""
    return UNSAYABLE.sub("\ufffd", text)


def name_of(key: Key) -> str:
    """A stop's name in the page; kinds hold no colon, so names are as different as keys."""
    kind, id_, member = key
    return sayable(f"{kind}:{member}:{id_}")


def tagged(shift: str, stop: Stop, mark: str, *, changed: bool = False) -> str:
    """The mark in a group that scripts and keyboards can find; ids come from strangers and are escaped."""
    ring = ' class="changed"' if changed else ""
    task, key = escaped(stop.id), escaped(name_of(stop.key))
    return (
        f'<g{ring} data-shift="{escaped(shift)}" data-task="{task}" data-key="{key}" tabindex="0" role="button">'
        f"{mark}</g>"
    )
