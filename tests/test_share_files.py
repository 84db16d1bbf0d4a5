"""Share cards, posters and sheets as the site serves them; `test_artwork` tests the drawing."""

from contextlib import suppress
from io import BytesIO
from os import utime
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from werkzeug.exceptions import ServiceUnavailable

from petition import artwork
from petition.database.base import db
from petition.models import PetitionText, Tally
from petition.models.enums import PetitionState
from petition.petitions import lifecycle
from petition.web.support import image_cache
from petition.web.support.image_cache import ImageCache
from tests.browsing import Client, text_of
from tests.factories import TODAY, make_petition
from tests.pdf import pages, printed


@pytest.mark.parametrize(("kind", "size"), [("card", (1200, 630)), ("story", (1080, 1920))])
def test_a_picture_is_small_and_immutable(
    client: Client, petition: str, kind: str, size: tuple[int, int]
) -> None:
    response = client.get(f"/p/{petition}/{kind}/ru/0.png?v=1")
    assert response.mimetype == "image/png"
    assert Image.open(BytesIO(response.data)).size == size
    assert len(response.data) < 300_000
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.data != client.get(f"/p/{petition}/{kind}/en/0.png").data


def set_count(number: int) -> None:
    db.session.query(Tally).update({Tally.counted: number})
    db.session.commit()


def test_only_a_count_that_was_reached_is_drawn(app: Flask, client: Client, petition: str) -> None:
    set_count(50)
    assert client.get(f"/p/{petition}/card/en/50.png").status_code == 200
    drawn = len(drawn_files(app))
    for never in ("51", "01234", "123", "9" * 40, "-1", "many"):
        assert client.get(f"/p/{petition}/card/en/{never}.png").status_code == 404, never
    for language in ("de", "tlh", "..", "EN"):  # no text in it, no language, no name of one
        assert client.get(f"/p/{petition}/card/{language}/0.png").status_code == 404, language
    assert client.get("/p/gone/card/en/0.png").status_code == 404
    assert len(drawn_files(app)) == drawn, "addresses made up cost nothing"


def test_an_earlier_picture_redirects_once_it_is_not_cached(
    app: Flask, client: Client, petition: str
) -> None:
    shared = f"/p/{petition}/card/en/0.png?v=1"
    first = client.get(shared).data
    set_count(50)
    assert client.get(shared).data == first, "as long as it is kept"
    for file in drawn_files(app):
        file.unlink()
    for address in (
        shared,
        f"/p/{petition}/card/en/12.png?v=1",
        f"/p/{petition}/card/en/50.png?v=7",
    ):
        response = client.get(address)
        assert response.status_code == 303
        assert response.location == f"/p/{petition}/card/en/50.png?v=1"
        assert response.headers["Cache-Control"] == "public, max-age=60"
    assert not drawn_files(app)
    response = client.get(f"/p/{petition}/card/en/50.png")
    assert response.headers["Cache-Control"] == "public, max-age=60", "no version, no promise"


def test_drawing_has_a_time_budget(tmp_path: Path) -> None:
    clock = [0.0]

    def draw(number: int) -> bytes:
        clock[0] += 1.0
        return b"%d" % number

    drawings = ImageCache(tmp_path / "artwork", timer=lambda: clock[0], cpu_timer=lambda: clock[0])
    for number in range(6):  # five seconds saved up, and what came together meanwhile
        assert drawings.get_or_draw("x.png", draw, number) == b"%d" % number
    with pytest.raises(ServiceUnavailable) as refused:
        drawings.get_or_draw("x.png", draw, 6)
    assert refused.value.retry_after == 15
    assert drawings.get_or_draw("x.png", draw, 5) == b"5", "what is kept costs nothing"
    clock[0] += 15
    assert drawings.get_or_draw("x.png", draw, 6) == b"6"


def test_each_kind_of_drawing_has_its_own_budget_and_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_cache, "MAX_FILES", 2)
    clock = [0.0]

    def draw(_number: int) -> bytes:
        clock[0] += 1.0
        return b"drawn"

    drawings = ImageCache(tmp_path, timer=lambda: clock[0], cpu_timer=lambda: clock[0])
    drawings.get_or_draw("card.png", draw, 0)
    refused = 0
    for number in range(36):
        try:
            drawings.get_or_draw("sheet.pdf", draw, number)
        except ServiceUnavailable:
            refused += 1
    assert refused == 30
    assert drawings.get("card.png", 0) == b"drawn", "no sheet takes the file of a card"
    for number in range(1, 5):
        assert drawings.get_or_draw("card.png", draw, number) == b"drawn"
    for name, number in (("a.pdf", 0), ("b-a.pdf", 0), ("b-a.pdf", 1), ("a.pdf", 1)):
        drawings.get_or_draw(name, draw, number)
    assert drawings.get("a.pdf", 0) == b"drawn", "nor does a kind whose name ends alike"


def test_a_crawler_gets_only_the_sheets_that_a_person_has_asked_for(
    client: Client, petition: str
) -> None:
    crawler = {"User-Agent": "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://example.org/bot)"}
    path = f"/p/{petition}/sheet.pdf"
    phone = {"User-Agent": "Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 20) Chrome/119.0 Mobile"}
    assert client.get(path, headers=crawler).status_code == 404
    assert client.get(path, headers=phone).status_code == 200, "the phones of a maker are no robots"
    assert client.get(path, headers=crawler).status_code == 200
    card = client.get(f"/p/{petition}/card/en/0.png?v=1", headers=crawler)
    assert card.status_code == 200, "programs that make previews are drawn a picture"


