"""The pack that is handed over: one PDF, sealed, and what became of it."""

from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from petition.artwork.stream import shaping
from petition.cli.mail import write_next_file
from petition.core.clock import now
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Download, Handover, Petition, Picture
from petition.models.enums import Role
from petition.organisers.handover import packs
from petition.organisers.news import reading, writing
from petition.organisers.news.reading import NewsText
from petition.signatures import new_text
from tests.browsing import (
    Client,
    browser,
    csrf_of,
    deliver,
    enter,
    invite,
    path_of,
    press,
    text_of,
    trail,
)
from tests.exports import PACK, keep
from tests.factories import TODAY, change_text, make_file, make_petition, photo, tasks_of
from tests.mailings import add_readers
from tests.post_office import PostOffice
from tests.signatures import in_threads
from tests.streamed_pdf import objects, pages

TAB = "/organisers/p/free-them/handover"
PAGE = f"{TAB}/packs/1"
NAMES = ("Айгүл Ерғали", "李雷", "გიორგი", "박지성", "สมชาย", "שרה כהן", "محمد علي", "अमित")
HANDED = {"version": "1", "handed_over_on": "2016-05-26", "place": "the embassy in London"}


def sign_all(names: tuple[str, ...] = NAMES) -> None:
    """Keep a signature for each name, and one of somebody who did not agree."""
    for number, name in enumerate(names):
        keep(f"signer{number}@example.org", name=name, country="KZ", handover=True)
    keep("withheld@example.org", name="Withheld Berg")


def make_pack(app: Flask, organiser_id: int, **options: Any) -> Handover:
    """Make a pack and return it."""
    make_file(app, 1, organiser_id, PACK._replace(**options), keep_until=None)
    return db.session.scalars(select(Handover).order_by(Handover.id.desc()).limit(1)).one()


def file_of(app: Flask, kind: str = "pdf") -> bytes:
    """Return a file of the first pack."""
    return (Path(app.instance_path) / "files" / f"1.{kind}").read_bytes()


def test_a_pack_tells_how_many_signed_or_confirmed_its_text(app: Flask, petition: str) -> None:
    sign_all()
    change_text(reason="It was too long.")
    new_text.confirm(2, 2, now=now())
    make_pack(app, invite())
    front = pages(file_of(app))[2]
    assert front[front.index("For the present text, signed or confirmed later") + 1] == "1"


def test_a_pack_has_letter_totals_countries_verification_and_every_name(
    app: Flask, petition: str
) -> None:
    sign_all()
    shown = {"display": "full", "handover": True, "organisation": "Union", "role": "chair"}
    keep("anna@example.org", name="Anna", country="SE", **shown)
    pack = make_pack(app, invite())
    cover, letter, front, names = pages(file_of(app))
    assert "Free them" in cover
    assert "To: the Government" in cover
    assert "10 people have signed." in cover
    assert "We ask you to free them." in letter
    assert "2. Let others speak." in letter
    assert front[front.index("Kazakhstan") + 1] == "8"
    assert front[front.index("Names withheld for safety") + 1] == "1"
    assert "Union (chair)" in front
    assert pack.list_sha256 in front
    for number, name in enumerate(NAMES, start=1):
        read = names[names.index(str(number)) + 1]
        assert name in {read, read[::-1]}, "from right to left it may be in the order of glyphs"
    assert "Withheld Berg" not in names
    assert [page[-1].rpartition(" · ")[2] for page in (cover, names)] == [
        "Page 1 of 4",
        "Page 4 of 4",
    ]
    assert b"example.org" not in b"".join(objects(file_of(app)).values())


def test_a_pack_is_sealed_with_its_list_and_both_hashes(app: Flask, petition: str) -> None:
    sign_all()
    pack = make_pack(app, invite())
    assert sha256(file_of(app)).hexdigest() == pack.sha256
    assert sha256(file_of(app, "csv")).hexdigest() == pack.list_sha256
    assert (pack.rows, pack.withheld, pack.size) == (8, 1, len(file_of(app)))
    assert trail()[-1][0] == "handover.sealed"
    before = pack.sha256
    keep("late@example.org", name="Late", handover=True)
    (task,) = [task for task in tasks_of(app) if task.name == "files of signatures"]
    task.run(now() + timedelta(days=1))
    assert sha256(file_of(app)).hexdigest() == before, "it stays, and does not change"
    second = make_pack(app, 1)
    assert (second.id, second.rows) == (2, 9)


