"""Invalid input: clear messages, input kept in the form, nothing stored and nothing emailed."""

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
    invite,
    path_of,
    press,
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
    ("field", "value", "message"),
    [
        ("name", None, "Enter your name."),
        ("name", "   ", "Enter your name."),
        ("name", "a" * 101, "Your name can be at most 100 characters long."),
        ("name", "see https://spam.example", "A name cannot contain a web address."),
        ("name", "www.spam.example", "A name cannot contain a web address."),
        ("name", "Anna\0Berg", "This has characters that we cannot show."),
        ("name", "Anna\u202egreB", "This has characters that we cannot show."),
        ("name", "Anna\nBerg", "This has characters that we cannot show."),
        ("email", None, "Enter your email address."),
        ("email", "anna", "Enter an email address like name@example.org."),
        ("email", "anna@", "Enter an email address like name@example.org."),
        ("email", "a@example.org\nBcc: b@example.org", "Enter an email address like"),
        ("country", None, "Choose your country from the list."),
        ("country", "XX", "Choose your country from the list."),
        ("country", "EU", "Choose your country from the list."),
        ("country", "se", "Choose your country from the list."),
        ("consent", None, "Tick the box if you agree."),
        ("consent", "no", "Tick the box if you agree."),
        ("consent", "perhaps", "Choose one of the answers."),
        ("display", "loudly", "Choose one of the answers."),
        ("handover", "perhaps", "Choose one of the answers."),
        ("updates", "perhaps", "Choose one of the answers."),
        ("role", "spam.com", "This cannot contain a web address."),
        ("organisation", "www.spam.com", "This cannot contain a web address."),
        ("organisation", "x" * 201, "This can be at most 200 characters long."),
        ("role", "x" * 101, "This can be at most 100 characters long."),
        ("comment", "x" * 1001, "This can be at most 1000 characters long."),
        ("comment", "a\0b", "This has characters that we cannot show."),
        ("postcode", "x" * 21, "This can be at most 20 characters long."),
    ],
)
def test_an_invalid_field_has_a_message_and_keeps_its_input(
    client: Client, petition: str, field: str, value: str | None, message: str
) -> None:
    fields = filled(comment="I was there.", updates="yes", display="initials") | {field: value}
    response = client.post(
        f"/p/{petition}/sign", data={name: given for name, given in fields.items() if given}
    )
    assert response.status_code == 422
    assert message in text_of(response)
    assert "<title>Error: " in response.text
    summary = response.text.partition('role="alert"')[2].partition("</ul>")[0]
    assert f'href="#{field}"' in summary
    assert f'id="{field}"' in response.text, "the summary leads to the field"
    if field not in {"email", "country"}:
        assert 'value="anna@example.org"' in response.text
        assert '<option value="SE" selected>' in response.text
    if field != "comment":
        assert "I was there." in response.text
    assert kept() == (0, 0)


