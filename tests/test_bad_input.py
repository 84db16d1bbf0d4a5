"""What goes wrong gets a clear answer with everything kept; nothing is stored and nothing is
mailed.
"""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from petition.core import tokens
from petition.core.clock import now
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Email, Signature
from petition.models.enums import PetitionState
from petition.petitions import lifecycle
from tests.browsing import (
    Client,
    browser,
    count_of,
    deliver,
    filled,
    path_of,
    signed,
    text_of,
    token_for,
)
from tests.factories import TODAY, MakeApp, make_petition
from tests.post_office import PostOffice


def kept() -> tuple[int | None, int | None]:
    """Return how many signatures and letters there are."""
    db.session.rollback()
    return (
        db.session.scalar(select(func.count()).select_from(Signature)),
        db.session.scalar(select(func.count()).select_from(Email)),
    )


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", None, "Enter your name."),
        ("name", "   ", "Enter your name."),
        ("name", "a" * 101, "Your name can have at most 100 characters."),
        ("name", "see https://spam.example", "A name cannot contain a web address."),
        ("name", "www.spam.example", "A name cannot contain a web address."),
        ("name", "Anna\0Berg", "This contains characters that cannot be shown."),
        ("name", "Anna\u202egreB", "This contains characters that cannot be shown."),
        ("name", "Anna\nBerg", "This contains characters that cannot be shown."),
        ("email", None, "Enter your email address."),
        ("email", "anna", "Enter an email address in the form name@example.org."),
        ("email", "anna@", "Enter an email address in the form name@example.org."),
        ("email", "a@example.org\nBcc: b@example.org", "Enter an email address in the form"),
        ("country", None, "Choose your country from the list."),
        ("country", "XX", "Choose your country from the list."),
        ("country", "EU", "Choose your country from the list."),
        ("country", "se", "Choose your country from the list."),
        ("consent", None, "Tick the box if you agree."),
        ("consent", "no", "Tick the box if you agree."),
        ("consent", "perhaps", "Choose one of the answers offered."),
        ("display", "loudly", "Choose one of the answers offered."),
        ("handover", "perhaps", "Choose one of the answers offered."),
        ("updates", "perhaps", "Choose one of the answers offered."),
        ("organisation", "x" * 201, "This can have at most 200 characters."),
        ("role", "x" * 101, "This can have at most 100 characters."),
        ("comment", "x" * 1001, "This can have at most 1000 characters."),
        ("comment", "a\0b", "This contains characters that cannot be shown."),
        ("postcode", "x" * 21, "This can have at most 20 characters."),
    ],
)
def test_a_bad_entry_is_told_and_kept(
    client: Client, petition: str, field: str, value: str | None, said: str
) -> None:
    fields = filled(comment="I was there.", updates="yes", display="initials") | {field: value}
    answer = client.post(
        f"/p/{petition}/sign", data={name: given for name, given in fields.items() if given}
    )
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert "<title>Error: " in answer.text
    summary = answer.text.partition('role="alert"')[2].partition("</ul>")[0]
    assert f'href="#{field}"' in summary
    assert f'id="{field}"' in answer.text, "the summary leads to the field"
    if field not in {"email", "country"}:
        assert 'value="anna@example.org"' in answer.text
        assert '<option value="SE" selected>' in answer.text
    if field != "comment":
        assert "I was there." in answer.text
    assert kept() == (0, 0)


def test_every_error_is_told_at_once_and_tied_to_its_field(client: Client, petition: str) -> None:
    answer = client.post(f"/p/{petition}/sign", data={})
    summary = answer.text.partition('role="alert"')[2].partition("</ul>")[0]
    assert re.findall(r'href="#(\w+)"', summary) == ["name", "email", "country", "consent"]
    for field in ("name", "country", "consent"):
        control = re.search(rf'<(?:input|select)[^>]* id="{field}"[^>]*>', answer.text)
        assert control is not None
        assert 'aria-invalid="true"' in control.group()
        assert f"{field}-error" in control.group()


def test_errors_are_in_the_readers_language(client: Client, petition: str) -> None:
    answer = client.post(f"/ru/p/{petition}/sign", data={})
    assert "Введите своё имя." in answer.text
    assert "<title>Ошибка: " in answer.text


