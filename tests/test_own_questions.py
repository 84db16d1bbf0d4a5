"""Questions of a petition's own: asked, answered, corrected, exported, erased; and written."""

import csv
import json
import re
import tomllib
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy import event, select

from petition.core.clock import now
from petition.core.errors import PetitionFileInvalid
from petition.database.base import db
from petition.models import AlternateEntry, Signature
from petition.models.enums import PetitionState
from petition.operations import retention
from petition.organisers.export import Format, Profile
from petition.organisers.petition_export import export_petition
from petition.petitions import lifecycle
from petition.petitions.editing import petition_file
from petition.petitions.questions import decode
from tests.browsing import (
    CHANGED,
    Client,
    browser,
    confirmed,
    deliver,
    filled,
    path_of,
    sign_in,
    signed,
    text_of,
)
from tests.exports import HEADER, export_of
from tests.factories import make_petition
from tests.post_office import PostOffice

CITY = {"id": "city", "kind": "text", "required": True, "text": {"en": "City", "ru": "Город"}}
HELP = {
    "id": "help",
    "kind": "choice",
    "required": False,
    "text": {"en": "=How can you help?", "ru": "Чем вы поможете?"},
    "options": [
        {"id": "post", "text": {"en": "Put up posters", "ru": "Клеить плакаты"}},
        {"id": "write", "text": {"en": "Write letters", "ru": "Писать письма"}},
    ],
}
TICK = {"id": "adult", "kind": "tick", "required": False, "text": {"en": "I am over 18"}}
QUESTIONS: list[dict[str, Any]] = [CITY, HELP, TICK]
ANSWERS = {"answer_city": "Oslo", "answer_help": "write", "answer_adult": "yes"}


def asking(slug: str = "asking", **changes: Any) -> str:
    """Store a petition with three questions; return its slug."""
    return make_petition(slug, **({"questions": QUESTIONS} | changes))


def stored_answers() -> list[dict[str, str]]:
    """Return the answers of all signatures, in their order."""
    db.session.rollback()
    return list(map(decode, db.session.scalars(select(Signature.answers).order_by(Signature.id))))


def test_answers_are_asked_confirmed_corrected_downloaded_and_erased(
    client: Client, post_office: PostOffice
) -> None:
    slug = asking()
    page = client.get(f"/ru/p/{slug}").text
    for shown in ("Город", "Чем вы поможете?", "Клеить плакаты", "I am over 18"):
        assert shown in page, shown
    link = signed(client, post_office, slug, **ANSWERS)
    assert "Write letters" in client.get(link).text
    assert client.post(link).status_code == 303
    deliver(client.application)
    path = path_of(post_office.arrived[-1].link_to("my"))
    mine = client.get(path).text
    assert 'value="Oslo"' in mine
    assert '<option value="write" selected' in mine
    assert 'value="yes" checked' in mine
    assert client.post(path, data=CHANGED | {"answer_city": " Bergen "}).status_code == 303
    assert stored_answers() == [{"city": "Bergen"}]
    data = json.loads(client.get(f"{path}/data.json").data)
    assert data["signature"]["answers"] == [{"question": "City", "answer": "Bergen"}]
    assert client.post(path, data={"action": "withdraw"}).status_code == 200
    assert stored_answers() == []


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("answer_city", "", "Answer this question."),
        ("answer_city", "x" * 201, "This can be at most 200 characters long."),
        ("answer_help", "other", "Choose one of the answers."),
        ("answer_adult", "maybe", "Choose one of the answers."),
    ],
)
def test_a_wrong_answer_is_told_beside_its_field_and_all_is_kept(
    client: Client, field: str, value: str, said: str
) -> None:
    answer = client.post(f"/p/{asking()}/sign", data=filled(**ANSWERS | {field: value}))
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-error">.*?{re.escape(said)}', answer.text)
    assert f'<a href="#{field}">{said}</a>' in answer.text
    assert 'value="anna@example.org"' in answer.text
    for kept in {"Oslo"} - {"Oslo" if field == "answer_city" else ""}:
        assert f'value="{kept}"' in answer.text
    assert stored_answers() == []


