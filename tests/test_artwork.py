"""What the petition is passed on with: that it fits, that it can be read, and that it is small."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from string import printable

import pytest
import segno
from babel.messages.pofile import read_po
from flask import Flask
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFont

from petition import artwork
from petition.artwork import card, documents, fonts, qr_code
from petition.artwork.typesetting import Space, fit
from tests.factories import SITE, TODAY
from tests.pdf import pages, printed

HOUSE = Path(__file__).parent.parent / "petition"
ADDRESS = f"{SITE}/p/kuramshin?r=qr"
COLOUR = "#8c1d18"
NOBODY = "\U0010fffd"  # private use: no font has it
WORDS = card.CardText(
    language="en",
    headline="Free Vadim Kuramshin",
    to="To: the Government of Kazakhstan",
    counted="12,300+ signatures",
    call="Sign the petition",
    site="Petitions",
    address="petition.example.org/p/kuramshin",
)
SHEET = documents.SheetText(
    language="en",
    headline="Free Vadim Kuramshin",
    to="To: the Government of Kazakhstan",
    demands=["Release Vadim Kuramshin.", "Hold free elections at every level."],
    columns=["Name", "Country", "Email (optional)", "Date", "Signature"],
    number="Sheet {number}",
    organiser="This petition is run by Anna.",
    privacy="These names are for this petition alone.",
    address="petition.example.org/p/kuramshin",
)
LONG = {
    "en": "Release the human-rights defender Vadim Kuramshin and all who were arrested over the "
    "rallies of May 2016, drop all charges, and let the people of Kazakhstan say what they think "
    "in public, now!",
    "kk": "Құқық қорғаушы Вадим Курамшинді және 2016 жылғы мамырдағы митингілер үшін "
    "ұсталғандардың бәрін босатыңыз, оларға тағылған айыптарды алып тастаңыз, халыққа өз ойын "
    "айтуға мүмкіндік беріңіз",
    "de": "Lassen Sie den Menschenrechtsverteidiger Wadim Kuramschin und alle wegen der "
    "Versammlungen Festgenommenen frei, und achten Sie die Versammlungs- und "
    "Meinungsäußerungsfreiheit in Kasachstan",
    "one word": "W" * 200,
}
Draw = Callable[..., bytes]


def noise(side: int = 640) -> bytes:
    """Return the picture that compresses worst."""
    file = BytesIO()
    pixels = random.Random(1).randbytes(side * side * 3)  # noqa: S311 (nothing is kept secret)
    Image.frombytes("RGB", (side, side), pixels).save(file, "PNG")
    return file.getvalue()


def opened(drawing: bytes) -> Image.Image:
    """Return a drawing as pixels."""
    return Image.open(BytesIO(drawing)).convert("RGB")


def plain(picture: Image.Image, left: int, top: int, right: int, bottom: int) -> bool:
    """Say whether there is but one colour within a box."""
    return len(picture.crop((left, top, right, bottom)).getcolors(1_000_000) or []) == 1


def poster(words: card.CardText = WORDS, face: bytes | None = None) -> bytes:
    """Return a poster."""
    return documents.poster(
        words, colour=COLOUR, address=ADDRESS, organiser="Run by Anna.", made=TODAY, face=face
    )


@pytest.mark.parametrize("with_face", [False, True])
@pytest.mark.parametrize(("draw", "size"), [(card.card, (1200, 630)), (card.story, (1080, 1920))])
def test_a_picture_is_a_png_of_its_size_and_small(
    draw: Draw, size: tuple[int, int], with_face: bool
) -> None:
    drawing = draw(
        replace(WORDS, headline=LONG["kk"]), colour=COLOUR, face=noise() if with_face else None
    )
    assert drawing.startswith(b"\x89PNG")
    assert opened(drawing).size == size
    assert len(drawing) < 300_000


@pytest.mark.parametrize("draw", [card.card, card.story])
def test_a_photograph_coarsened_leaves_colour_and_paper_as_they_are(draw: Draw) -> None:
    with_face, without = (opened(draw(WORDS, colour=COLOUR, face=face)) for face in (noise(), None))
    field, sheet = (20, with_face.height * 2 // 5), (20, with_face.height * 4 // 5)
    for place in (field, sheet):
        assert with_face.getpixel(place) == without.getpixel(place)
    assert with_face.getpixel(field) == (0x8C, 0x1D, 0x18)
    assert with_face.getpixel(sheet) == (0xFB, 0xF9, 0xF4)


@pytest.mark.parametrize("headline", LONG.values(), ids=LONG)
def test_a_long_headline_stays_within_the_margins(headline: str) -> None:
    words = replace(WORDS, headline=headline)
    drawn = opened(card.card(words, colour=COLOUR))
    assert not plain(drawn, 72, 112, 1128, 358)
    assert plain(drawn, 0, 0, 68, 398)
    assert plain(drawn, 1132, 0, 1200, 398)
    assert plain(drawn, 0, 374, 1200, 398)
    with_face = opened(card.card(words, colour=COLOUR, face=noise(8)))
    assert not plain(with_face, 60, 112, 744, 350)
    assert plain(with_face, 0, 0, 56, 398)
    assert plain(with_face, 748, 0, 790, 398)
    tall = opened(card.story(words, colour=COLOUR))
    assert not plain(tall, 96, 400, 984, 1040)
    assert plain(tall, 0, 0, 92, 1130)
    assert plain(tall, 988, 0, 1080, 1130)


def test_what_matters_on_the_card_stands_in_the_square_in_its_middle() -> None:
    drawn = opened(card.card(WORDS, colour=COLOUR))
    assert not plain(drawn, 285, 0, 915, 398)
    assert plain(drawn, 0, 0, 285, 398)
    assert plain(drawn, 915, 0, 1200, 398)
    assert plain(drawn, 0, 399, 285, 550)
    assert plain(drawn, 915, 399, 1200, 550)


def test_text_written_right_to_left_begins_at_the_right() -> None:
    drawn = opened(
        card.card(replace(WORDS, right_to_left=True, to="A"), colour=COLOUR, face=noise(8))
    )
    assert plain(drawn, 0, 30, 400, 94)
    assert not plain(drawn, 700, 30, 748, 94)


@pytest.mark.parametrize(
    ("counted", "apart"),
    [
        ("12,300+ signatures", ("12,300+", "signatures")),
        ("12\u202f300+ подписей", ("12\u202f300+", "подписей")),
        ("Бізбен 5 адам", ("5", "Бізбен адам")),
        ("one signature", ("", "one signature")),
    ],
)
def test_the_number_is_told_from_its_words(counted: str, apart: tuple[str, str]) -> None:
    assert card.figures(counted) == apart


def sentences() -> Iterator[str]:
    """Yield all that the site and its samples say."""
    for catalogue in sorted(HOUSE.glob("translations/*/LC_MESSAGES/messages.po")):
        with catalogue.open("rb") as file:
            for message in read_po(file):
                for said in (message.id, message.string):
                    yield said if isinstance(said, str) else "".join(said or ())
    for sample in sorted(HOUSE.glob("petitions/samples/*.toml")):
        yield sample.read_text(encoding="utf-8")


@pytest.mark.parametrize("face", [fonts.REGULAR, fonts.BOLD, fonts.ITALIC], ids=lambda f: f.stem)
def test_the_cards_own_font_has_every_letter_that_the_site_says(face: Path) -> None:
    letters = {letter for sentence in sentences() for letter in sentence}
    letters |= set(printable) | set("ӘҒҚҢӨҰҮҺІәғқңөұүһі")
    assert len(letters) > 200
    for letter in letters:
        assert fonts.runs(f"a{letter}", face)[0][1] == face
        assert len(fonts.runs(f"a{letter}", face)) == 1
    font = ImageFont.truetype(face, 40)
    box = bytes(font.getmask("\uffff"))
    assert [one for one in letters if not one.isspace() and bytes(font.getmask(one)) == box] == []


def test_what_no_font_has_is_named_once() -> None:
    assert fonts.missing("Құқық, свобода – fiancé\u00a0…") == ""
    assert fonts.missing(f"a{NOBODY}b\U0010fffc {NOBODY}\u200d\n\ufe0f\t") == f"{NOBODY}\U0010fffc"


@pytest.mark.parametrize("draw", [card.card, card.story])
def test_for_what_no_font_has_a_dot_is_drawn_and_no_box(draw: Draw) -> None:
    unknown = replace(WORDS, headline=f"Free {NOBODY * 3}\U0010fffc him", call=NOBODY)
    dotted = replace(WORDS, headline="Free · him", call="·")
    assert draw(unknown, colour=COLOUR) == draw(dotted, colour=COLOUR)


def test_who_hands_a_petition_in_reads_which_letters_no_font_has(
    app: Flask, tmp_path: Path
) -> None:
    sample = (HOUSE / "petitions" / "samples" / "kuramshin.toml").read_text(encoding="utf-8")
    file = tmp_path / "petition.toml"
    for marked, said in (
        (sample, ""),
        (sample.replace('target = "the', f'target = "{NOBODY}{NOBODY}the'), f"en: {NOBODY}"),
        (
            sample.replace("Срочно", f"{NOBODY}\U0010fffc").replace("Håll fria", NOBODY),
            f"ru: {NOBODY} \U0010fffc; sv: {NOBODY}",
        ),
        (sample.replace("Мы обращаемся", NOBODY), ""),  # a letter is not drawn
    ):
        file.write_text(marked.replace('slug = "k', f'slug = "{len(said)}-{len(marked)}-k'))
        done = app.test_cli_runner().invoke(args=["petition", "import", str(file)])
        assert done.exit_code == 0, done.output
        assert done.stdout.startswith("/p/")
        assert done.stderr.count("\n") == bool(said)
        assert done.stderr.endswith(f"until one is installed: {said}\n" if said else "")


def test_all_is_drawn_anew_when_a_font_comes(own_fonts: Path) -> None:
    def edition() -> str:
        fonts.system_fonts.cache_clear()
        artwork.edition.cache_clear()
        return artwork.edition()

    before = edition()
    assert edition() == before
    (own_fonts / "Another.ttf").write_bytes((own_fonts / "Wedge.ttf").read_bytes())
    assert edition() != before
    artwork.edition.cache_clear()


def test_nor_is_a_box_printed() -> None:
    assert poster(replace(WORDS, to=f"To {NOBODY}")) == poster(replace(WORDS, to="To ·"))


@given(st.text())
def test_any_text_is_put_in_runs_that_have_their_glyphs(text: str) -> None:
    for run, file in fonts.runs(text):
        font = ImageFont.truetype(file, 20, layout_engine=ImageFont.Layout.BASIC)
        box = bytes(font.getmask("\U0010fffe"))
        assert not [one for one in run if one.isalnum() and bytes(font.getmask(one)) == box]


@pytest.fixture
def own_fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of somebody's fonts: one that shows U+10FFF0, and a broken one."""
    folder = tmp_path / ".fonts"
    folder.mkdir()
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((0, 900))
    pen.lineTo((900, 0))
    pen.closePath()
    builder = FontBuilder(1000)
    builder.setupGlyphOrder([".notdef", "wedge"])
    builder.setupCharacterMap({0x10FFF0: "wedge"})
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "wedge": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "wedge": (1000, 0)})
    builder.setupHorizontalHeader(ascent=900, descent=-100)
    builder.setupNameTable({"familyName": "Wedge", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(folder / "Wedge.ttf")
    (folder / "Broken.ttf").write_bytes(b"\x00\x01\x00\x00 is no font")
    monkeypatch.setenv("HOME", str(tmp_path))
    fonts.system_fonts.cache_clear()
    yield folder
    fonts.system_fonts.cache_clear()


def test_what_roboto_lacks_is_drawn_in_a_font_of_the_machine(own_fonts: Path) -> None:
    assert own_fonts / "Broken.ttf" in fonts.system_fonts()
    text = "Free \U0010fff0 him"
    assert fonts.missing(text) == ""
    wedge = own_fonts / "Wedge.ttf"
    assert [file for _, file in fonts.runs(text)] == [fonts.REGULAR, wedge, fonts.REGULAR]
    dotted, drawn = (
        card.card(replace(WORDS, headline=one), colour=COLOUR) for one in ("Free · him", text)
    )
    assert drawn != dotted
    assert b"/Subtype /Image" in poster(replace(WORDS, to=text)), "painted: letters may join"


@given(st.text(alphabet=st.sampled_from("abc йқ\u00a0-\n"), max_size=300))
def test_text_is_set_within_its_space_and_whole_or_with_an_ellipsis(text: str) -> None:
    space = Space(width=100, height=60, sizes=[20, 14, 10])
    block = fit(text, space, lambda line, size: len(line) * size / 2)
    assert all(len(line.text) * block.size / 2 <= 100 for line in block.lines)
    assert block.size + (len(block.lines) - 1) * block.size * space.leading <= 60 + 1e-9
    set_whole = "".join(line.text for line in block.lines).replace("\u00a0", "").replace(" ", "")
    whole = text.replace("\u00a0", "").replace(" ", "").replace("\n", "")
    assert set_whole == whole or (set_whole[-1] == "…" and whole.startswith(set_whole[:-1]))


def test_lines_are_about_equally_long_and_keep_short_words_with_the_next() -> None:
    space = Space(width=100, height=60, sizes=[10])
    block = fit("one two three four of five", space, lambda line, size: len(line) * size / 2)
    assert [line.text for line in block.lines] == ["one two three", "four of\u00a0five"]
    block = fit("Free them all in May 2016", space, lambda line, size: len(line) * size / 2)
    assert [line.text for line in block.lines] == ["Free them all", "in\u00a0May\u00a02016"]


def test_the_qr_code_is_the_address() -> None:
    drawing = qr_code.svg(ADDRESS, title="QR code: “<Kuramshin>” & all")
    drawn = {
        (int(x) + step, int(y))
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", drawing.rpartition("<path")[2])
        for step in range(int(length))
    }
    meant = segno.make_qr(ADDRESS, error="m").matrix
    assert drawn == {
        (x + 4, y + 4) for y, row in enumerate(meant) for x, dark in enumerate(row) if dark
    }
    assert f'viewBox="0 0 {len(meant) + 8} {len(meant) + 8}"' in drawing
    assert "<title>QR code: “&lt;Kuramshin&gt;” &amp; all</title>" in drawing
    assert 'role="img"' in drawing
    assert "style" not in drawing


def test_the_poster_is_one_page_that_says_it_all() -> None:
    pdf = poster(face=noise(64))
    assert pdf.startswith(b"%PDF-")
    assert len(pages(pdf)) == 1
    lines = printed(pdf)
    assert {"Vadim", "Kuramshin", "12,300+", "signatures", "Run by Anna."} <= set(lines)
    assert lines.count("petition.example.org/p/kuramshin") == 1
    assert lines.count("petition.example.org") == lines.count("/p/kuramshin") == 8


def test_the_poster_says_what_it_is_and_brings_its_fonts() -> None:
    pdf = poster()
    assert pdf.count(b"/FontFile2") == len(re.findall(rb"/Subtype /Type0", pdf)) == 2
    assert len(pdf) < 60_000, "subsets: a whole face is 300 kB"
    for said in (b"/Title (Free Vadim Kuramshin)", b"/Author (Petitions)", b"/Lang (en)"):
        assert said in pdf
    assert b"/CreationDate (D:20160526120000Z)" in pdf


def test_the_posters_qr_code_is_the_address_and_large() -> None:
    boxes = re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) -([\d.]+) re f", pages(poster())[0])
    squares = [tuple(map(float, box)) for box in boxes[1:]]  # the first one is the field
    left, top = min(box[0] for box in squares), max(box[1] for box in squares)
    side = max(box[0] + box[2] for box in squares) - left
    assert side > 50 * 72 / 25.4, "five centimetres"
    meant = segno.make_qr(ADDRESS, error="q").matrix
    module = side / len(meant)
    drawn = {
        (round((x - left) / module) + step, round((top - y) / module))
        for x, y, wide, _ in squares
        for step in range(round(wide / module))
    }
    assert drawn == {(x, y) for y, row in enumerate(meant) for x, dark in enumerate(row) if dark}


@pytest.mark.parametrize("headline", LONG.values(), ids=LONG)
def test_a_long_headline_fits_the_poster(headline: str) -> None:
    lines = printed(poster(replace(WORDS, headline=headline)))
    assert "".join(headline.split())[:150] in "".join("".join(lines).split())


def test_sheets_are_numbered_each_on_its_page() -> None:
    pdf = documents.sheet(SHEET, address=ADDRESS, first=7, sheets=3, made=TODAY)
    assert len(pages(pdf)) == 3
    lines = printed(pdf)
    assert [line for line in lines if line.startswith("Sheet")] == ["Sheet 7", "Sheet 8", "Sheet 9"]
    assert {*SHEET.columns, SHEET.privacy, *SHEET.demands} <= set(lines)


@pytest.mark.parametrize("many", [0, 1, 40])
def test_a_sheet_has_at_least_twelve_rows_to_write_in(many: int) -> None:
    words = replace(SHEET, headline=LONG["en"], demands=[LONG["de"]] * many)
    content = pages(documents.sheet(words, address=ADDRESS, made=TODAY))[0]
    lines = re.findall(rb"36.85 ([\d.]+) m 558.43 ([\d.]+) l S", content)
    heights = sorted(float(start) for start, end in lines if start == end)
    gaps = [above - below for below, above in pairwise(heights)]
    assert sum(gap >= 9 * 72 / 25.4 for gap in gaps) >= 12


def test_equal_input_gives_equal_files() -> None:
    assert poster(face=noise(64)) == poster(face=noise(64))
    one, other = (documents.sheet(SHEET, address=ADDRESS, sheets=2, made=TODAY) for _ in range(2))
    assert one == other
    assert card.card(WORDS, colour=COLOUR) == card.card(WORDS, colour=COLOUR)


@pytest.mark.parametrize("colour", ["#8c1d18", "#f2c200", "#ffffff", "#777777"])
def test_any_colour_can_be_had(colour: str) -> None:
    drawn = opened(card.card(WORDS, colour=colour))
    assert not plain(drawn, 285, 0, 915, 398)


def test_paper_written_right_to_left_is_painted_on_the_other_side() -> None:
    words = replace(WORDS, right_to_left=True, to="أطلقوا")
    content = pages(poster(words))[0]
    squares = re.findall(rb"([\d.]+) [\d.]+ [\d.]+ -[\d.]+ re f", content)[1:]
    assert min(float(x) for x in squares) > 105 * 72 / 25.4
    assert printed(poster(words)) == []