def test_a_name_of_exactly_100_characters_is_a_name(client: Client, petition: str) -> None:
    assert client.post(f"/p/{petition}/sign", data=filled(name="Ж" * 100)).status_code == 303


def test_a_postcode_is_wanted_where_the_petition_asks_for_it(app: Flask, client: Client) -> None:
    slug = make_petition(asks_postcode=True)
    answer = client.post(f"/p/{slug}/sign", data=filled())
    assert answer.status_code == 422
    assert "Enter your postcode." in answer.text
    assert client.post(f"/p/{slug}/sign", data=filled(postcode="11122")).status_code == 303


def test_more_than_64_kib_is_413(client: Client, petition: str) -> None:
    answer = client.post(f"/p/{petition}/sign", data=filled(comment="x" * 65 * 1024))
    assert answer.status_code == 413
    assert "larger than this form allows" in answer.text
    assert kept() == (0, 0)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://petition.example.org.evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://petition.example.org"},
    ],
)
def test_a_form_of_another_site_is_refused(
    client: Client, petition: str, headers: dict[str, str]
) -> None:
    answer = client.post(f"/p/{petition}/sign", data=filled(), headers=headers)
    assert answer.status_code == 403
    assert "came from another site" in answer.text
    assert kept() == (0, 0)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://petition.example.org"},
    ],
)
def test_our_own_form_is_taken(client: Client, petition: str, headers: dict[str, str]) -> None:
    answer = client.post(f"/p/{petition}/sign", data=filled(), headers=headers)
    assert answer.status_code == 303


