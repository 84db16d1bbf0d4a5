"""A petition's settings and state in the browser."""

import re
import tomllib
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse

from petition.core.errors import SlugTaken
from petition.database.base import db
from petition.models.enums import PetitionState, Role
from petition.organisers.petition_export import export_petition
from petition.petitions import lifecycle, queries
from petition.petitions.queries import PetitionView
from tests.browsing import (
    Client,
    browser,
    confirmed,
    csrf_of,
    enter,
    invite,
    path_of,
    press,
    seen_in,
    sign_in,
    signed,
    text_of,
    trail,
)
from tests.commands import run
from tests.factories import TODAY, make_petition, photo
from tests.post_office import PostOffice


def fields_of(page: TestResponse) -> dict[str, str]:
    """Return the text fields of a page's form with their values, and the hidden ones."""
    fields = dict(re.findall(r'<input [^>]*name="([^"]+)" type="text" value="([^"]*)"', page.text))
    fields |= dict.fromkeys(
        re.findall(r'<input [^>]*\bchecked\b[^>]*name="([^"]+)"', page.text), "y"
    )
    fields |= {"seen": page.text.partition('name="seen" value="')[2].partition('"')[0]}
    return fields | {"csrf_token": csrf_of(page)}


def save(client: Client, slug: str, page: str = "", **changes: object) -> TestResponse:
    """Open a page of settings and send its form with changes."""
    path = f"/organisers/p/{slug}/settings{page}"
    return client.post(path, data=fields_of(client.get(path)) | changes)


def view(slug: str, language: str = "en") -> PetitionView:
    """Return the petition as it is stored now."""
    db.session.rollback()
    return queries.get_petition(slug, language, drafts=True)


def exported(slug: str) -> dict[str, object]:
    """Return the petition's file."""
    db.session.rollback()
    return tomllib.loads(export_petition(slug).file)


def test_contact_goal_and_what_is_asked_are_changed_and_the_file_has_them(
    app: Flask, petition: str
) -> None:
    inside = sign_in(app)
    answer = save(
        inside,
        petition,
        contact="new@example.org",
        goal="5 000",
        as_of="2016-05",
        asks_postcode="y",
        regime_country="KZ",
        regime_kk="y",
        regime_ru="y",
    )
    assert answer.location == f"/organisers/p/{petition}/settings"
    file = exported(petition)
    assert file["regime"] == {"country": "KZ", "languages": ["kk", "ru"]}
    assert (file["goal"], file["as_of"], file["contact"]) == (5000, "2016-05", "new@example.org")
    assert file["asks_postcode"] is True
    page = browser(app).get(f"/en/p/{petition}").text
    assert "new@example.org" in page
    assert trail()[-1][0::3] == ("petition.settings", "contact, goal, as_of, asks_postcode, regime")
    recorded = trail()
    assert save(inside, petition, asks_postcode="y", regime_country="KZ", regime_kk="y",
                regime_ru="y").status_code == 303  # fmt: skip
    assert trail() == recorded, "nothing has changed"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("goal", "many", "Write a number from 1, or leave this empty."),
        ("goal", "0", "Write a number from 1, or leave this empty."),
        ("contact", "nobody", "Write an email address, such as name@example.org."),
        ("contact", "", "Fill in this field."),
        ("as_of", "May", "Write a day as 2016-05-26, or a month as 2016-05."),
        ("as_of", "2016-02-31", "Write a day as 2016-05-26, or a month as 2016-05."),
    ],
)
def test_what_a_file_refuses_is_refused_and_kept(
    app: Flask, petition: str, field: str, value: str, said: str
) -> None:
    answer = save(sign_in(app), petition, **{field: value})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert f'name="{field}" type="text" value="{value}"' in answer.text


def test_whoever_saves_settings_second_is_told_who_changed_what(app: Flask, petition: str) -> None:
    invite(Role.ADMIN)
    first, second = enter(app), enter(app)
    opened = fields_of(second.get(f"/organisers/p/{petition}/settings"))
    assert save(first, petition, goal="700").status_code == 303
    answer = second.post(f"/organisers/p/{petition}/settings", data=opened | {"goal": "900"})
    assert answer.status_code == 409
    page = text_of(answer)
    assert "The settings were changed meanwhile. Nothing is saved yet. By: You" in page
    assert "Goal: 700" in page
    assert 'name="goal" type="text" value="900"' in answer.text
    again = fields_of(answer)
    assert second.post(f"/organisers/p/{petition}/settings", data=again).status_code == 303
    assert view(petition).goal == 900