def test_each_entry_keeps_its_own_answers_until_one_is_confirmed(
    client: Client, post_office: PostOffice
) -> None:
    slug = asking()
    signed(client, post_office, slug, **ANSWERS)
    link = signed(client, post_office, slug, **ANSWERS | {"answer_city": "Paris"})
    assert "Paris" in client.get(link).text
    client.post(link, data={"entry": "2"})
    assert stored_answers()[0]["city"] == "Paris"
    assert decode(db.session.scalars(select(AlternateEntry.answers)).one())["city"] == "Oslo"


def test_answers_go_along_with_a_corrected_address(client: Client, post_office: PostOffice) -> None:
    pending = client.post(f"/p/{asking()}/sign", data=filled(**ANSWERS)).location
    corrected = client.post(f"{pending}/address", data={"email": "right@example.org"})
    assert corrected.status_code == 303
    deliver(client.application)
    mail = post_office.mail_to("right@example.org")
    assert client.post(path_of(mail.link)).status_code == 303
    assert {"city": "Oslo", "help": "write", "adult": "yes"} in stored_answers()


def test_the_owner_of_a_mailbox_answers_on_the_page_of_the_link(
    client: Client, post_office: PostOffice
) -> None:
    link = signed(client, post_office, asking(), **ANSWERS)
    assert 'value="Oslo"' in client.get(f"{link}/entry").text
    own = {"name": "Anna", "country": "SE", "handover": "no", "display": "hidden"}
    own |= {"consent": "yes"}
    assert client.post(f"{link}/entry", data=own).status_code == 422
    assert client.post(f"{link}/entry", data=own | {"answer_city": "Rome"}).status_code == 303
    assert stored_answers() == [{"city": "Rome"}]


def test_organisers_files_have_a_column_for_each_question_and_the_hand_over_none(
    client: Client, post_office: PostOffice
) -> None:
    slug = asking()
    confirmed(client, post_office, slug, **ANSWERS | {"answer_city": "=1+1"}, handover="yes")
    confirmed(client, post_office, slug, email="b@example.org", answer_city="Oslo")
    lines = b"".join(export_of(1)).decode("utf-8-sig")
    header, *rows = csv.reader(StringIO(lines))
    assert header == [*HEADER.split(","), "City", "'=How can you help?", "I am over 18"]
    assert [row[-3:] for row in rows] == [["'=1+1", "Write letters", "yes"], ["Oslo", "", ""]]
    with ZipFile(BytesIO(b"".join(export_of(1, format=Format.XLSX)))) as book:
        cells = b"".join(book.read(name) for name in book.namelist()).decode(errors="replace")
    for cell in ("'=How can you help?", "'=1+1", "Write letters"):
        assert f">{cell}<" in cells, cell
    first = json.loads(b"".join(export_of(1, format=Format.JSONL)).splitlines()[0])
    assert (first["City"], first["=How can you help?"]) == ("=1+1", "Write letters")
    for kind in (Format.CSV, Format.JSONL):
        handed = b"".join(export_of(1, format=kind, profile=Profile.HANDOVER)).decode()
        assert "Write letters" not in handed
        assert "City" not in handed


def test_a_question_with_the_name_of_a_column_gets_a_heading_of_its_own(app: Flask) -> None:
    asking(questions=[CITY | {"text": {"en": "number"}}, TICK | {"text": {"en": "number"}}])
    header = b"".join(export_of(1)).decode("utf-8-sig").split("\r\n", maxsplit=1)[0]
    assert header == f"{HEADER},number (2),number (3)"


def test_answers_are_erased_with_the_rest_after_closing(
    client: Client, post_office: PostOffice
) -> None:
    slug = asking()
    confirmed(client, post_office, slug, **ANSWERS)
    lifecycle.change_state(slug, PetitionState.CLOSED, now=now() - timedelta(days=2))
    retention.run(purge_days=14, anonymise_days=1, now=now())
    assert stored_answers() == [{}]