def test_the_pack_is_in_the_language_of_the_text_that_was_chosen(app: Flask, petition: str) -> None:
    sign_all(("Anna",))
    pack = make_pack(app, invite(), language="ru")
    cover, _letter, _front, names = pages(file_of(app))
    assert "Свободу им" in cover
    assert "Казахстан" in names
    assert pack.language == "ru"


def test_a_long_list_has_numbered_pages_and_no_name_is_cut(app: Flask, petition: str) -> None:
    long_name = "Maximilian Ferdinand Konstantin " * 3 + "Xyz."
    sign_all((long_name, *(f"Anna {number}" for number in range(250))))
    make_pack(app, invite())
    read = pages(file_of(app))
    names = [line for page in read[3:] for line in page]
    assert long_name in " ".join(names)
    assert {f"Anna {number}" for number in range(250)} <= set(names)
    assert [page[-1].rpartition(" · ")[2] for page in read] == [
        f"Page {number} of {len(read)}" for number in range(1, len(read) + 1)
    ]


def test_equal_names_give_equal_bytes_to_browsers_and_the_command(
    app: Flask, petition: str
) -> None:
    sign_all()
    invite()
    inside = enter(app)
    file = inside.get("/organisers/p/free-them/signatures.pdf?profile=handover")
    assert file.mimetype == "application/pdf"
    command = app.test_cli_runner().invoke(args=("export", petition, "--format", "pdf"))
    assert command.stdout_bytes == file.data
    no_addresses = "/organisers/p/free-them/signatures.pdf?profile=organiser"
    assert inside.get(no_addresses).status_code == 400
    options = ("--format", "pdf", "--profile", "organiser")
    assert app.test_cli_runner().invoke(args=("export", petition, *options)).exit_code == 2


def test_text_of_two_directions_is_in_visual_order() -> None:
    order = shaping._in_visual_order("علي Ali 12 رضا")  # noqa: SLF001
    assert [part.strip() for part, _ in order if part.strip()] == ["رضا", "12", "Ali", "علي"] or [
        part.strip() for part, _ in order if part.strip()
    ] == ["رضا", "Ali 12", "علي"]
    assert shaping._in_visual_order("Ali") == [("Ali", "ltr")]  # noqa: SLF001


def test_what_no_font_has_becomes_a_dot() -> None:
    fonts = shaping.FontSet()
    assert fonts.shape("a\U0010fffdb").width == fonts.shape("a·b").width


def test_an_organiser_makes_a_pack_on_the_page(app: Flask, petition: str) -> None:
    invite()
    inside = enter(app)
    asked = {"language": "ru", "reason": "For the embassy"}
    wrong = press(inside, f"{TAB}/pack", **asked | {"language": "xx"})
    assert wrong.status_code == 422
    assert "Choose one of the answers." in text_of(wrong)
    assert press(inside, f"{TAB}/pack", **asked).location == f"{TAB}#files"
    assert write_next_file(app)
    assert "Not handed over yet." in text_of(inside.get(TAB))
    page = text_of(inside.get(PAGE))
    assert "0 names." in page
    assert inside.get(f"{PAGE}/pdf").data == file_of(app)
    assert inside.get(f"{PAGE}/csv").data == file_of(app, "csv")
    recorded = [entry for entry in trail() if entry[0] == "signatures.handover"]
    assert [entry[3] for entry in recorded] == ["pdf, handover, file 1", "csv, handover, file 1"]


