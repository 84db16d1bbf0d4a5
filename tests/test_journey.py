"""The main job as the people in it see it, over real SMTP: sign, confirm by mail, be counted once,
be handed over.
"""

import csv
import io
import re

import pytest
from flask import Flask
from sqlalchemy import select

from petition.core import tokens
from petition.core.clock import now
from petition.database.base import db
from petition.models import Signature
from tests.browsing import (
    Client,
    confirmed,
    count_of,
    deliver,
    filled,
    path_of,
    sign_in,
    signed,
    text_of,
)
from tests.post_office import PostOffice


def test_it_works(app: Flask, client: Client, petition: str, post_office: PostOffice) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "Free them" in page.text
    assert "Set-Cookie" not in page.headers

    answer = client.post(
        f"/p/{petition}/sign", data=filled(name="Ånna  Berg", email="Anna@Example.org")
    )
    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers
    pending = client.get(answer.location)
    assert "Check your email" in pending.text
    assert "wa.me" in pending.text
    assert count_of(client, petition) == 0

    assert deliver(app) == 1
    (mail,) = post_office.arrived
    assert mail.recipients == ["Anna@example.org"]
    assert mail.message["Subject"] == "Please confirm your email address"
    assert mail.message.get_content_type() == "multipart/alternative"

    link = path_of(mail.link)
    shown = client.get(link)
    assert "Ånna Berg" in shown.text
    assert "Free them" in shown.text
    assert count_of(client, petition) == 0, "GET changes nothing"

    thanks = client.get(client.post(link).location)
    assert "You are number 1." in thanks.text
    assert count_of(client, petition) == 1
    assert "data-count>1<" in client.get(f"/p/{petition}").text

    inside = sign_in(app)
    file = inside.get(f"/organisers/p/{petition}/signatures.csv")
    rows = list(csv.DictReader(io.StringIO(file.data.decode("utf-8-sig"))))
    assert [(row["number"], row["name"], row["email"]) for row in rows] == [
        ("1", "Ånna Berg", "Anna@example.org")
    ]


