"""Colours and whether they can be read on each other (WCAG 2.2, 1.4.3)."""

from colorsys import hls_to_rgb, rgb_to_hls

PAPER, SHEET, INK = "#fbf9f4", "#fffefb", "#1f1b16"
DARK_PAPER, DARK_SHEET, DARK_INK = "#171512", "#201d19", "#ece6da"
READABLE = 4.5  # : 1, for text of ordinary size


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb`, from 0 to 1."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def text_colour_on(colour: str) -> str:
    """Return what is written on a field of this colour: sheet or ink, whichever reads better."""
    return max((SHEET, DARK_PAPER), key=lambda written: contrast(written, colour))


def for_dark(colour: str) -> str:
    """Return the colour as it is shown on dark paper: itself, or the same hue as much lighter as it
    takes (mixed with white it would be pale).
    """
    hue, lightness, saturation = rgb_to_hls(
        *(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    )
    for lighter in range(101):
        channels = hls_to_rgb(hue, lightness + (1 - lightness) * lighter / 100, saturation)
        shown = "#" + "".join(f"{round(255 * channel):02x}" for channel in channels)
        if is_readable(shown, dark=True):
            return shown
    raise AssertionError("white reads on dark paper")


def is_readable(colour: str, *, dark: bool) -> bool:
    """Say whether text in this colour reads on paper and sheet, and text on a field of it."""
    grounds = (DARK_PAPER, DARK_SHEET) if dark else (PAPER, SHEET)
    return all(contrast(colour, other) >= READABLE for other in (*grounds, text_colour_on(colour)))