def test_the_page_says_what_was_handed_over_and_how_long_no_answer_came(
    app: Flask, client: Client, petition: str
) -> None:
    sign_all()
    make_pack(app, invite())
    inside = enter(app)
    assert "Handed over" not in text_of(client.get("/p/free-them"))
    yesterday = str((now() - timedelta(days=3)).date())
    fields: dict[str, Any] = HANDED | {"handed_over_on": yesterday, "receipt": "No. 7"}
    fields["photo"], fields["photo_alt"] = (BytesIO(photo()), "a.jpg"), "A queue"
    fields["csrf_token"] = csrf_of(inside.get(PAGE))
    answer = inside.post(PAGE, data=fields)
    assert answer.status_code == 303, text_of(answer)
    page = client.get("/p/free-them")
    words = text_of(page)
    assert "8 names, to: the embassy in London" in words
    assert "No answer since 3 days." in words
    assert "Receipt: No. 7" in words
    picture = page.text.partition('<img src="/p/free-them/pictures/')[2].partition('"')[0]
    assert client.get(f"/p/free-them/pictures/{picture}").mimetype == "image/webp"
    answered = HANDED | {
        "version": "2",
        "answer": "We will look.",
        "answered_on": str(now().date()),
    }
    assert press(inside, PAGE, **answered).status_code == 303
    words = text_of(client.get("/p/free-them"))
    assert "We will look." in words
    assert "No answer" not in words
    assert trail()[-1] == ("handover.recorded", 1, 1, "pack 1")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"handed_over_on": ""}, "Fill in this field."),
        ({"handed_over_on": "2199-01-01"}, "This day is still to come."),
        ({"place": ""}, "Fill in this field."),
        ({"answer": "Yes."}, "Say on which day it came."),
        ({"answer": "Yes.", "answered_on": "2016-05-01"}, "This day is before the other."),
    ],
)
def test_what_is_wrong_with_the_record_is_said(
    app: Flask, petition: str, changes: dict[str, str], words: str
) -> None:
    make_pack(app, invite())
    answer = press(enter(app), PAGE, **HANDED | changes)
    assert answer.status_code == 422
    assert words in text_of(answer)


def test_a_photo_needs_words_and_must_be_a_picture(app: Flask, petition: str) -> None:
    make_pack(app, invite())
    inside = enter(app)
    fields: dict[str, Any] = HANDED | {"csrf_token": csrf_of(inside.get(PAGE))}
    answer = inside.post(PAGE, data=fields | {"photo": (BytesIO(photo()), "a.jpg")})
    assert "Say what the photo shows." in text_of(answer)
    text = fields | {"photo": (BytesIO(b"text"), "a.jpg"), "photo_alt": "A queue"}
    answer = inside.post(PAGE, data=text)
    assert answer.status_code == 422
    assert "cannot be read as a picture" in text_of(answer)


def test_who_saves_second_sees_what_the_first_saved(app: Flask, petition: str) -> None:
    make_pack(app, invite())
    inside = enter(app)
    press(inside, PAGE, **HANDED)
    second = press(inside, PAGE, **HANDED | {"place": "the embassy in Paris"})
    assert second.status_code == 409
    assert "the embassy in London" in second.text
    assert 'value="the embassy in Paris"' in second.text
    assert 'name="version" type="hidden" value="2"' in second.text


def test_a_lost_race_leaves_no_photo_behind(app: Flask, petition: str) -> None:
    make_pack(app, invite())
    inside = enter(app)
    press(inside, PAGE, **HANDED)
    late: dict[str, Any] = HANDED | {
        "csrf_token": csrf_of(inside.get(PAGE)),
        "photo_alt": "A queue",
    }
    answer = inside.post(PAGE, data=late | {"photo": (BytesIO(photo()), "a.jpg")})
    assert answer.status_code == 409
    db.session.rollback()
    assert db.session.scalars(select(Picture.name)).all() == []