def test_a_page_that_names_itself_to_nobody_may_still_confirm(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    link = signed(client, post_office, petition)
    assert client.get(link).headers["Referrer-Policy"] == "no-referrer"
    assert client.post(link, headers={"Origin": "null"}).status_code == 303
    assert count_of(client, petition) == 1


@pytest.mark.parametrize("path", ["/pending/{}", "/confirm/{}", "/thanks/{}"])
@pytest.mark.parametrize("token", ["nonsense", "WzFd.abc", "a" * 3000, "Ж"])
def test_a_forged_link_gets_a_page_that_helps(client: Client, path: str, token: str) -> None:
    answer = client.get(path.format(token))
    assert answer.status_code == 404
    assert "This link does not work" in answer.text


def test_a_cut_a_changed_and_a_foreign_link_are_forged(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    link = signed(client, post_office, petition)
    pending = token_for(app, tokens.PENDING, 1, 1)
    another = link.replace("-1-1.", "-2-1.")
    assert another != link
    for forged in (link[:-1], another, f"/confirm/{pending}"):
        assert client.get(forged).status_code == 404
        assert client.post(forged).status_code == 404
    assert count_of(client, petition) == 0


def test_an_expired_link_offers_a_new_one_and_sends_it(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    signed(client, post_office, petition)
    with transaction() as connection:
        connection.execute(Email.table().update().values(created_at=TODAY))
    old = token_for(app, tokens.confirm_purpose(7), 1, 1, at=now() - timedelta(days=7, minutes=1))
    answer = client.get(f"/confirm/{old}")
    assert answer.status_code == 410
    assert "Send me a new link" in answer.text
    late = client.post(f"/confirm/{old}")
    assert late.status_code == 410
    assert "Send me a new link" in late.text
    assert count_of(client, petition) == 0
    sent = client.post(f"/confirm/{old}/renew")
    assert sent.status_code == 303
    assert "Check your email" in client.get(sent.location).text
    deliver(app)
    new = path_of(post_office.wait_for(2)[-1].link)
    assert client.post(new).status_code == 303
    assert count_of(client, petition) == 1


def test_a_link_to_what_is_no_longer_kept_says_so(app: Flask, client: Client) -> None:
    token = token_for(app, tokens.confirm_purpose(7), 4711, 1)
    assert client.get(f"/confirm/{token}").status_code == 410
    assert client.post(f"/confirm/{token}").status_code == 410
    assert client.get(f"/pending/{token_for(app, tokens.PENDING, 4711)}").status_code == 410


def test_a_forged_host_is_400_and_never_in_a_mail(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    for path in ("/", f"/p/{petition}", f"/p/{petition}/count.json"):
        client.get(path)  # kept from here on
        assert client.get(path, base_url="https://evil.example").status_code == 400
    answer = client.post(f"/p/{petition}/sign", data=filled(), base_url="https://evil.example")
    assert answer.status_code == 400
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "gopher",
        "Forwarded": "host=evil.example",
    }
    answer = client.post(f"/p/{petition}/sign", data=filled(), headers=forged)
    assert answer.status_code == 303
    assert "evil" not in answer.location
    deliver(app)
    (mail,) = post_office.arrived
    assert "evil" not in mail.message.as_string() + mail.text + mail.html
    page = client.get(f"/p/{petition}", headers=forged)
    assert "evil" not in page.text


def test_an_unknown_petition_is_404(app: Flask, client: Client) -> None:
    for path in ("/p/nobody", "/ru/p/nobody", "/p/nobody/count.json", "/de/p/nobody"):
        assert client.get(path).status_code == 404
    assert client.post("/p/nobody/sign", data=filled()).status_code == 404


def test_a_draft_is_not_there_for_the_public(app: Flask, client: Client) -> None:
    slug = make_petition(state="draft")
    assert client.get(f"/p/{slug}").status_code == 404
    assert client.get(f"/p/{slug}/count.json").status_code == 404
    assert client.post(f"/p/{slug}/sign", data=filled()).status_code == 404
    assert slug not in client.get("/").text


def test_a_closed_petition_shows_no_form_and_takes_nothing(client: Client, petition: str) -> None:
    lifecycle.change_state(petition, PetitionState.CLOSED, now=now())
    page = client.get(f"/p/{petition}")
    assert page.status_code == 200
    assert "This petition is closed" in page.text
    assert "<form" not in page.text
    answer = client.post(f"/p/{petition}/sign", data=filled())
    assert answer.status_code == 410
    assert "This petition is closed" in answer.text
    assert kept() == (0, 0)


def test_a_paused_petition_says_so(client: Client, petition: str) -> None:
    lifecycle.change_state(petition, PetitionState.PAUSED, now=now())
    assert "This petition is paused" in client.get(f"/p/{petition}").text
    assert client.post(f"/p/{petition}/sign", data=filled()).status_code == 409
    lifecycle.change_state(petition, PetitionState.OPEN, now=now())
    assert client.post(f"/p/{petition}/sign", data=filled()).status_code == 303


def test_a_wrong_method_is_405(client: Client, petition: str) -> None:
    assert client.post(f"/p/{petition}").status_code == 405
    assert client.delete(f"/p/{petition}/sign").status_code == 405


def test_who_reloads_a_form_with_errors_is_led_back(client: Client, petition: str) -> None:
    answer = client.get(f"/ru/p/{petition}/sign")
    assert (answer.status_code, answer.location) == (303, f"/ru/p/{petition}#sign")


def test_what_was_typed_is_escaped(client: Client, petition: str, post_office: PostOffice) -> None:
    name = "<b>Anna</b> \"&' {{ 7*7 }}"
    answer = client.post(f"/p/{petition}/sign", data=filled(name=name, country="XX"))
    assert "<b>Anna" not in answer.text
    assert "{{ 7*7 }}" in answer.text
    page = client.get(signed(client, post_office, petition, name=name))
    assert "&lt;b&gt;Anna&lt;/b&gt; &#34;&amp;&#39; {{ 7*7 }}" in page.text


def test_a_fault_is_a_page_with_words_and_a_log_line_without_persons(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(PROPAGATE_EXCEPTIONS=False)
    with app.app_context():
        slug = make_petition()
        with transaction() as connection:
            connection.execute(text("ALTER TABLE email RENAME TO mislaid"))
        answer = browser(app).post(f"/p/{slug}/sign", data=filled(name="Very Secret"))
        with transaction() as connection:
            connection.execute(text("ALTER TABLE mislaid RENAME TO email"))
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "fault in POST petition.sign" in caplog.text
    for person in ("Very Secret", "anna@example.org"):
        assert person not in caplog.text
