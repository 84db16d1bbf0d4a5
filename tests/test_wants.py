"""What people have begged petition sites for about signing, one test a want: numbers 1 to 6 and 16
to 22 of the list of the 25 most wanted things.
"""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from petition import lifecycle
from petition.clock import now
from petition.extensions import db
from petition.kinds import State
from petition.models import Signature
from tests.conftest import (
    Client,
    MakeApp,
    browser,
    confirmed,
    count_of,
    deliver,
    filled,
    make_petition,
    path_of,
    signed,
    text_of,
)
from tests.post_office import PostOffice
from tests.test_bounces import report
from tests.test_mine import CHANGED


def test_want_01_a_confirm_link_that_survives_mail_scanners(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    link = signed(client, post_office, petition)
    for _ in range(3):
        for method in ("GET", "HEAD", "OPTIONS"):
            assert client.open(link, method=method).status_code == 200
    assert count_of(client, petition) == 0
    for _ in range(2):
        thanks = client.get(client.post(link).location)
        assert "signature number 1" in thanks.text, "never a dead end"
    assert count_of(client, petition) == 1


def test_want_02_the_mail_that_never_came(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna@gmial.com"] = "550 5.1.1 no such user"
    pending = client.post(f"/p/{petition}/sign", data=filled(email="anna@gmial.com")).location
    assert "spam folder" in client.get(pending).text
    deliver(app)
    page = text_of(client.get(pending))
    assert "no such mailbox exists" in page, "the bounce is told to the signer"
    assert "Did you mean anna@gmail.com?" in page
    client.post(f"{pending}/address", data={"email": "anna@gmail.com"})
    deliver(app)
    assert post_office.arrived[0].recipients == ["anna@gmail.com"]


def test_want_03_a_code_to_type_in_place_of_a_link_to_follow(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = client.post(f"/p/{petition}/sign", data=filled()).location
    deliver(client.application)
    client.post(f"{pending}/code", data={"code": post_office.arrived[0].code})
    assert count_of(client, petition) == 1


def test_want_04_take_my_signature_back_and_correct_my_name_myself(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition)
    deliver(client.application)
    page = path_of(post_office.arrived[-1].link_to("my"))
    client.post(page, data=CHANGED)
    assert db.session.scalars(select(Signature.name)).one() == "Anna B. Berg"
    client.post(page, data={"action": "withdraw"})
    assert count_of(client, petition) == 0


def test_want_05_my_name_is_not_in_search_engines(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    thanks = confirmed(client, post_office, petition, name="Zaure Unusual")
    deliver(client.application)
    assert "Zaure" not in client.get(f"/p/{petition}").text
    for path in (thanks, path_of(post_office.arrived[-1].link_to("my"))):
        assert "noindex" in client.get(path).headers["X-Robots-Tag"]


def test_want_06_sign_but_not_publicly(client: Client, petition: str) -> None:
    page = client.get(f"/p/{petition}").text
    assert re.search(r'name="display" value="hidden" checked', page), "it begins there"
    client.post(f"/p/{petition}/sign", data=filled())
    assert db.session.scalars(select(Signature.display)).one() == "hidden"
    assert db.session.scalars(select(Signature.handover)).one() is False


def test_want_16_a_closed_petition_says_so_and_shows_no_form(client: Client, petition: str) -> None:
    lifecycle.move(petition, State.CLOSED, now=now())
    page = client.get(f"/p/{petition}")
    assert "This petition is closed" in page.text
    assert "<form" not in page.text
    answer = client.post(f"/p/{petition}/sign", data=filled())
    assert answer.status_code == 410
    assert "This petition is closed" in answer.text


def test_want_17_doubles_are_kept_out_and_families_told_how(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition)
    client.post(f"/p/{petition}/sign", data=filled(name="Bo Berg"))
    deliver(client.application)
    assert "sign with an address of their own" in post_office.arrived[-1].text
    assert count_of(client, petition) == 1


def test_want_18_who_signs_twice_is_told_kindly_and_offered_something_useful(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition)
    client.post(f"/p/{petition}/sign", data=filled())
    deliver(client.application)
    mail = post_office.arrived[-1]
    assert "is counted once" in mail.text
    assert "pass the petition on" in mail.text
    assert mail.link.endswith(f"/p/{petition}")


def test_want_19_bots_are_slowed_and_people_are_not_punished(make_app: MakeApp) -> None:
    app = make_app(RATELIMIT_ENABLED=True, RATELIMIT_FREE=1, TRUSTED_PROXIES=1)
    with app.app_context():
        make_petition()
        client = browser(app, use_cookies=False)
        codes = [
            client.post(
                "/p/free-them/sign",
                data=filled(email=f"a{number}@example.org"),
                headers={"X-Forwarded-For": network},
            ).status_code
            for number, network in enumerate(["192.0.2.1", "192.0.2.1", "192.0.2.2"])
        ]
    assert codes == [303, 422, 303], "a step, for that network alone"


def test_want_20_an_address_that_bounces_does_not_count(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = client.post(f"/p/{petition}/sign", data=filled()).location
    deliver(app)
    given = report(post_office.arrived[0].message)
    app.test_cli_runner().invoke(args=["bounces"], input=given)
    assert "no such mailbox exists" in text_of(client.get(pending))
    assert count_of(client, petition) == 0


def test_want_21_a_form_that_screen_readers_can_use(client: Client, petition: str) -> None:
    page = client.post(f"/p/{petition}/sign", data={}).text
    fields = re.findall(r'<(?:input|select|textarea)(?: type="\w+")? id="([\w-]+)"', page)
    assert {"name", "email", "country", "consent"} <= set(fields)
    for field in fields:
        if field != "share-link":
            assert f'<label for="{field}">' in page, field
    assert 'role="alert"' in page
    for wrong in ("name", "email", "country", "consent"):
        assert f'href="#{wrong}"' in page
        assert f'id="{wrong}-error"' in page
        assert re.search(rf'id="{wrong}"[^>]*aria-describedby="[^"]*{wrong}-error', page)


@pytest.mark.parametrize(
    "changes",
    [
        {"postcode": ""},
        {"postcode": "SW1A 2AA"},
        {"country": "KZ", "postcode": "010000"},
        {"email": "anna+petition@some-host.example.org"},
        {"email": "o'neill@example.org"},
        {"name": "Wolfeschlegelsteinhausenbergerdorff-O’Brien y García de la Vega, Jr."},
        {"name": "Ли"},
        {"name": "J.R. Smith"},
    ],
)
def test_want_22_not_everyone_has_our_kind_of_address_and_name(
    client: Client, petition: str, changes: dict[str, str]
) -> None:
    assert client.post(f"/p/{petition}/sign", data=filled(**changes)).status_code == 303
