"""The one colour of a site reads wherever it is used (WCAG 2.2, 1.4.3: 4.5 to 1)."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition.core import colours, config, setting_types
from petition.core.errors import SettingsError
from petition.web.support.assets import SOURCE

SHEET = (SOURCE / "site.css").read_text(encoding="utf-8")


def test_contrast_is_that_of_the_standard() -> None:
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert colours.contrast("#ffffff", "#777777") == colours.contrast("#777777", "#ffffff")


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_a_colour_is_refused_or_reads_everywhere(channels: tuple[int, int, int]) -> None:
    colour = "#" + "".join(f"{channel:02x}" for channel in channels)
    light = (colours.PAPER, colours.SHEET, colours.text_colour_on(colour))
    if min(colours.contrast(colour, ground) for ground in light) < 4.5:
        with pytest.raises(ValueError, match="darker"):
            setting_types.colour(colour)
        return
    assert setting_types.colour(colour) == colour
    dark = colours.for_dark(colour)
    for ground in (colours.DARK_PAPER, colours.DARK_SHEET, colours.text_colour_on(dark)):
        assert colours.contrast(dark, ground) >= 4.5, (dark, ground)


@pytest.mark.parametrize("colour", ["#ffcc00", "red", "#fff", "#12345g", "javascript:"])
def test_a_colour_nobody_can_read_stops_the_start(tmp_path: Path, colour: str) -> None:
    with pytest.raises(SettingsError, match="BRAND_COLOUR"):
        config.load(tmp_path, {"PETITION_BRAND_COLOUR": colour})


def test_the_style_sheet_is_on_the_paper_that_the_colours_are_measured_against() -> None:
    grounds = re.findall(r"--paper: (#\w+);\s*--sheet: (#\w+);\s*--ink: (#\w+);", SHEET)
    light, dark, printed = grounds
    assert light == (colours.PAPER, colours.SHEET, colours.INK)
    assert dark == (colours.DARK_PAPER, colours.DARK_SHEET, colours.DARK_INK)
    assert printed == ("#fff", "#fff", "#000")


@pytest.mark.parametrize("place", ["--ink: ", "--edge: "])
def test_edges_of_fields_and_the_focus_stand_out(place: str) -> None:
    values = re.findall(rf"{place}(#\w+);", SHEET)[:2]  # light, dark
    grounds = [(colours.PAPER, colours.SHEET), (colours.DARK_PAPER, colours.DARK_SHEET)]
    for value, papers in zip(values, grounds, strict=True):
        for paper in papers:
            assert colours.contrast(value, paper) >= 3, (value, paper)  # WCAG 2.2, 1.4.11