def test_what_people_paste_is_tidied_and_shown_as_it_is_used(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pasted = "\ufeffAnna Berg <mailto:anna@example.org>, "
    fields = filled(
        name="\u2068Prof.dr.ir.\u2069\tTh.de Boer", organisation="350.org", email=pasted
    )
    refused = client.post(f"/p/{petition}/sign", data=fields | {"country": "XX"})
    assert 'value="anna@example.org"' in refused.text
    signed = client.post(f"/p/{petition}/sign", data=fields)
    pending = client.get(signed.location).text
    assert "an email to anna@example.org" in pending
    db.session.rollback()
    stored = db.session.scalars(select(Signature)).one()
    assert (stored.name, stored.organisation) == ("Prof.dr.ir. Th.de Boer", "350.org")
    corrected = client.post(f"{signed.location}/address", data={"email": "bo@example.org.\u200b"})
    assert "an email to bo@example.org" in client.get(corrected.location).text
    assert client.post("/my", data={"email": "<bo@example.org>"}).status_code == 200
    invite()
    deliver(app)
    sign_in = press(browser(app), "/organisers/sign-in", email="‘organiser@example.org’")
    assert sign_in.status_code == 200
    link = app.test_cli_runner().invoke(args=["organiser", "link", "<organiser@example.org>"])
    assert "/organisers/enter/" in link.output
    deliver(app)
    recipients = sorted(mail.recipients[0] for mail in post_office.arrived)
    assert recipients == ["bo@example.org"] * 2 + ["organiser@example.org"] * 2


def test_all_errors_are_shown_at_once_at_their_fields(client: Client, petition: str) -> None:
    response = client.post(f"/p/{petition}/sign", data={})
    summary = response.text.partition('role="alert"')[2].partition("</ul>")[0]
    assert re.findall(r'href="#(\w+)"', summary) == ["name", "email", "country", "consent"]
    for field in ("name", "country", "consent"):
        control = re.search(rf'<(?:input|select)[^>]* id="{field}"[^>]*>', response.text)
        assert control is not None
        assert 'aria-invalid="true"' in control.group()
        assert f"{field}-error" in control.group()


def test_errors_are_in_the_readers_language(client: Client, petition: str) -> None:
    response = client.post(f"/ru/p/{petition}/sign", data={})
    assert "Введите своё имя." in response.text
    assert "<title>Ошибка: " in response.text


def test_a_name_of_exactly_100_characters_is_a_name(client: Client, petition: str) -> None:
    assert client.post(f"/p/{petition}/sign", data=filled(name="Ж" * 100)).status_code == 303


def test_a_postcode_is_required_where_the_petition_asks_for_it(app: Flask, client: Client) -> None:
    slug = make_petition(asks_postcode=True)
    response = client.post(f"/p/{slug}/sign", data=filled())
    assert response.status_code == 422
    assert "Enter your postcode." in response.text
    assert client.post(f"/p/{slug}/sign", data=filled(postcode="11122")).status_code == 303


def test_more_than_64_kib_is_413(client: Client, petition: str) -> None:
    response = client.post(f"/p/{petition}/sign", data=filled(comment="x" * 65 * 1024))
    assert response.status_code == 413
    assert "longer than this form allows" in response.text
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
    response = client.post(f"/p/{petition}/sign", data=filled(), headers=headers)
    assert response.status_code == 403
    assert "came from another site" in response.text
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
def test_a_form_of_the_site_is_accepted(
    client: Client, petition: str, headers: dict[str, str]
) -> None:
    response = client.post(f"/p/{petition}/sign", data=filled(), headers=headers)
    assert response.status_code == 303


def test_a_page_without_referrer_can_still_confirm(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    link = signed(client, post_office, petition)
    assert client.get(link).headers["Referrer-Policy"] == "no-referrer"
    assert client.post(link, headers={"Origin": "null"}).status_code == 303
    assert count_of(client, petition) == 1


@pytest.mark.parametrize("path", ["/pending/{}", "/confirm/{}", "/thanks/{}"])
@pytest.mark.parametrize("token", ["nonsense", "WzFd.abc", "a" * 3000, "Ж"])
def test_a_forged_link_gets_a_page_that_helps(client: Client, path: str, token: str) -> None:
    response = client.get(path.format(token))
    assert response.status_code == 404
    assert "This link does not work" in response.text


def test_truncated_changed_and_foreign_tokens_are_invalid(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    link = signed(client, post_office, petition)
    pending = token_for(app, tokens.PENDING, 1, 1)
    another = link[:-9] + ("a" if link[-9] != "a" else "b") + link[-8:]
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
    response = client.get(f"/confirm/{old}")
    assert response.status_code == 410
    assert "Send me a new link" in response.text
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


def test_a_link_to_a_deleted_signature_is_410(app: Flask, client: Client) -> None:
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
    response = client.post(f"/p/{petition}/sign", data=filled(), base_url="https://evil.example")
    assert response.status_code == 400
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "gopher",
        "Forwarded": "host=evil.example",
    }
    response = client.post(f"/p/{petition}/sign", data=filled(), headers=forged)
    assert response.status_code == 303
    assert "evil" not in response.location
    deliver(app)
    (mail,) = post_office.arrived
    assert "evil" not in mail.message.as_string() + mail.text + mail.html
    page = client.get(f"/p/{petition}", headers=forged)
    assert "evil" not in page.text


def test_an_unknown_petition_is_404(app: Flask, client: Client) -> None:
    for path in ("/p/nobody", "/ru/p/nobody", "/p/nobody/count.json", "/de/p/nobody"):
        assert client.get(path).status_code == 404
    assert client.post("/p/nobody/sign", data=filled()).status_code == 404


def test_a_draft_is_404_for_the_public(app: Flask, client: Client) -> None:
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
    response = client.post(f"/p/{petition}/sign", data=filled())
    assert response.status_code == 410
    assert "This petition is closed" in response.text
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


def test_reloading_a_form_with_errors_redirects_to_the_form(client: Client, petition: str) -> None:
    response = client.get(f"/ru/p/{petition}/sign")
    assert (response.status_code, response.location) == (303, f"/ru/p/{petition}#sign")


def test_input_is_escaped(client: Client, petition: str, post_office: PostOffice) -> None:
    name = "<b>Anna</b> \"&' {{ 7*7 }}"
    response = client.post(f"/p/{petition}/sign", data=filled(name=name, country="XX"))
    assert "<b>Anna" not in response.text
    assert "{{ 7*7 }}" in response.text
    page = client.get(signed(client, post_office, petition, name=name))
    assert "&lt;b&gt;Anna&lt;/b&gt; &#34;&amp;&#39; {{ 7*7 }}" in page.text


def test_a_fault_has_a_page_and_a_log_line_without_personal_data(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(PROPAGATE_EXCEPTIONS=False)
    with app.app_context():
        slug = make_petition()
        with transaction() as connection:
            connection.execute(text("ALTER TABLE email RENAME TO mislaid"))
        response = browser(app).post(f"/p/{slug}/sign", data=filled(name="Very Secret"))
        with transaction() as connection:
            connection.execute(text("ALTER TABLE mislaid RENAME TO email"))
    assert response.status_code == 500
    assert "Something went wrong" in response.text
    assert "fault in POST sign.submit" in caplog.text
    for person in ("Very Secret", "anna@example.org"):
        assert person not in caplog.text