def test_signers_who_want_news_are_told_of_a_hand_over(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    sign_all()
    add_readers(1, first=20, language="ru")
    make_pack(app, invite())
    inside = enter(app)
    assert "Tell signers" not in text_of(inside.get(PAGE)), "not before it was handed over"
    early = press(inside, PAGE, f"{PAGE}/news")
    assert "First say when and to whom" in text_of(inside.get(early.location))
    press(inside, PAGE, **HANDED)
    assert "Tell signers" in text_of(inside.get(PAGE))
    draft = press(inside, PAGE, f"{PAGE}/news").location
    assert draft == "/organisers/p/free-them/news/1"
    page = inside.get(draft)
    assert 'value="8 names were handed over"' in page.text
    told = "On 26 May 2016 we handed over 8 names. Addressed to: the Government. Received by:"
    agreed = "The list has only the names of those who agreed, and no email address."
    assert f"{told} the embassy in London. {agreed}" in text_of(page)
    assert "26 мая 2016 г. мы передали 8 имён. Адресат: Правительство." in text_of(page)
    assert "handed over" not in client.get("/p/free-them/updates").text, "nobody is told before"
    fields = dict.fromkeys(("at", "author", "alt"), "") | {"version": "1", "action": "publish"}
    for language in ("en", "ru"):
        fields |= {f"title_{language}": f"Told {language}", f"body_{language}": "At last."}
    assert press(inside, draft, **fields).status_code == 303
    for step in ("test", "start"):
        assert press(inside, f"{draft}/email", f"{draft}/{step}").status_code == 303
        deliver(app)
    (mail,) = (mail for mail in post_office.arrived if "petition1" in mail.recipients[0])
    assert mail.message["Subject"] == "Told ru"
    assert press(inside, PAGE, f"{PAGE}/news").location == draft, "it leads to the first"


def test_two_who_tell_signers_at_once_write_one_draft(app: Flask, petition: str) -> None:
    make_pack(app, invite())
    texts = [NewsText("en", "Handed over", "At last.")]

    def write(_number: int) -> int:
        form = writing.NewsForm("", texts, {})
        return writing.create(1, form, publish_at=None, handover_id=1, now=TODAY)

    assert {*in_threads(app, 4, write)} == {1}
    assert len(reading.list_news(1, now=TODAY)) == 1
    assert writing.delete_draft(1, 1, now=TODAY)
    write(1)
    assert len(reading.list_news(1, now=TODAY)) == 1, "a deleted draft is written again"


def test_the_link_for_the_target_gives_the_pack_once(
    app: Flask, client: Client, petition: str
) -> None:
    sign_all(("Anna",))
    make_pack(app, invite())
    inside = enter(app)
    assert press(inside, PAGE, f"{PAGE}/link").status_code == 303
    shown = inside.get(PAGE).text
    link = path_of(
        shown.partition('<code class="hash">https')[2].partition("<")[0].join(["https", ""])
    )
    for _ in range(2):
        page = client.get(link)
        assert "1 name" in text_of(page)
        assert page.headers["Referrer-Policy"] == "no-referrer"
    sent = client.post(link)
    assert sent.data == file_of(app)
    assert client.post(link).status_code == 410
    assert "This link was used" in text_of(client.get(link))
    assert "The pack was fetched with the link on" in text_of(inside.get(PAGE))
    assert trail()[-1] == ("handover.link_used", None, 1, "pack 1")
    press(inside, PAGE, f"{PAGE}/link")
    assert client.get(link).status_code == 410, "the newer one alone works"


def test_an_old_link_for_the_target_is_410(app: Flask, client: Client, petition: str) -> None:
    make_pack(app, invite())
    inside = enter(app)
    press(inside, PAGE, f"{PAGE}/link")
    with transaction() as connection:
        connection.execute(update(Handover).values(link_made_at=now() - timedelta(days=15)))
    page = inside.get(PAGE).text
    assert "/handover/" not in page.partition('id="link"')[2].partition("<form")[0]


def test_the_files_of_packs_are_erased_with_the_signers_data(app: Flask, petition: str) -> None:
    sign_all()
    make_pack(app, invite())
    with transaction() as connection:
        connection.execute(update(Petition).values(closed_at=TODAY))
    folder = Path(app.instance_path) / "files"
    assert packs.erase(folder, anonymise_days=180, now=TODAY + timedelta(days=179)) == 0
    assert packs.erase(folder, anonymise_days=180, now=TODAY + timedelta(days=180)) == 1
    assert [*folder.iterdir()] == []
    inside = enter(app)
    assert "The files were erased" in text_of(inside.get(PAGE))
    assert inside.get(f"{PAGE}/pdf").status_code == 410


def test_a_pack_of_another_petition_is_404(app: Flask, petition: str) -> None:
    make_petition("another")
    make_pack(app, invite(Role.ADMIN))
    inside = enter(app)
    assert inside.get("/organisers/p/another/handover/packs/1").status_code == 404
    assert browser(app).get(PAGE).status_code == 303


def test_a_pack_whose_writing_failed_is_not_sealed(app: Flask, petition: str) -> None:
    from petition.organisers.handover import jobs

    organiser_id = invite()
    folder = Path(app.instance_path) / "files"
    press(enter(app), f"{TAB}/pack", language="en", reason="For the embassy")

    def fail(_download: Download) -> Any:
        raise OSError(28, "no space")

    assert jobs.write_next(folder, fail, now)
    assert db.session.scalars(select(Handover)).all() == []
    assert organiser_id