def test_organisation_and_comment_are_asked_only_where_the_organisers_want_them(
    client: Client, post_office: PostOffice
) -> None:
    slug = make_petition("few", asks_organisation=False, asks_comment=False)
    page = client.get(f"/p/{slug}").text
    for name in ("organisation", "role", "comment"):
        assert f'name="{name}"' not in page
    extra = {"organisation": "Union", "role": "chair", "comment": "Because."}
    confirmed(client, post_office, slug, **extra)
    signature = db.session.scalars(select(Signature)).one()
    assert (signature.organisation, signature.role, signature.comment) == ("", "", "")


def test_a_petition_without_questions_signs_with_the_same_statements(
    app: Flask, client: Client
) -> None:
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    counts = []
    for slug, more in (("plain", {}), ("asking", {"questions": QUESTIONS})):
        make_petition(slug, **more)
        client.get(f"/p/{slug}")
        statements.clear()
        answers = ANSWERS if more else {}
        assert client.post(f"/p/{slug}/sign", data=filled(**answers)).status_code == 303
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_the_file_refuses_what_is_wrong_with_questions() -> None:
    wrong = [
        {"id": "A", "kind": "list", "text": {"ru": "Город"}},
        HELP | {"options": [{"id": "a", "text": {"en": "A"}}]},
        TICK | {"id": "help", "options": HELP["options"]},
        *([TICK] * 3),
    ]
    with pytest.raises(PetitionFileInvalid) as refused:
        make_petition(questions=wrong)
    for said in (
        "questions 1.id: ",
        "questions 1.kind: text, choice or tick",
        "questions 1.text.en: this in the source language",
        "questions 2.options: 2 to 10 tables",
        "questions 3.id: help: another one has the same",
        "questions 3.options: only a choice has options",
        "questions 6: one too many",
    ):
        assert said in str(refused.value), said


# The page of the organisers.


def open_form(client: Client, slug: str) -> dict[str, str]:
    """Return what the form of the questions would send."""
    page = client.get(f"/organisers/p/{slug}/settings/questions").text
    fields = dict(
        re.findall(r'<input [^>]*name="([^"]+)" type="(?:text|hidden)" value="([^"]*)"', page)
    )
    fields |= dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    areas = re.findall(
        r'<textarea [^>]*name="([^"]+)"[^>]*>\r?\n?(.*?)</textarea>', page, re.DOTALL
    )
    fields |= {name: text.replace("\r", "") for name, text in areas}
    selects = re.findall(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL)
    for name, options in selects:
        chosen = re.search(r'<option selected value="([^"]*)"', options)
        fields[name] = chosen[1] if chosen else ""
    ticked = re.findall(r'<input [^>]*\bchecked\b[^>]*name="([^"]+)"', page)
    return fields | dict.fromkeys(ticked, "y")


def save(client: Client, slug: str, **changes: str) -> Any:
    """Open the form of the questions and send it with changes."""
    fields = open_form(client, slug) | changes
    return client.post(f"/organisers/p/{slug}/settings/questions", data=fields)


def questions_of(slug: str) -> Any:
    """Return the questions as the petition's file has them."""
    db.session.rollback()
    return tomllib.loads(export_petition(slug).file).get("questions", [])