def test_a_picture_is_sent_encoded_again_and_taken_away(
    app: Flask, client: Client, petition: str, tmp_path: Path
) -> None:
    inside = sign_in(app)
    words = {"text_en_face": "A man", "text_ru_face": "Мужчина", "text_en_face_caption": "Him"}
    file = BytesIO()
    Image.new("RGB", (900, 700), "teal").save(file, "JPEG")
    sent = {"upload": (BytesIO(file.getvalue()), "me.jpg"), "face_credit": "Anna Berg"}
    assert save(inside, petition, "/picture", **sent, **words).status_code == 303
    stored = view(petition)
    assert stored.portrait is not None
    assert (stored.portrait.width, stored.portrait_credit) == (480, "Anna Berg")
    assert (stored.text.portrait_alt, stored.text.version) == ("A man", 1)
    page = client.get(f"/en/p/{petition}").text
    assert 'alt="A man"' in page
    assert "Him" in page
    run(app, "petition", "export", petition, str(tmp_path))
    run(app, "petition", "import", "--replace", str(tmp_path / f"{petition}.toml"))
    assert trail()[-1][3] == "no text", "the file has the same"
    assert save(inside, petition, "/picture", text_en_face="").status_code == 422
    assert save(inside, petition, "/picture", text_en_face="A person").status_code == 303
    assert view(petition).text.portrait_alt == "A person"
    assert save(inside, petition, "/picture", remove="y").status_code == 303
    assert view(petition).portrait is None
    assert view(petition).text.portrait_alt == ""


def test_a_picture_needs_words_in_every_language_and_content_that_is_one(
    app: Flask, petition: str
) -> None:
    inside = sign_in(app)
    picture = {"upload": (BytesIO(photo()), "me.jpg")}
    answer = save(inside, petition, "/picture", **picture, text_en_face="A man")
    assert answer.status_code == 422
    assert 'href="#text_ru_face"' in answer.text
    fake = {"upload": (BytesIO(b"MZ not a picture"), "me.jpg")}
    words = {"text_en_face": "A man", "text_ru_face": "Мужчина"}
    answer = save(inside, petition, "/picture", **fake, **words)
    assert "This picture cannot be used. Choose another one." in text_of(answer)
    assert view(petition).portrait is None


def test_facts_and_plan_are_written_with_gaps_and_errors_stand_where_they_belong(
    app: Flask, petition: str
) -> None:
    inside = sign_in(app)
    typed = {
        "facts_2_en_value": "12 years",
        "facts_2_en_label": "in a penal colony",
        "facts_2_ru_value": "12 лет",
        "facts_2_ru_label": "в колонии",
        "plan_1_date": "2016-09",
        "plan_1_text_en": "We hand over the letter.",
    }
    assert save(inside, petition, "/facts", **typed).status_code == 303
    file = exported(petition)
    assert file["facts"] == [
        {
            "en": {"value": "12 years", "label": "in a penal colony"},
            "ru": {"value": "12 лет", "label": "в колонии"},
        }
    ]
    assert file["plan"] == [{"date": "2016-09", "text": {"en": "We hand over the letter."}}]
    wrong = {"facts_3_ru_value": "3", "plan_2_date": "soon", "plan_2_text_en": "More."}
    answer = save(inside, petition, "/facts", **wrong)
    assert answer.status_code == 422
    for name in ("facts_3_ru_label", "plan_2_date"):
        assert f'id="{name}-error"' in answer.text
    assert 'id="facts_3_en_value-error"' in answer.text, "the original comes first"
    assert exported(petition) == file


