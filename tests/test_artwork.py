"""Share pictures and PDFs: texts fit and are readable, files are small."""

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
from petition.artwork.typesetting import TextArea
from tests.factories import SITE, TODAY
from tests.pdf import pages, printed

PACKAGE = Path(__file__).parent.parent / "petition"
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
    organiser="Who runs this petition: Anna.",
    privacy="These names are for this petition alone.",
    address="petition.example.org/p/kuramshin",
)
LONG_HEADLINES = {
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
    """Return a picture of random pixels, which compresses worst."""
    file = BytesIO()
    pixels = random.Random(1).randbytes(side * side * 3)  # noqa: S311 (nothing is kept secret)
    Image.frombytes("RGB", (side, side), pixels).save(file, "PNG")
    return file.getvalue()


def decode(drawing: bytes) -> Image.Image:
    """Decode a drawing."""
    return Image.open(BytesIO(drawing)).convert("RGB")


def is_plain(picture: Image.Image, left: int, top: int, right: int, bottom: int) -> bool:
    """Return whether a box has only one colour."""
    return len(picture.crop((left, top, right, bottom)).getcolors(1_000_000) or []) == 1


def poster(words: card.CardText = WORDS, photo: bytes | None = None) -> bytes:
    """Return a poster."""
    return documents.poster(
        words,
        colour=COLOUR,
        address=ADDRESS,
        organiser="Run by Anna.",
        created_at=TODAY,
        photo=photo,
    )


@pytest.mark.parametrize("with_photo", [False, True])
@pytest.mark.parametrize(("draw", "size"), [(card.card, (1200, 630)), (card.story, (1080, 1920))])
def test_a_picture_is_a_png_of_its_size_and_small(
    draw: Draw, size: tuple[int, int], with_photo: bool
) -> None:
    drawing = draw(
        replace(WORDS, headline=LONG_HEADLINES["kk"]),
        colour=COLOUR,
        photo=noise() if with_photo else None,
    )
    assert drawing.startswith(b"\x89PNG")
    assert decode(drawing).size == size
    assert len(drawing) < 300_000


@pytest.mark.parametrize("draw", [card.card, card.story])
def test_reducing_the_photograph_leaves_field_and_paper_unchanged(draw: Draw) -> None:
    with_photo, without = (
        decode(draw(WORDS, colour=COLOUR, photo=photo)) for photo in (noise(), None)
    )
    field, sheet = (20, with_photo.height * 2 // 5), (20, with_photo.height * 4 // 5)
    for place in (field, sheet):
        assert with_photo.getpixel(place) == without.getpixel(place)
    assert with_photo.getpixel(field) == (0x8C, 0x1D, 0x18)
    assert with_photo.getpixel(sheet) == (0xFB, 0xF9, 0xF4)


@pytest.mark.parametrize("headline", LONG_HEADLINES.values(), ids=LONG_HEADLINES)
def test_a_long_headline_stays_within_the_margins(headline: str) -> None:
    words = replace(WORDS, headline=headline)
    drawn = decode(card.card(words, colour=COLOUR))
    assert not is_plain(drawn, 72, 112, 1128, 358)
    assert is_plain(drawn, 0, 0, 68, 398)
    assert is_plain(drawn, 1132, 0, 1200, 398)
    assert is_plain(drawn, 0, 374, 1200, 398)
    with_photo = decode(card.card(words, colour=COLOUR, photo=noise(8)))
    assert not is_plain(with_photo, 60, 112, 744, 350)
    assert is_plain(with_photo, 0, 0, 56, 398)
    assert is_plain(with_photo, 748, 0, 790, 398)
    tall = decode(card.story(words, colour=COLOUR))
    assert not is_plain(tall, 96, 400, 984, 1040)
    assert is_plain(tall, 0, 0, 92, 1130)
    assert is_plain(tall, 988, 0, 1080, 1130)


def test_the_text_of_a_card_is_within_its_central_square() -> None:
    drawn = decode(card.card(WORDS, colour=COLOUR))
    assert not is_plain(drawn, 285, 0, 915, 398)
    assert is_plain(drawn, 0, 0, 285, 398)
    assert is_plain(drawn, 915, 0, 1200, 398)
    assert is_plain(drawn, 0, 399, 285, 550)
    assert is_plain(drawn, 915, 399, 1200, 550)


def test_right_to_left_text_starts_at_the_right() -> None:
    drawn = decode(
        card.card(replace(WORDS, right_to_left=True, to="A"), colour=COLOUR, photo=noise(8))
    )
    assert is_plain(drawn, 0, 30, 400, 94)
    assert not is_plain(drawn, 700, 30, 748, 94)


@pytest.mark.parametrize(
    ("counted", "apart"),
    [
        ("12,300+ signatures", ("12,300+", "signatures")),
        ("12\u202f300+ подписей", ("12\u202f300+", "подписей")),
        ("Бізбен 5 адам", ("5", "Бізбен адам")),
        ("one signature", ("", "one signature")),
    ],
)
def test_the_count_is_split_into_number_and_words(counted: str, apart: tuple[str, str]) -> None:
    assert card.split_count(counted) == apart


def sentences() -> Iterator[str]:
    """Yield every message of the site and the text of its samples."""
    for catalogue in sorted(PACKAGE.glob("translations/*/LC_MESSAGES/messages.po")):
        with catalogue.open("rb") as file:
            for message in read_po(file):
                for text in (message.id, message.string):
                    yield text if isinstance(text, str) else "".join(text or ())
    for sample in sorted(PACKAGE.glob("petitions/samples/*.toml")):
        yield sample.read_text(encoding="utf-8")


@pytest.mark.parametrize("face", [fonts.REGULAR, fonts.BOLD, fonts.ITALIC], ids=lambda f: f.stem)
def test_roboto_has_every_character_of_the_site(face: Path) -> None:
    letters = {letter for sentence in sentences() for letter in sentence}
    letters |= set(printable) | set("ӘҒҚҢӨҰҮҺІәғқңөұүһі")
    assert len(letters) > 200
    for letter in letters:
        assert fonts.runs(f"a{letter}", face)[0][1] == face
        assert len(fonts.runs(f"a{letter}", face)) == 1
    font = ImageFont.truetype(face, 40)
    box = bytes(font.getmask("\uffff"))
    assert [one for one in letters if not one.isspace() and bytes(font.getmask(one)) == box] == []


def test_missing_names_each_character_without_a_glyph_once() -> None:
    assert fonts.missing("Құқық, свобода – fiancé\u00a0…") == ""
    assert fonts.missing(f"a{NOBODY}b\U0010fffc {NOBODY}\u200d\n\ufe0f\t") == f"{NOBODY}\U0010fffc"


@pytest.mark.parametrize("draw", [card.card, card.story])
def test_a_dot_replaces_characters_without_a_glyph(draw: Draw) -> None:
    unknown = replace(WORDS, headline=f"Free {NOBODY * 3}\U0010fffc him", call=NOBODY)
    dotted = replace(WORDS, headline="Free · him", call="·")
    assert draw(unknown, colour=COLOUR) == draw(dotted, colour=COLOUR)


def test_the_import_names_characters_without_a_glyph(app: Flask, tmp_path: Path) -> None:
    sample = (PACKAGE / "petitions" / "samples" / "kuramshin.toml").read_text(encoding="utf-8")
    file = tmp_path / "petition.toml"
    for toml, missing in (
        (sample, ""),
        (sample.replace('target = "the', f'target = "{NOBODY}{NOBODY}the'), f"en: {NOBODY}"),
        (
            sample.replace("Срочно", f"{NOBODY}\U0010fffc").replace("Håll fria", NOBODY),
            f"ru: {NOBODY} \U0010fffc; sv: {NOBODY}",
        ),
        (sample.replace("Мы обращаемся", NOBODY), ""),  # a letter is not drawn
    ):
        file.write_text(toml.replace('slug = "k', f'slug = "{len(missing)}-{len(toml)}-k'))
        done = app.test_cli_runner().invoke(args=["petition", "import", str(file)])
        assert done.exit_code == 0, done.output
        assert done.stdout.startswith("open /p/")
        lines = done.stderr.splitlines()
        assert len(lines) == 1 + bool(missing), "the last one names the site"
        assert lines[0].endswith(f"until one is installed: {missing}" if missing else "")


def test_the_version_hash_changes_when_a_font_is_installed(own_fonts: Path) -> None:
    def version_hash() -> str:
        fonts.system_fonts.cache_clear()
        artwork.version_hash.cache_clear()
        return artwork.version_hash()

    before = version_hash()
    assert version_hash() == before
    (own_fonts / "Another.ttf").write_bytes((own_fonts / "Wedge.ttf").read_bytes())
    assert version_hash() != before
    artwork.version_hash.cache_clear()


def test_a_dot_replaces_characters_without_a_glyph_in_a_pdf() -> None:
    assert poster(replace(WORDS, to=f"To {NOBODY}")) == poster(replace(WORDS, to="To ·"))


@given(st.text())
def test_runs_of_any_text_have_all_their_glyphs(text: str) -> None:
    for run, file in fonts.runs(text):
        font = ImageFont.truetype(file, 20, layout_engine=ImageFont.Layout.BASIC)
        box = bytes(font.getmask("\U0010fffe"))
        assert not [one for one in run if one.isalnum() and bytes(font.getmask(one)) == box]


@pytest.fixture
def own_fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder of user fonts: one that shows U+10FFF0, and a broken one."""
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


def test_a_system_font_draws_what_roboto_lacks(own_fonts: Path) -> None:
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


def test_a_headline_is_in_a_serif_font_that_has_all_of_it(own_fonts: Path) -> None:
    fonts.system_fonts.cache_clear()
    assert fonts.serif("Free \U0010fff0 him", fonts.BOLD).parent != own_fonts
    wedge = own_fonts / "NotoSerif-Bold.ttf"
    wedge.write_bytes((own_fonts / "Wedge.ttf").read_bytes())
    fonts.system_fonts.cache_clear()
    assert fonts.serif("\U0010fff0", fonts.BOLD) == wedge
    assert fonts.serif("\U0010fff0", fonts.ITALIC) == fonts.ITALIC
    assert fonts.serif("Free \U0010fff0 him", fonts.BOLD) != wedge, "it has no letters"
    for language, text in LONG_HEADLINES.items():
        assert len(fonts.runs(text, fonts.serif(text, fonts.BOLD))) == 1, language


def half_as_wide(text: str, size: float) -> float:
    """Measure a text whose letters are half as wide as high."""
    return len(text) * size / 2


@given(st.text(alphabet=st.sampled_from("abc йқ\u00a0-\n"), max_size=300))
def test_text_stays_in_its_area_complete_or_with_an_ellipsis(text: str) -> None:
    area = TextArea(width=100, height=60, sizes=[20, 14, 10], measure=half_as_wide)
    block = area.fit(text)
    assert all(len(line.text) * block.size / 2 <= 100 for line in block.lines)
    assert block.size + (len(block.lines) - 1) * block.size * area.leading <= 60 + 1e-9
    set_whole = "".join(line.text for line in block.lines).replace("\u00a0", "").replace(" ", "")
    whole = text.replace("\u00a0", "").replace(" ", "").replace("\n", "")
    assert set_whole == whole or (set_whole[-1] == "…" and whole.startswith(set_whole[:-1]))


def test_lines_are_balanced_and_short_words_stay_with_the_next() -> None:
    area = TextArea(width=100, height=60, sizes=[10], measure=half_as_wide)
    block = area.fit("one two three four of five")
    assert [line.text for line in block.lines] == ["one two three", "four of\u00a0five"]
    block = area.fit("Free them all in May 2016")
    assert [line.text for line in block.lines] == ["Free them all", "in\u00a0May\u00a02016"]


def test_the_qr_code_holds_the_address() -> None:
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


def test_the_poster_is_one_page_with_all_texts() -> None:
    pdf = poster(photo=noise(64))
    assert pdf.startswith(b"%PDF-")
    assert len(pages(pdf)) == 1
    lines = printed(pdf)
    assert {"Vadim", "Kuramshin", "12,300+", "signatures", "Run by Anna."} <= set(lines)
    assert lines.count("petition.example.org/p/kuramshin") == 1
    assert lines.count("petition.example.org") == lines.count("/p/kuramshin") == 8


def test_the_poster_has_metadata_and_subsets_of_its_fonts() -> None:
    pdf = poster()
    files = {fonts.REGULAR, fonts.BOLD, fonts.serif(WORDS.headline, fonts.BOLD)}
    assert pdf.count(b"/FontFile2") == len(re.findall(rb"/Subtype /Type0", pdf)) == len(files)
    assert len(pdf) < 60_000, "subsets: a whole face is 300 kB"
    for entry in (b"/Title (Free Vadim Kuramshin)", b"/Author (Petitions)", b"/Lang (en)"):
        assert entry in pdf
    assert b"/CreationDate (D:20160526120000Z)" in pdf


def test_the_qr_code_of_the_poster_is_large() -> None:
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


@pytest.mark.parametrize("headline", LONG_HEADLINES.values(), ids=LONG_HEADLINES)
def test_a_long_headline_fits_the_poster(headline: str) -> None:
    lines = printed(poster(replace(WORDS, headline=headline)))
    assert "".join(headline.split())[:150] in "".join("".join(lines).split())


def test_each_sheet_is_a_numbered_page() -> None:
    pdf = documents.sheet(SHEET, address=ADDRESS, first=7, sheets=3, created_at=TODAY)
    assert len(pages(pdf)) == 3
    lines = printed(pdf)
    assert [line for line in lines if line.startswith("Sheet")] == ["Sheet 7", "Sheet 8", "Sheet 9"]
    assert {*SHEET.columns, SHEET.privacy, *SHEET.demands} <= set(lines)


@pytest.mark.parametrize("right_to_left", [False, True])
def test_the_privacy_line_of_a_sheet_is_whole_and_legible(right_to_left: bool) -> None:
    words = replace(SHEET, privacy=LONG_HEADLINES["kk"], right_to_left=right_to_left)
    pdf = documents.sheet(words, address=ADDRESS, created_at=TODAY)
    content = pages(pdf)[0]
    if right_to_left:  # painted: 2 of its own sizes high
        heights = [float(size) for size in re.findall(rb"q [\d.]+ 0 0 ([\d.]+) ", content)]
        assert min(heights) >= 2 * 7
    else:
        assert min(float(size) for size in re.findall(rb"/F\d ([\d.]+) Tf", content)) >= 7
        assert LONG_HEADLINES["kk"] in " ".join(printed(pdf))


@pytest.mark.parametrize("many", [0, 1, 40])
def test_a_sheet_has_at_least_twelve_rows_to_write_in(many: int) -> None:
    words = replace(SHEET, headline=LONG_HEADLINES["en"], demands=[LONG_HEADLINES["de"]] * many)
    content = pages(documents.sheet(words, address=ADDRESS, created_at=TODAY))[0]
    lines = re.findall(rb"36.85 ([\d.]+) m 558.43 ([\d.]+) l S", content)
    heights = sorted(float(start) for start, end in lines if start == end)
    gaps = [above - below for below, above in pairwise(heights)]
    assert sum(gap >= 9 * 72 / 25.4 for gap in gaps) >= 12


def test_equal_input_gives_equal_files() -> None:
    assert poster(photo=noise(64)) == poster(photo=noise(64))
    one, other = (
        documents.sheet(SHEET, address=ADDRESS, sheets=2, created_at=TODAY) for _ in range(2)
    )
    assert one == other
    assert card.card(WORDS, colour=COLOUR) == card.card(WORDS, colour=COLOUR)


@pytest.mark.parametrize("colour", ["#8c1d18", "#f2c200", "#ffffff", "#777777"])
def test_the_headline_shows_on_any_colour(colour: str) -> None:
    drawn = decode(card.card(WORDS, colour=colour))
    assert not is_plain(drawn, 285, 0, 915, 398)


def test_a_right_to_left_poster_is_mirrored_and_painted() -> None:
    words = replace(WORDS, right_to_left=True, to="أطلقوا")
    content = pages(poster(words))[0]
    squares = re.findall(rb"([\d.]+) [\d.]+ [\d.]+ -[\d.]+ re f", content)[1:]
    assert min(float(x) for x in squares) > 105 * 72 / 25.4
    assert printed(poster(words)) == []
