"""What people have begged petition sites for about signing, one test a want: numbers 1 to 6 and 16
to 22 of the list of the 25 most wanted things.
"""

import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from flask import Flask
from sqlalchemy import func, select

from petition.core import tokens
from petition.core.clock import now
from petition.database.base import db
from petition.models import Email, Signature
from petition.models.enums import EmailState, PetitionState
from petition.petitions import lifecycle
from tests.browsing import (
    CHANGED,
    Client,
    browser,
    confirmed,
    count_of,
    deliver,
    filled,
    issue_code,
    make_ticket,
    path_of,
    signed,
    text_of,
    token_for,
)
from tests.factories import MakeApp, earlier, make_petition
from tests.post_office import Arrived, PostOffice
from tests.reports import report
from tests.signatures import show_comment

_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "source"})
Attributes = dict[str, str | None]


class Element:
    """An element of a page: its name and attributes, what it stands in, and its text."""

    def __init__(self, name: str, attributes: Attributes, within: "Element | None") -> None:
        self.name, self.attributes, self.within = name, attributes, within
        self.text = ""

    @property
    def around(self) -> Iterator["Element"]:
        """The element and what it stands in, from the inside out."""
        element: Element | None = self
        while element is not None:
            yield element
            element = element.within


class Page(HTMLParser):
    """A page as those read it who cannot see it: by its elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs), self._open[-1] if self._open else None)
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self._open.pop().name == tag, "every element is closed in its turn"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, *names: str, **attributes: str) -> list[Element]:
        """Return the elements of some names with some attributes."""
        return [
            element
            for element in self.elements
            if (not names or element.name in names)
            and all(element.attributes.get(name) == value for name, value in attributes.items())
        ]


def bounced(app: Flask, mail: Arrived) -> None:
    """Let the report come in that the mailbox of a mail does not exist."""
    result = app.test_cli_runner().invoke(args=["bounces"], input=io.BytesIO(report(mail.message)))
    assert (result.exit_code, result.stdout) == (0, "1 about our emails, 0 not\n")


def test_want_01_a_confirm_link_that_survives_mail_scanners(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    link = signed(client, post_office, petition)
    (mail,) = post_office.arrived
    links = {path_of(found) for found in re.findall(r"https?://\S+", mail.text)}
    assert link in links
    for path in [*links] * 3:  # a scanner opens all of them
        for method in ("GET", "HEAD", "OPTIONS"):
            assert client.open(path, method=method).status_code == 200, (method, path)
    assert count_of(client, petition) == 0
    assert "Confirm my signature" in client.get(link).text, "there is a button, for a person"
    for _ in range(2):
        thanks = client.get(client.post(link).location)
        assert "You are number 1." in thanks.text, "never a dead end"
    assert "Your signature is confirmed" in client.get(link).text
    assert count_of(client, petition) == 1


def test_want_02_the_email_that_never_came(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = client.post(f"/p/{petition}/sign", data=filled(email="anna@gmial.com")).location
    assert "Did you mean anna@gmail.com?" in text_of(client.get(pending))
    pending = client.post(f"{pending}/answer", data={"answer": "typed"}).location
    page = text_of(client.get(pending))
    assert "spam folder" in page
    assert "You can have it sent again in 2 minutes." in page
    deliver(app)
    earlier(minutes=3)
    assert "Send the email again" in client.get(pending).text
    post_office.answers["anna@gmial.com"] = "550 5.1.1 no such user"
    again = client.post(pending).location
    assert "it is on its way" in client.get(again).text
    assert len(post_office.arrived) == 1
    deliver(app)
    page = text_of(client.get(again))
    assert "mailbox does not exist" in page, "the bounce is told to the signer"
    assert "Did you mean anna@gmail.com?" in page
    client.post(f"{again.partition('?')[0]}/address", data={"email": "anna@gmail.com"})
    deliver(app)
    assert post_office.arrived[-1].recipients == ["anna@gmail.com"]
    assert client.post(path_of(post_office.arrived[-1].link)).status_code == 303
    assert count_of(client, petition) == 1


def test_want_02_the_email_is_sent_again_and_works(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = client.post(f"/p/{petition}/sign", data=filled()).location
    deliver(app)
    earlier(minutes=3)
    client.post(pending)
    deliver(app)
    assert [mail.recipients for mail in post_office.arrived] == [["anna@example.org"]] * 2
    client.post(path_of(post_office.arrived[1].link))
    assert count_of(client, petition) == 1


def test_want_03_a_code_to_type_in_place_of_a_link_to_follow(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = client.post(f"/p/{petition}/sign", data=filled()).location
    deliver(client.application)
    (field,) = Page(client.get(pending).text).all("input", name="code")
    assert field.attributes["autocomplete"] == "one-time-code"
    code = post_office.arrived[0].code
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    refused = client.post(f"{pending}/code", data={"code": wrong})
    assert "This code does not work" in client.get(refused.location).text
    assert count_of(client, petition) == 0
    answer = client.post(f"{pending}/code", data={"code": code})
    assert "You are number 1." in client.get(answer.location).text
    assert count_of(client, petition) == 1


def test_want_04_take_my_signature_back_and_correct_my_name_myself(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition)
    deliver(client.application)
    page = path_of(post_office.arrived[-1].link_to("my"))
    client.post(page, data=CHANGED)
    assert db.session.scalars(select(Signature.name)).one() == "Anna B. Berg"
    assert count_of(client, petition) == 1
    assert "Your signature is erased" in client.post(page, data={"action": "withdraw"}).text
    assert count_of(client, petition) == 0
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Signature)) == 0
    assert client.get(page).status_code == 410


def test_want_05_my_name_is_not_in_search_engines(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    thanks = confirmed(client, post_office, petition, name="Zaure Unusual")
    deliver(client.application)
    mine = path_of(post_office.arrived[-1].link_to("my"))
    for page in ("", "/signatures", "/updates", "/updates.atom", "/share", "/embed"):
        public = client.get(f"/p/{petition}{page}").text
        assert "Zaure" not in public, "hidden, unless asked for"
    for path in (thanks, mine):
        assert "noindex" in client.get(path).headers["X-Robots-Tag"]

    client.post(mine, data=CHANGED | {"name": "Zaure Unusual", "display": "full"})
    listed = client.get(f"/p/{petition}/signatures")
    assert "Zaure Unusual" in listed.text
    assert "noindex" in listed.headers["X-Robots-Tag"]
    robots = client.get("/robots.txt").text
    assert not re.search(r"(?m)^Disallow: /(?:p/.*)?$", robots), "or noindex would not be read"
    assert "/signatures" not in client.get("/sitemap.xml").text


def test_want_05_a_name_on_the_petitions_page_is_in_no_snippet(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition)
    deliver(client.application)
    mine = path_of(post_office.arrived[-1].link_to("my"))
    shown = {"name": "Zaure Unusual", "display": "full", "comment": "Because."}
    client.post(mine, data=CHANGED | shown)
    assert show_comment(1, 1, "Because.")
    page = Page(client.get(f"/p/{petition}").text)
    named = [found for found in page.all("bdi") if "Zaure" in found.text]
    assert len(named) == 2, "beside the comment and in the list"
    for name in named:
        # Search engines heed it on these three alone.
        assert any(
            element.name in {"span", "div", "section"} and "data-nosnippet" in element.attributes
            for element in name.around
        )
    assert "Zaure" not in "".join(found.text for found in page.all("title", "meta", "script"))


def test_want_06_sign_but_not_publicly(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    page = client.get(f"/p/{petition}").text
    assert re.search(r'name="display" value="hidden" checked', page), "it begins there"
    confirmed(client, post_office, petition, name="Quiet Person")
    assert db.session.scalars(select(Signature.display)).one() == "hidden"
    assert db.session.scalars(select(Signature.handover)).one() is False
    confirmed(client, post_office, petition, name="Loud Person", email="b@x.org", display="full")
    assert count_of(client, petition) == 2, "and it counts"
    for path in (f"/p/{petition}", f"/p/{petition}/signatures"):
        public = client.get(path).text
        assert "Loud Person" in public
        assert "Quiet" not in public
        assert "Q. P." not in public


def test_want_16_a_closed_petition_says_so_and_leads_to_the_next_in_one_click(
    client: Client, petition: str
) -> None:
    make_petition("next", state="open")
    make_petition("not-yet")
    make_petition("over")
    lifecycle.change_state("not-yet", PetitionState.PAUSED, now=now())
    for closed in (petition, "over"):
        lifecycle.change_state(closed, PetitionState.CLOSED, now=now())
    answer = client.post(f"/p/{petition}/sign", data=filled())
    assert answer.status_code == 410
    assert db.session.scalar(select(func.count()).select_from(Signature)) == 0
    for page in (client.get(f"/p/{petition}"), answer):
        assert "This petition is closed" in page.text
        assert "<form" not in page.text
        links = [link.attributes["href"] for link in Page(page.text).all("a")]
        assert "/p/next" in links
        assert not {"/p/not-yet", "/p/over"} & {*links}, "none that takes no signatures either"
    assert 'action="/p/next/sign"' in client.get("/p/next").text


def test_want_17_doubles_are_kept_out_and_families_told_how(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition, email="anna.berg@gmail.com")
    pending = client.post(
        f"/p/{petition}/sign", data=filled(name="Bo Berg", email="annaberg+bo@googlemail.com")
    ).location
    deliver(app)
    assert "sign with an address of their own" in " ".join(post_office.arrived[-1].text.split())
    # Not even with the key, or a code that the second mail did not hold.
    client.post(f"/confirm/{token_for(app, tokens.confirm_purpose(7), 1, 2)}", data={"entry": "2"})
    (email_id,) = db.session.scalars(select(Email.id).where(Email.entry == 2))
    code = issue_code(app, email_id)
    assert client.post(f"{pending}/code", data={"code": code}).status_code == 303
    assert count_of(client, petition) == 1
    names = select(Signature.name).where(Signature.counted)
    assert db.session.scalars(names).all() == ["Anna Berg"]
    confirmed(client, post_office, petition, name="Bo Berg", email="bo.berg@gmail.com")
    assert count_of(client, petition) == 2, "as the mail has told"


def test_want_18_who_signs_twice_is_told_kindly_and_offered_something_useful(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition)
    client.post(f"/p/{petition}/sign", data=filled())
    deliver(client.application)
    mail = post_office.arrived[-1]
    assert "is counted once" in mail.text
    assert "pass the petition on" in mail.text
    assert client.get(path_of(mail.link)).status_code == 200
    assert mail.link.endswith(f"/p/{petition}")
    assert "Anna Berg" in client.get(path_of(mail.link_to("my"))).text


def test_want_19_bots_are_slowed_and_people_are_not_punished(make_app: MakeApp) -> None:
    app = make_app(RATELIMIT_ENABLED=True, RATELIMIT_FREE=1, TRUSTED_PROXIES=1, STEP_SECONDS=10)
    with app.app_context():
        make_petition()
        client = browser(app, use_cookies=False)

        def post(number: int, network: str = "192.0.2.1", **fields: str) -> tuple[int, str]:
            answer = client.post(
                "/p/free-them/sign",
                data=filled(email=f"a{number}@example.org") | fields,
                headers={"X-Forwarded-For": network},
            )
            return answer.status_code, answer.text

        assert post(1)[0] == 303
        status, page = post(2, comment="Because.")
        assert (status, "Because." in page) == (422, True), "a step, with everything kept"
        assert post(3, "192.0.2.2")[0] == 303, "for that network alone"
        early, _ = post(2, ticket=make_ticket(app, seconds=0))
        waited = make_ticket(app)
        assert (early, post(2, ticket=waited)[0]) == (429, 303), "without JavaScript a wait"
        assert post(4, "192.0.2.3", further="a robot fills everything")[0] == 303
        held = select(func.count()).where(Email.state == EmailState.HELD)
        assert db.session.scalar(held) == 1, "which is told nothing, and mailed nothing"
        for loaded in Page(client.get("/p/free-them").text).all("script", "iframe", "img"):
            source = loaded.attributes.get("src") or "/"
            assert source.startswith("/"), "no riddle of somebody else's"


def test_want_20_an_address_that_bounces_does_not_count(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = client.post(f"/p/{petition}/sign", data=filled()).location
    deliver(app)
    assert "came back" not in text_of(client.get(pending))
    bounced(app, post_office.arrived[0])
    page = text_of(client.get(pending))
    assert "mailbox does not exist" in page
    assert "came back" in page
    assert count_of(client, petition) == 0
    earlier(minutes=3)
    again = client.post(pending).location
    deliver(app)
    assert len(post_office.arrived) == 1, "no more goes there"
    for page in (pending, again):
        assert "mailbox does not exist" in text_of(client.get(page)), "and the page says why"


def test_want_20_who_was_confirmed_before_stays_counted_and_is_mailed_no_more(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition)
    deliver(app)
    client.post("/my", data={"email": "anna@example.org"})
    deliver(app)
    assert len(post_office.arrived) == 3, "before it bounces, mail arrives"
    bounced(app, post_office.arrived[-1])
    assert count_of(client, petition) == 1
    client.post("/my", data={"email": "anna@example.org"})
    client.post(f"/p/{petition}/sign", data=filled())
    deliver(app)
    assert len(post_office.arrived) == 3
    assert count_of(client, petition) == 1
    said, true = lifecycle.recount(petition, now=now())
    assert (said, true) == (1, 1)


def test_want_21_a_form_that_screen_readers_can_use(client: Client, petition: str) -> None:
    page = Page(client.post(f"/p/{petition}/sign", data={}).text)
    (html,) = page.all("html")
    assert html.attributes["lang"] == "en"
    assert page.all("title")[0].text.startswith("Error: ")
    labels = {label.attributes["for"]: label.text.strip() for label in page.all("label")}
    (form,) = page.all("form")
    fields = {
        str(field.attributes["id"]): field
        for field in page.all("input", "select", "textarea")
        if form in field.around
        and field.attributes.get("type") != "hidden"
        and not any(element.attributes.get("aria-hidden") for element in field.around)
    }
    assert {"name", "email", "country", "comment", "display", "handover", "consent"} <= {*fields}
    legends = {legend.within: legend.text.strip() for legend in page.all("legend")}
    for name, field in fields.items():
        assert labels.get(name), f"{name} says what it is"
        if field.attributes.get("type") == "radio":
            (group,) = [element for element in field.around if element.name == "fieldset"]
            assert legends[group], f"{name} says what it is an answer to"
    assert page.all("button", type="submit")[0].text.strip()

    (summary,) = page.all(role="alert")
    told = [link.attributes["href"] for link in page.all("a") if summary in link.around]
    assert told == ["#name", "#email", "#country", "#consent"], "in the order of the page"
    texts = {element.attributes.get("id"): element.text.strip() for element in page.elements}
    for name in ("name", "email", "country", "consent"):
        assert fields[name].attributes["aria-invalid"] == "true"
        described = str(fields[name].attributes["aria-describedby"]).split()
        assert f"{name}-error" in described
        assert all(texts.get(by) for by in described), "what it points at is there and says it"
    (trap,) = page.all("input", name="further")
    assert any(element.attributes.get("aria-hidden") == "true" for element in trap.around)
    assert trap.attributes["tabindex"] == "-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"postcode": ""},
        {"postcode": "SW1A 2AA"},
        {"country": "KZ", "postcode": "010000"},
        {"country": "HK", "postcode": ""},
        {"email": "anna+petition@some-host.example.org"},
        {"email": "anna-maria_1@sub.some-host.example.org"},
        {"email": "o'neill@example.org"},
        {"name": "Wolfeschlegelsteinhausenbergerdorff-O’Brien y García de la Vega, Jr."},
        {"name": "Ли"},
        {"name": "J.R. Smith"},
        {"name": "Á"},
    ],
)
def test_want_22_not_everyone_has_our_kind_of_address_and_name(
    client: Client, petition: str, post_office: PostOffice, changes: dict[str, str]
) -> None:
    fields = filled(**changes)
    confirmed(client, post_office, petition, **changes)
    kept = db.session.scalars(select(Signature).where(Signature.counted)).one()
    for field in ("name", "email", "country", "postcode"):
        assert getattr(kept, field) == fields.get(field, ""), "nothing is taken out of it"


def test_want_22_the_country_comes_first_and_a_postcode_is_asked_for_only_where_wanted(
    app: Flask, client: Client
) -> None:
    make_petition("plain")
    make_petition("by-post", asks_postcode=True)
    assert 'id="postcode"' not in client.get("/p/plain").text
    page = client.get("/p/by-post").text
    assert page.index('id="country"') < page.index('id="postcode"')