def test_a_petition_moves_by_the_table_after_a_question(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    inside = sign_in(app)
    settings, state = f"/organisers/p/{petition}/settings", f"/organisers/p/{petition}/state"
    assert "Pause the petition" in text_of(inside.get(settings))
    assert "nobody can sign until you open it again" in text_of(inside.get(f"{state}/paused"))
    assert view(petition).state == PetitionState.OPEN, "the question changes nothing"
    waiting = signed(client, post_office, petition, email="late@example.org")
    for wanted in ("paused", "open", "closed"):
        assert press(inside, f"{state}/{wanted}").status_code == 303
        assert view(petition).state == wanted
    assert path_of(client.get(f"/p/{petition}").request.base_url) == f"/p/{petition}"
    assert client.post(waiting).status_code == 303, "within 24 hours"
    assert press(inside, f"{state}/closed").status_code == 303, "twice is once"
    assert press(inside, f"{state}/paused").status_code == 409
    assert inside.get(f"{state}/draft").status_code == 404
    actions = [entry[:2] for entry in trail() if entry[0].startswith("petition.")]
    assert actions[-3:] == [("petition.pause", 1), ("petition.open", 1), ("petition.close", 1)]


def test_an_unfinished_draft_is_not_opened_and_says_why(app: Flask) -> None:
    slug = make_petition("draft", state="draft")
    inside = sign_in(app)
    path = f"/organisers/p/{slug}/text/de"
    typed = {"csrf_token": csrf_of(inside.get(path)), "title": "Freiheit", "step": "save"}
    assert inside.post(path, data=typed).status_code == 303
    answer = press(inside, f"/organisers/p/{slug}/state/open")
    assert answer.status_code == 422
    assert "Some texts are not complete yet" in text_of(answer)
    assert view(slug).state == PetitionState.DRAFT


def test_a_victory_has_a_sentence_in_the_original_and_can_be_worded_again(
    app: Flask, client: Client, petition: str
) -> None:
    inside = sign_in(app)
    path = f"/organisers/p/{petition}/state/victory"
    answer = press(inside, path, ru_sentence="Он свободен.")
    assert answer.status_code == 422
    assert 'id="en_sentence-error"' in answer.text
    assert "Он свободен." in answer.text
    assert view(petition).state == PetitionState.OPEN
    answer = press(inside, path, en_sentence="He is free.", en_won="<b>All</b>")
    assert 'id="en_won-error"' in answer.text
    words = {"en_sentence": "He is free.", "ru_sentence": "Он свободен.", "en_won": "**All**"}
    assert press(inside, path, seen=seen_in(inside, path), **words).status_code == 303
    assert "He is free." in client.get(f"/en/p/{petition}").text
    assert "Он свободен." in client.get(f"/ru/p/{petition}").text
    assert (
        "Change the words about the victory"
        in inside.get(f"/organisers/p/{petition}/settings").text
    )
    assert "He is free." in inside.get(path).text
    again = {"en_sentence": "He is free at last.", "ru_sentence": "", "en_won": ""}
    assert press(inside, path, seen=seen_in(inside, path), **again).status_code == 303
    assert exported(petition)["victory"] == {"en": {"sentence": "He is free at last."}}
    assert trail()[-1][0] == "petition.victory"
    assert press(inside, f"/organisers/p/{petition}/state/closed").status_code == 303


def test_settings_of_a_closed_petition_are_changed_and_its_state_stays(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition)
    lifecycle.change_state(petition, PetitionState.CLOSED, now=TODAY)
    assert save(sign_in(app), petition, contact="new@example.org").status_code == 303
    assert (view(petition).state, view(petition).contact) == ("closed", "new@example.org")
    assert view(petition).text.version == 1


def test_a_former_address_leads_to_the_present_one_and_belongs_to_no_other(
    app: Flask, client: Client, petition: str
) -> None:
    inside = sign_in(app)
    path = f"/organisers/p/{petition}/settings/address"
    other = make_petition("other")
    assert press(inside, path, slug=other).status_code == 422
    assert press(inside, path, slug="Not One").status_code == 422
    assert press(inside, path, slug="freedom").location == "/organisers/p/freedom/settings"
    for page in ("", "/share", "/updates", "/count.json"):
        answer = client.get(f"/p/{petition}{page}?r=wa")
        assert (answer.status_code, answer.location) == (301, f"/p/freedom{page}?r=wa")
    assert client.get(f"/de/p/{petition}").location == "/de/p/freedom"
    assert client.post(f"/p/{petition}/sign").status_code == 308
    assert client.get("/p/never").status_code == 404
    with pytest.raises(SlugTaken):
        make_petition(petition)
    taken = f"/organisers/p/{other}/settings/address"
    assert press(inside, taken, slug=petition).status_code == 422, "links lead to the first"
    back = press(inside, "/organisers/p/freedom/settings/address", slug=petition)
    assert back.status_code == 303
    assert client.get(f"/p/{petition}").status_code == 200
    assert client.get("/p/freedom").location == f"/p/{petition}"
    draft = make_petition("draft", state="draft")
    press(inside, f"/organisers/p/{draft}/settings/address", slug="draft-2")
    assert make_petition("draft") == "draft", "nobody knew the address of a draft"


def test_the_featured_petition_stays_featured_at_its_new_address(
    app: Flask, client: Client, petition: str
) -> None:
    make_petition("other")
    app.config["FEATURED"] = petition
    inside = sign_in(app)
    press(inside, f"/organisers/p/{petition}/settings/address", slug="freedom")
    assert 'data-count-url="/p/freedom/count.json"' in client.get("/").text


def test_settings_are_not_saved_by_a_form_that_does_not_say_what_it_showed(app: Flask) -> None:
    page = f"/organisers/p/{make_petition()}/settings"
    answer = press(sign_in(app), page, contact="other@example.org")
    assert answer.status_code == 409
    assert 'value="other@example.org"' in answer.text
