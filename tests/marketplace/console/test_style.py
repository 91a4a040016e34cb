"""The style sheet keeps what accessibility rules ask: contrast of text (WCAG 2.2, 1.4.3) and targets of 44 pixels."""

import re

import pytest

from marketplace.console.files import STATIC

SHEET = STATIC["console.css"].read_text("utf-8")
COLOURS = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", SHEET))
TEXT = [
    ("ink", "paper"),
    ("ink", "card"),
    ("muted", "paper"),
    ("muted", "card"),
    ("accent", "card"),
    ("accent", "accent-soft"),
    ("late", "late-soft"),
    ("late", "card"),
    ("alarm", "alarm-soft"),
    ("alarm", "card"),
    ("review", "review-soft"),
    ("review", "card"),
    *((f"hue-{number}", "card") for number in range(12)),
]


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2.2."""
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_black_on_white_has_a_contrast_of_twenty_one() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21.0)


@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_stands_out_by_four_and_a_half(text: str, ground: str) -> None:
    assert contrast(COLOURS[text], COLOURS[ground]) >= 4.5


def test_controls_are_forty_four_pixels_high() -> None:
    rule = re.search(r"button, \.button, input, select \{([^}]*)\}", SHEET)
    assert rule is not None
    assert "min-height: 44px" in rule[1]