def test_the_email_is_in_the_language_of_the_page(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    page = client.get(f"/ru/p/{petition}")
    assert "Свободу им" in page.text
    assert 'name="language" value="ru"' in page.text
    answer = client.post(f"/ru/p/{petition}/sign", data=filled(name="Айгүл"))
    assert answer.location.startswith("/ru/pending/")
    deliver(client.application)
    (mail,) = post_office.arrived
    assert mail.message["Subject"] == "Подтвердите, пожалуйста, адрес электронной почты"
    assert mail.message["Content-Language"] == "ru"
    assert "«Свободу им»" in mail.text
    assert 'lang="ru"' in mail.html
    link = path_of(mail.link)
    shown = client.get(link, headers={"Accept-Language": "en"})
    assert "Подтвердить мою подпись" in shown.text, "the link speaks the signer's language"


def test_the_email_repeats_nothing_that_was_typed(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    signed(
        client,
        post_office,
        petition,
        name="Buy-Cheap Pills",
        organisation="Spam House",
        role="Spammer",
        comment="Visit my shop",
    )
    (mail,) = post_office.arrived
    whole = mail.message.as_string() + mail.text + mail.html
    for typed in ("Pills", "Spam", "my shop"):
        assert typed not in whole


def test_the_same_page_answers_for_a_new_a_pending_and_a_confirmed_address(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pages, subjects = [], []
    for stage in range(3):
        answer = client.post(f"/p/{petition}/sign", data=filled())
        page = client.get(answer.location)
        token = answer.location.rpartition("/")[2]
        said = re.sub(r"card%2Fen%2F\d+", "CARD", page.text.replace(token, "TOKEN"))
        said = re.sub(r"\d{1,2}:\d\d", "TIME", said)  # another minute may have begun
        pages.append((answer.status_code, len(answer.location), said))  # the count is everybody's
        deliver(app)
        mail = post_office.wait_for(stage + 1)[-1]
        subjects.append(mail.message["Subject"])
        if stage == 1:
            client.post(path_of(mail.link))
    assert pages[0] == pages[1] == pages[2]
    assert subjects[0] == subjects[1] == "Please confirm your email address"
    assert subjects[2] == "Your email address is already confirmed"


def test_confirming_twice_counts_once(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    link = signed(client, post_office, petition)
    first, second = client.post(link), client.post(link)
    assert first.status_code == second.status_code == 303
    assert "You are number 1." in client.get(second.location).text
    assert "Your signature is confirmed" in client.get(link).text
    assert count_of(client, petition) == 1


def test_head_and_options_of_the_link_change_nothing(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    link = signed(client, post_office, petition)
    assert client.head(link).status_code == 200
    assert client.options(link).status_code == 200
    assert client.get(link).status_code == 200
    assert count_of(client, petition) == 0


def test_a_link_asks_which_name_is_right_when_another_was_entered_since(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    older = signed(client, post_office, petition, name="Anna Berg")
    newer = signed(client, post_office, petition, name="Somebody Else")
    for link in (older, newer):
        shown = client.get(link)
        assert "Which of these is yours?" in text_of(shown)
        assert "Anna Berg" in shown.text
        assert "Somebody Else" in shown.text
        assert "checked" not in shown.text, "neither is taken for granted"
    unsaid = client.post(older)
    assert unsaid.status_code == 422, "it must be said which"
    assert "Choose which of these is yours." in unsaid.text
    assert client.post(older, data={"entry": "7"}).status_code == 422
    assert count_of(client, petition) == 0
    answer = client.post(newer, data={"entry": "1"})
    assert answer.location.startswith("/thanks/")
    assert count_of(client, petition) == 1
    standing = db.session.scalars(select(Signature)).one()
    assert (standing.name, standing.entry, standing.entries) == ("Anna Berg", 1, 2)


def test_nothing_is_confirmed_unseen(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    link = signed(
        client,
        post_office,
        petition,
        display="full",
        handover="yes",
        organisation="The Union",
        role="Chair",
        comment="Because it is right.",
        postcode="123 45",
    )
    shown = text_of(client.get(link))
    for said in (
        "Your full name and country are shown in public.",
        "Your name and country may be handed over.",
        "The Union , Chair",
        "Because it is right.",
        "Sweden, 123 45",
    ):
        assert said in shown


@pytest.mark.parametrize(
    "other",
    [
        {"display": "full"},
        {"handover": "yes"},
        {"organisation": "Evil Org"},
        {"comment": "Not hers."},
        {"country": "KZ"},
        {"updates": "yes"},
    ],
)
def test_who_types_her_name_with_other_choices_cannot_have_them_confirmed_unasked(
    client: Client, petition: str, post_office: PostOffice, other: dict[str, str]
) -> None:
    signed(client, post_office, petition)
    link = signed(client, post_office, petition, **other)
    assert "Which of these is yours?" in client.get(link).text
    assert client.post(link).status_code == 422
    assert client.post(link, data={"entry": "1"}).status_code == 303
    counted = db.session.scalars(select(Signature)).one()
    assert (counted.display, counted.handover, counted.organisation, counted.comment) == (
        "hidden",
        False,
        "",
        "",
    )


def test_who_signs_twice_alike_is_asked_nothing(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    signed(client, post_office, petition)
    link = signed(client, post_office, petition, name="ANNA BERG")
    assert client.post(link).status_code == 303


def test_the_later_entry_can_be_the_one_that_counts(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    signed(client, post_office, petition, name="Ana Berg")
    link = signed(client, post_office, petition, name="Anna Berg", country="DE")
    client.post(link, data={"entry": "2"})
    standing = db.session.scalars(select(Signature)).one()
    assert (standing.name, standing.country, standing.number) == ("Anna Berg", "DE", 1)


def test_numbers_follow_the_order_of_confirming(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    first = signed(client, post_office, petition, email="first@example.org")
    second = signed(client, post_office, petition, email="second@example.org")
    assert "number 1" in client.get(client.post(second).location).text
    assert "number 2" in client.get(client.post(first).location).text


def test_the_email_can_be_sent_again_after_two_minutes(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = client.post(f"/p/{petition}/sign", data=filled()).location
    deliver(app)
    answer = client.post(pending)
    assert answer.status_code == 200
    assert "You can have it sent again in 2 minutes." in text_of(answer)
    assert deliver(app) == 0, "not twice within two minutes"


def test_thanks_are_for_confirmed_signatures_alone(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    signed(client, post_office, petition)
    token = app.extensions["tokens"].make(tokens.THANKS, 1, now=now())
    assert client.get(f"/thanks/{token}").status_code == 410


def test_the_counter_is_the_number_of_confirmed_people(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    for number in range(3):
        confirmed(client, post_office, petition, email=f"signer{number}@example.org")
    signed(client, post_office, petition, email="not.yet@example.org")
    assert client.get(f"/p/{petition}/count.json").json == {
        "count": 3,
        "paper": 0,
        "present_text": 3,
        "goal": 100,
        "updated": client.get(f"/p/{petition}/count.json").json["updated"],  # type: ignore[index]
    }