def test_an_organiser_writes_questions_and_the_file_imports_to_the_same(
    app: Flask, petition: str
) -> None:
    inside = sign_in(app)
    answer = save(
        inside,
        petition,
        questions_1_text_en="City",
        questions_1_text_ru="Город",
        questions_1_kind="text",
        questions_1_required="y",
        questions_3_text_en="How can you help?",
        questions_3_kind="choice",
        questions_3_options_en="Posters\nLetters",
        questions_3_options_ru="Плакаты",
    )
    assert answer.location == f"/organisers/p/{petition}/settings", text_of(answer)
    city, help_ = questions_of(petition)
    assert city["text"] == {"en": "City", "ru": "Город"}
    assert (city["required"], help_["kind"]) == (True, "choice")
    assert [option["text"] for option in help_["options"]] == [
        {"en": "Posters", "ru": "Плакаты"},
        {"en": "Letters"},
    ]
    stored = questions_of(petition)
    assert open_form(inside, petition)["questions_1_required"] == "y"
    content = tomllib.loads(export_petition(petition).file)
    assert petition_file.parse(content).petition["questions"] == stored
    assert save(inside, petition).status_code == 303
    assert questions_of(petition) == stored, "nothing has changed"
    page = browser(app).get(f"/en/p/{petition}").text
    assert "How can you help?" in page
    assert "How can you help?" in inside.get(f"/organisers/p/{petition}/preview").text
    texts = text_of(inside.get(f"/organisers/p/{petition}/text"))
    assert "Still missing: Questions." in texts


def test_an_option_keeps_its_id_when_its_words_are_corrected_or_others_go(
    app: Flask, client: Client, post_office: PostOffice
) -> None:
    slug = asking()
    confirmed(client, post_office, slug, **ANSWERS)
    confirmed(client, post_office, slug, **ANSWERS | {"email": "b@x.org", "answer_help": "post"})
    inside = sign_in(app)
    lines = "Put up posters\nWrite many letters"
    assert save(inside, slug, questions_2_options_en=lines).status_code == 303
    assert [option["id"] for option in questions_of(slug)[1]["options"]] == ["post", "write"]
    fewer = {
        "questions_2_options_en": "Write many letters\nPay\nSing",
        "questions_2_options_ru": "Писать письма",
    }
    answer = save(inside, slug, **fewer)
    assert answer.status_code == 422
    assert "Its answers are erased: tick this to go on." in text_of(answer)
    assert save(inside, slug, **fewer, erase="y").status_code == 303
    assert questions_of(slug)[1]["options"][0]["id"] == "write"
    assert [one.get("help") for one in stored_answers()] == ["write", None]
    csrf = open_form(inside, slug)["csrf_token"]
    shown = inside.post(f"/organisers/p/{slug}/signatures/1", data={"csrf_token": csrf})
    assert "Write many letters" in shown.text, "an organiser looks at one signature"


def test_a_question_that_is_taken_away_takes_its_answers_along(
    app: Flask, client: Client, post_office: PostOffice
) -> None:
    slug = asking(questions=[CITY, TICK])
    other = asking("other")
    signed(client, post_office, slug, answer_city="Oslo")
    signed(client, post_office, slug, answer_city="Rome", answer_adult="yes")
    signed(client, post_office, other, **ANSWERS)
    gone = {"questions_1_text_en": "", "questions_1_text_ru": "", "erase": "y"}
    assert save(sign_in(app), slug, **gone).status_code == 303
    assert [one["id"] for one in questions_of(slug)] == ["adult"]
    assert [one.get("city") for one in stored_answers()] == [None, "Oslo"]
    assert decode(db.session.scalars(select(AlternateEntry.answers)).one()) == {"adult": "yes"}


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"questions_1_kind": ""}, "questions_1_kind", "Choose one of the answers."),
        ({"questions_1_text_en": ""}, "questions_1_text_en", "Fill in this field."),
        (
            {"questions_2_options_en": "One"},
            "questions_2_options_en",
            "Write 2 to 10 options, one in each line.",
        ),
        (
            {"questions_2_options_ru": "1\n2\n3"},
            "questions_2_options_ru",
            "There are more lines than options in the original.",
        ),
        (
            {"questions_2_options_en": f"{'x' * 101}\nB", "erase": "y"},
            "questions_2_options_en",
            "This can be at most 100 characters long.",
        ),
    ],
)
def test_what_is_wrong_with_a_question_is_told_at_its_field(
    app: Flask, changes: dict[str, str], field: str, said: str
) -> None:
    answer = save(sign_in(app), asking(), **changes)
    assert answer.status_code == 422
    assert f'id="{field}-error">{said}' in answer.text