def test_drawings_that_begin_together_do_not_exceed_the_budget(tmp_path: Path) -> None:
    clock, begun = [0.0], []
    drawings = ImageCache(tmp_path, timer=lambda: clock[0], cpu_timer=lambda: clock[0])

    def draw(number: int) -> bytes:
        """Begin the next one before this one has ended."""
        begun.append(number)
        if number:
            with suppress(ServiceUnavailable):
                drawings.get_or_draw("x.png", draw, number + 1)
        clock[0] += 1.0 if number == 0 else 0.0
        return b"drawn"

    drawings.get_or_draw("x.png", draw, 0)
    drawings.get_or_draw("x.png", draw, 1)
    assert begun == [0, 1, 2, 3, 4, 5]


def test_the_oldest_files_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_cache, "MAX_FILES", 2)
    drawings = ImageCache(tmp_path)
    for number in range(4):
        drawings.get_or_draw("x.png", lambda number: b"%d" % number, number)
        for age, file in enumerate(sorted(tmp_path.iterdir(), key=lambda f: -f.stat().st_mtime)):
            utime(file, (0, 1_000_000 - age))
    assert drawings.get("x.png", 0) is None
    assert drawings.get("x.png", 3) == b"3"
    assert len(list(tmp_path.iterdir())) == 2


def test_the_page_says_that_drawing_is_busy(app: Flask, client: Client, petition: str) -> None:
    clock = [0.0]
    drawings = ImageCache(
        Path(app.instance_path) / "artwork", timer=lambda: clock[0], cpu_timer=lambda: clock[0]
    )
    app.extensions["image_cache"] = drawings

    def draw_slowly() -> bytes:
        clock[0] += image_cache.MAX_BUDGET + 1
        return b""

    drawings.get_or_draw("numbered-sheet.pdf", draw_slowly)
    response = client.get(f"/en/p/{petition}/sheet.pdf?first=1234")
    assert response.status_code == 503
    assert 15 <= int(response.headers["Retry-After"]) <= 21
    assert "not ready yet" in text_of(response)
    for other in ("sheet.pdf", "poster.pdf", "card/en/0.png", "story/ru/0.png"):
        assert client.get(f"/p/{petition}/{other}").status_code == 200, other


def drawn_files(app: Flask) -> set[Path]:
    return set((Path(app.instance_path) / "artwork").iterdir())


def test_a_picture_is_drawn_again_when_its_input_changes(
    app: Flask, client: Client, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get(f"/p/{petition}/card/en/0.png").data
    (file,) = drawn_files(app)
    assert file.read_bytes() == first
    file.write_bytes(b"as it is on the disk")
    assert client.get(f"/p/{petition}/card/en/0.png").data == b"as it is on the disk"

    app.config["BRAND_COLOUR"] = "#00509e"
    assert client.get(f"/p/{petition}/card/en/0.png").data not in (first, b"as it is on the disk")

    app.config["BRAND_COLOUR"] = "#8c1d18"
    monkeypatch.setattr(artwork, "version_hash", lambda: "the drawing code of another release")
    assert client.get(f"/p/{petition}/card/en/0.png").data == first


def test_the_url_of_a_picture_changes_with_the_text(client: Client, petition: str) -> None:
    def shared() -> str:
        return client.get(f"/en/p/{petition}").text.split('property="og:image" content="')[1][:99]

    before = shared()
    db.session.query(PetitionText).update({PetitionText.revision: PetitionText.revision + 1})
    db.session.commit()
    client.application.extensions["page_cache"].clear()
    assert shared() != before


def test_the_poster_is_one_page_in_the_language_of_the_reader(
    client: Client, petition: str
) -> None:
    response = client.get(f"/ru/p/{petition}/poster.pdf")
    assert response.mimetype == "application/pdf"
    assert len(pages(response.data)) == 1
    lines = printed(response.data)
    assert "Свободу им" in lines
    assert "petition.example.org/p/free-them" in " ".join(lines)
    assert response.headers["Content-Disposition"] == 'inline; filename="free-them-poster-ru.pdf"'


@pytest.mark.parametrize(
    ("asked", "sheets", "numbers"),
    [
        ("", 1, ["Sheet 1"]),
        ("?first=7&sheets=3", 3, ["Sheet 7", "Sheet 8", "Sheet 9"]),
        ("?sheets=5000", 20, ["Sheet 1", "Sheet 20"]),
        ("?first=-4&sheets=0", 1, ["Sheet 1"]),
        ("?first=x&sheets=" + "9" * 99, 20, ["Sheet 1"]),
    ],
)
def test_paper_sheets_are_numbered(
    client: Client, petition: str, asked: str, sheets: int, numbers: list[str]
) -> None:
    response = client.get(f"/en/p/{petition}/sheet.pdf{asked}")
    assert len(pages(response.data)) == sheets
    lines = printed(response.data)
    for number in numbers:
        assert number in lines


def test_a_draft_has_no_pictures_or_papers(client: Client) -> None:
    slug = make_petition("not-yet", state="draft")
    for file in ("card/en/0.png", "story/en/0.png", "qr.svg", "poster.pdf", "sheet.pdf"):
        assert client.get(f"/p/{slug}/{file}").status_code == 404, file
    lifecycle.change_state(slug, PetitionState.OPEN, now=TODAY)
    assert client.get(f"/p/{slug}/qr.svg").status_code == 200
