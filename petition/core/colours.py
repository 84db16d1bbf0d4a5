"""Colours of the pages and their contrast (WCAG 2.2, 1.4.3)."""

from colorsys import hls_to_rgb, rgb_to_hls

PAPER, SHEET, INK = "#fbf9f4", "#fffefb", "#1f1b16"
DARK_PAPER, DARK_SHEET, DARK_INK = "#171512", "#201d19", "#ece6da"
READABLE = 4.5  # to 1, for text of normal size


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb`, from 0 to 1."""
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def text_colour_on(colour: str) -> str:
    """Return the colour for text on a field of this one: the light or the dark, by contrast."""
    return max((SHEET, DARK_PAPER), key=lambda text: contrast(text, colour))


def for_dark(colour: str) -> str:
    """Return the colour for dark mode: the same hue, lightened until it is readable there."""
    hue, lightness, saturation = rgb_to_hls(*_channels(colour))
    for percent in range(101):
        channels = hls_to_rgb(hue, lightness + (1 - lightness) * percent / 100, saturation)
        lighter = "#" + "".join(f"{round(255 * channel):02x}" for channel in channels)
        if is_readable(lighter, dark=True):
            return lighter
    raise AssertionError("white is readable on dark paper")


def is_readable(colour: str, *, dark: bool) -> bool:
    """Return whether text in this colour is readable on the page, and text on a field of it."""
    backgrounds = (DARK_PAPER, DARK_SHEET) if dark else (PAPER, SHEET)
    others = (*backgrounds, text_colour_on(colour))
    return all(contrast(colour, other) >= READABLE for other in others)


def _channels(colour: str) -> list[float]:
    """Return red, green and blue of `#rrggbb`, from 0 to 1 each."""
    return [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
