"""The signer's own page: see, correct, download, take back, disown; no account, a link is the
key.
"""

import re
from contextlib import suppress
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from petition.abuse.rate_limits import FormSender
from petition.core.clock import now
from petition.core.errors import SignatureGone
from petition.database.base import db
from petition.models import Email, Signature, Suppression
from petition.models.enums import EmailState, PetitionState, Role
from petition.organisers import access
from petition.organisers.export import FileOptions, Profile
from petition.organisers.handover import downloads
from petition.outbox import enqueue
from petition.petitions import lifecycle, signing_terms
from petition.signatures import disowning, identity, self_service, signing, verification
from petition.signatures.entries import EntryContext
from tests.browsing import (
    CHANGED,
    Client,
    browser,
    confirmed,
    count_of,
    deliver,
    filled,
    my_page,
    path_of,
    signed,
    text_of,
)
from tests.factories import MakeApp, make_petition, parse_address
from tests.post_office import PostOffice
from tests.signatures import ENTRY, confirm, in_threads, sign, signature_of


def test_every_email_to_a_signer_leads_to_their_page(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    my_page(client, petition, post_office)
    client.post(f"/p/{petition}/sign", data=filled())
    deliver(client.application)
    subjects = [mail.message["Subject"] for mail in post_office.arrived]
    assert subjects == [
        "Please confirm your email address",
        "Your email address is confirmed",
        "Your email address is already confirmed",
    ]
    for mail in post_office.arrived:
        page = text_of(client.get(path_of(mail.link_to("my"))))
        assert "anna@example.org" in page


def test_the_page_that_is_passed_on_leads_nobody_to_it(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    thanks = client.get(confirmed(client, post_office, petition))
    assert "/my/" not in thanks.text
    assert "is in our email" in thanks.text


def test_it_shows_all_that_is_kept_and_lets_it_be_corrected(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    path = my_page(client, petition, post_office)
    page = client.get(path)
    for shown in ("Anna Berg", "anna@example.org", "Sweden", "180 days after the petition closes"):
        assert shown in page.text
    answer = client.post(path, data=CHANGED)
    assert answer.status_code == 303
    assert "Your changes are saved." in text_of(client.get(answer.location))
    signature = db.session.scalars(select(Signature)).one()
    for name, value in CHANGED.items():
        assert getattr(signature, name) == {"yes": True}.get(value, value), name
    assert not signature.updates
    assert count_of(client, petition) == 1


def test_an_invalid_correction_shows_the_error_and_the_input(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    path = my_page(client, petition, post_office)
    answer = client.post(path, data=CHANGED | {"name": "", "country": "XX"})
    assert answer.status_code == 422
    assert "Enter your name." in answer.text
    assert 'value="10115"' in answer.text
    assert db.session.scalars(select(Signature.name)).one() == "Anna Berg"


def test_a_name_is_hidden_by_one_button_and_the_signature_counts(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    path = my_page(client, petition, post_office, display="full", handover="yes")
    assert "Anna Berg" in client.get(f"/p/{petition}/signatures").text
    page = client.get(path).text
    entries = re.findall(r"<li>\s*<details>\s*<summary>(.+?)</summary>", page)
    assert entries[:2] == ["Correct my signature", "Hide my name"]
    assert entries[2:] == ["Download my data", "Take my signature back"]
    answer = client.post(path, data={"action": "hide"})
    assert answer.status_code == 303
    page = text_of(client.get(answer.location))
    assert "Your name is not shown in public. Your name is not handed over." in page
    assert 'value="hide"' not in client.get(path).text, "there is nothing left to hide"
    assert "Anna Berg" not in client.get(f"/p/{petition}/signatures").text
    assert count_of(client, petition) == 1


def test_the_name_of_an_unconfirmed_entry_is_hidden_by_correcting_it(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    signed(client, post_office, petition, display="full")
    path = path_of(post_office.arrived[0].link_to("my"))
    assert 'value="hide"' not in client.get(path).text
    assert client.post(path, data={"action": "hide"}).status_code == 410
    assert db.session.scalars(select(Signature.display)).one() == "full"


def test_a_correction_asks_what_the_petition_asks(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    page = client.get(my_page(client, petition, post_office)).text
    assert 'name="postcode"' not in page
    assert "Organisation and comment (optional)" in page
    given = my_page(client, petition, post_office, email="b@example.org", postcode="10115")
    assert "Your postcode (optional)" in client.get(given).text, "it can be removed"
    asking = make_petition("asking", asks_postcode=True)
    path = my_page(client, asking, post_office, postcode="10115")
    assert "Your postcode (optional)" not in client.get(path).text
    answer = client.post(path, data=CHANGED | {"postcode": ""})
    assert (answer.status_code, "Enter your postcode." in answer.text) == (422, True)


def test_the_news_can_be_stopped(client: Client, petition: str, post_office: PostOffice) -> None:
    path = my_page(client, petition, post_office, updates="yes")
    assert db.session.scalars(select(Signature.updates)).one()
    client.post(path, data=CHANGED)
    assert not db.session.scalars(select(Signature.updates)).one()


def test_everything_comes_as_a_file(client: Client, petition: str, post_office: PostOffice) -> None:
    path = my_page(client, petition, post_office)
    client.post(f"/p/{petition}/sign", data=filled(name="Eve"))
    answer = client.get(f"{path}/data.json")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    data = answer.json
    assert data is not None
    assert data["signature"]["email"] == "anna@example.org"
    assert data["signature"]["number"] == 1
    assert [entry["name"] for entry in data["other_entries"]] == ["Eve"]
    assert len(data["emails"]) == 3
    columns = {column.name for column in Signature.table().columns}
    unsaid = {
        "id",
        "petition_id",
        "mailbox_key",
        "entries",
        "mailbox_hash",
        "name_hidden",
        "confirmed_at",
        "invalidation_id",
        "name_key",
    }
    assert columns - unsaid <= set(data["signature"]), "nothing is left out"


def test_withdrawing_erases_the_row_lowers_the_count_and_sends_a_last_mail(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    path = my_page(client, petition, post_office)
    other = confirmed(client, post_office, petition, email="berta@example.org")
    answer = client.post(path, data={"action": "withdraw"})
    assert "Your signature is erased" in answer.text
    assert count_of(client, petition) == 1
    assert db.session.scalars(select(Signature.email)).all() == ["berta@example.org"]
    assert client.get(path).status_code == 410
    assert client.post(path, data={"action": "withdraw"}).status_code == 410, "once"
    deliver(app)
    last = post_office.arrived[-1]
    assert last.recipients == ["anna@example.org"]
    assert last.message["Subject"] == "We have erased your data"
    client.post(path_of(last.link_to("not-me")), data={"never": "yes"})
    assert db.session.scalar(select(func.count()).select_from(Suppression)) == 1
    assert "No list that you were on had been downloaded." in " ".join(last.text.split())
    assert not db.session.scalars(select(Email.address).where(Email.address != "")).all()
    assert "You are number 2." in client.get(other).text, "numbers are nobody else's"


def test_after_a_download_it_says_which_copy_cannot_be_called_back(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    path = my_page(client, petition, post_office)
    address = parse_address("organiser@example.org")
    access.invite(address, role=Role.EDITOR, slug=None, language="en", now=now())
    organiser_id = access.get_sign_in_link(address).organiser_id
    downloads.begin_stream(1, FileOptions(), organiser_id=organiser_id, now=now())
    assert "We cannot call that copy back" in text_of(client.get(path))
    answer = client.post(path, data={"action": "withdraw"})
    assert "We cannot call that copy back" in text_of(answer)
    deliver(app)
    assert "committee@example.org" in post_office.arrived[-1].text


@pytest.mark.parametrize(
    ("agreed", "corrected", "tells"),
    [("yes", None, True), ("no", None, False), ("yes", "no", True), ("no", "yes", True)],
)
def test_after_a_hand_over_file_it_says_so_if_the_name_can_have_been_in_it(
    client: Client,
    petition: str,
    post_office: PostOffice,
    agreed: str,
    corrected: str | None,
    tells: bool,
) -> None:
    path = my_page(client, petition, post_office, handover=agreed)
    options = FileOptions(profile=Profile.HANDOVER)
    downloads.begin_stream(1, options, organiser_id=None, now=now())
    if corrected:
        client.post(path, data=CHANGED | {"handover": corrected})
    page = text_of(client.get(path))
    assert ("We cannot call that copy back" in page) == tells


def test_an_unconfirmed_entry_can_be_seen_and_erased(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    signed(client, post_office, petition)
    path = path_of(post_office.arrived[0].link_to("my"))
    page = text_of(client.get(path))
    assert "not confirmed yet, so it does not count" in page
    client.post(path, data={"action": "withdraw"})
    assert db.session.scalar(select(func.count()).select_from(Signature)) == 0
    assert count_of(client, petition) == 0


def test_correcting_what_is_not_confirmed_signs_again_and_confirms_nothing(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    link = signed(client, post_office, petition, name="Ana")
    answer = client.post(path_of(post_office.arrived[0].link_to("my")), data=CHANGED)
    assert answer.location.startswith("/pending/")
    assert count_of(client, petition) == 0
    deliver(app)
    newer = path_of(post_office.arrived[1].link)
    for asking in (link, newer):
        assert "Which of these is yours?" in client.get(asking).text
    client.post(newer, data={"entry": "2"})
    assert db.session.scalars(select(Signature.name)).one() == "Anna B. Berg"


def test_what_is_held_stays_held_when_it_is_corrected(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    client.post(f"/p/{petition}/sign", data=filled(further="a robot"))
    client.post("/my", data={"email": "anna@example.org"})
    deliver(app)
    (mail,) = post_office.arrived
    client.post(path_of(mail.link_to("my")), data=CHANGED)
    assert count_of(client, petition) == 0
    held = select(Email.entry).where(Email.state == EmailState.HELD)
    assert db.session.scalars(held).all() == [1]


def test_the_date_of_erasing_is_shown_once_the_petition_is_closed(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    path = my_page(client, petition, post_office)
    lifecycle.change_state(petition, PetitionState.CLOSED, now=now())
    erased = now() + timedelta(days=180)
    assert f"{erased:%-d %B %Y}" in text_of(client.get(path))


def test_a_lost_link_is_mailed_to_who_has_signed_and_the_page_is_the_same_for_all(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    my_page(client, petition, post_office)
    pages = [
        client.post("/my", data={"email": email}).text
        for email in ("Anna@Example.org", "nobody@example.org")
    ]
    assert pages[0] == pages[1]
    before = len(post_office.arrived)
    assert deliver(app) == 2, "a email to nobody goes its way like any other"
    assert len(post_office.arrived) == before + 1
    assert post_office.arrived[-1].message["Subject"] == "The page you asked for"
    assert client.get(path_of(post_office.arrived[-1].link)).status_code == 200
    assert client.post("/my", data={"email": "anna"}).status_code == 422


@pytest.mark.parametrize("never", [False, True])
def test_who_did_not_sign_removes_the_entry_and_if_wished_is_never_written_to_again(
    app: Flask, client: Client, petition: str, post_office: PostOffice, never: bool
) -> None:
    signed(client, post_office, petition)
    path = path_of(post_office.arrived[0].link_to("not-me"))
    assert client.get(path).status_code == 200
    assert db.session.scalar(select(func.count()).select_from(Signature)) == 1, (
        "GET changes nothing"
    )
    client.post(path, data={"never": "yes"} if never else {})
    assert client.post(path).status_code == 200, "twice is once"
    assert db.session.scalar(select(func.count()).select_from(Signature)) == 0
    client.post(f"/p/{petition}/sign", data=filled(email="An.na@example.org".replace(".na", "na")))
    deliver(app)
    assert len(post_office.arrived) == (1 if never else 2)
    for row in db.session.execute(select(Suppression.hash, Suppression.bounce)):
        assert "anna" not in str(row), "a keyed hash alone"


def test_disowning_a_later_entry_leaves_the_counted_one(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    my_page(client, petition, post_office)
    client.post(f"/p/{petition}/sign", data=filled(name="Eve"))
    deliver(app)
    client.post(path_of(post_office.arrived[-1].link_to("not-me")))
    assert count_of(client, petition) == 1
    assert db.session.scalars(select(Signature.name)).one() == "Anna Berg"


def test_disowning_the_first_entry_lets_the_next_one_stand(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    signed(client, post_office, petition, name="Eve")
    newer = signed(client, post_office, petition, name="Anna Berg")
    client.post(path_of(post_office.arrived[0].link_to("not-me")))
    client.post(newer)
    assert db.session.scalars(select(Signature.name).where(Signature.counted)).all() == [
        "Anna Berg"
    ]


def test_a_correction_cannot_be_read_through_the_links_of_who_typed_the_entry(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = client.post(f"/p/{petition}/sign", data=filled()).location
    deliver(app)
    client.post(path_of(post_office.arrived[0].link))
    deliver(app)
    client.post(path_of(post_office.arrived[-1].link_to("my")), data=CHANGED)
    answer = client.post(f"{pending}/address", data={"email": "eve@example.org"})
    assert answer.status_code == 410
    assert db.session.scalar(select(func.count()).select_from(Signature)) == 1


def test_emails_of_an_erased_signature_do_not_leave(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    path = my_page(client, petition, post_office)
    client.post(f"/p/{petition}/sign", data=filled())
    client.post(path, data={"action": "withdraw"})
    before = len(post_office.arrived)
    deliver(app)
    assert [mail.message["Subject"] for mail in post_office.arrived[before:]] == [
        "We have erased your data"
    ]
    assert not db.session.scalar(select(func.count()).where(Email.state == EmailState.DUE))


def test_never_again_holds_when_the_entry_is_gone_already(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    path = my_page(client, petition, post_office)
    not_me = path_of(post_office.arrived[0].link_to("not-me"))
    client.post(path, data={"action": "withdraw"})
    answer = client.post(not_me, data={"never": "yes"})
    assert "There was nothing to remove" in answer.text
    assert "We will not write to this address again" in answer.text
    before = len(post_office.arrived)
    client.post(f"/p/{petition}/sign", data=filled())
    deliver(app)
    assert len(post_office.arrived) == before, "neither the farewell nor anything after it"


def test_who_corrected_a_signature_is_not_told_that_it_is_removed(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    path = my_page(client, petition, post_office)
    client.post(path, data=CHANGED)
    answer = client.post(path_of(post_office.arrived[0].link_to("not-me")))
    assert "There was nothing to remove" in answer.text
    assert count_of(client, petition) == 1
    (leads_to,) = re.findall(r'href="(/my/[^"]+)"', answer.text)
    client.post(leads_to, data={"action": "withdraw"})
    assert count_of(client, petition) == 0, "it is one step away all the same"


def test_thanks_are_not_lost_by_a_correction(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    client.post(signed(client, post_office, petition))
    self_service.correct(1, ENTRY, now=now())
    deliver(app)
    assert post_office.arrived[-1].message["Subject"] == "Your email address is confirmed"


def test_the_link_goes_to_the_address_that_was_confirmed_whatever_strangers_type(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition, email="anna@outlook.com")
    post_office.answers["anna+x@outlook.com"] = "550 5.1.1 no such user"
    other = make_petition("another")
    client.post(f"/p/{other}/sign", data=filled(email="anna+x@outlook.com", language="ru"))
    deliver(app)
    client.post("/my", data={"email": "anna@outlook.com"})
    deliver(app)
    last = post_office.arrived[-1]
    assert last.recipients == ["anna@outlook.com"]
    assert last.message["Subject"] == "The page you asked for"


def test_one_email_leads_to_the_pages_of_all_signatures(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    my_page(client, petition, post_office)
    client.post(f"/p/{make_petition('another')}/sign", data=filled())
    deliver(app)
    before = len(post_office.arrived)
    client.post("/my", data={"email": "anna@example.org"})
    deliver(app)
    (mail,) = post_office.arrived[before:]
    pages = re.findall(r"https://petition.example.org(/my/\S+)", mail.text)
    assert len(pages) == 2
    assert all(client.get(page).status_code == 200 for page in pages)


def test_the_page_shows_all_that_is_kept_of_an_unconfirmed_entry_too(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    signed(
        client, post_office, petition, comment="A long story", organisation="Union", role="chair"
    )
    page = text_of(client.get(path_of(post_office.arrived[0].link_to("my"))))
    for shown in ("A long story", "Union", "chair", "not shown in public", "not handed over"):
        assert shown in page
    signed(client, post_office, petition, comment="Another story", display="full")
    page = text_of(client.get(path_of(post_office.arrived[0].link_to("my"))))
    for shown in ("Another story", "Your full name and country are shown in public."):
        assert shown in page, "and all of the other entries"


@pytest.mark.parametrize("path", ["/my", "/organisers/sign-in"])
def test_asking_enqueues_one_email_for_every_address(
    app: Flask, client: Client, petition: str, post_office: PostOffice, path: str
) -> None:
    my_page(client, petition, post_office)
    access.invite(
        parse_address("anna@example.org"), role=Role.ADMIN, slug=None, language="en", now=now()
    )
    inside = browser(app)
    for email in ("anna@example.org", "nobody@example.org"):
        before = db.session.scalar(select(func.max(Email.id)))
        csrf = inside.get(path).text.partition('name="csrf_token" value="')[2].partition('"')[0]
        answer = inside.post(path, data={"email": email, "csrf_token": csrf})
        assert answer.status_code == 200
        assert db.session.scalar(select(func.max(Email.id))) == (before or 0) + 1, email


def test_taken_back_by_many_at_once_it_is_erased_once(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    my_page(client, petition, post_office)
    confirmed(client, post_office, petition, email="berta@example.org")

    def take_back(_number: int) -> bool:
        try:
            self_service.withdraw(1, now=now())
        except SignatureGone:
            return False
        return True

    assert sum(map(bool, in_threads(app, 10, take_back))) == 1
    assert count_of(client, petition) == 1


def test_who_asks_while_it_is_taken_back_is_asked_no_less_kindly(app: Flask, petition: str) -> None:
    def ask_or_erase(number: int) -> int:
        for _ in range(10):
            email_id = sign(at=now())
            if number % 2:
                disowning.disown(email_id, never_again=False, now=now())
            else:
                address = parse_address("anna@example.org")
                self_service.request_link(address, sender=FormSender(), now=now())
                with suppress(SignatureGone):
                    verification.resend(
                        email_id, sender=FormSender(), now=now() + enqueue.RESEND_AFTER
                    )
        return number

    assert in_threads(app, 8, ask_or_erase) == [*range(8)], "nobody meets a fault"


def test_disowned_by_many_at_once_it_is_removed_once(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    my_page(client, petition, post_office)
    removed = in_threads(
        app, 10, lambda _: disowning.disown(1, never_again=True, now=now()).removed
    )
    assert removed.count(True) == 1
    assert count_of(client, petition) == 0


@pytest.mark.parametrize("refused_under_old_key", [False, True])
def test_who_refused_all_email_gets_none_after_the_secret_key_changed(
    make_app: MakeApp, post_office: PostOffice, refused_under_old_key: bool
) -> None:
    old, new = (f"a secret key of the site, number {number}" for number in (1, 2))
    first = make_app(SECRET_KEY=old)
    second = make_app(SECRET_KEY=new, SECRET_KEY_FALLBACKS=[old])

    def sign_under_its_key(app: Flask, slug: str) -> int:
        terms = signing_terms.get_signing_terms(slug, "en")
        address = identity.parse_address("anna@example.org", app.extensions["tokens"].hash_mailbox)
        context = EntryContext("en", "", terms.text_language, terms.text_version)
        return signing.sign(terms.id, ENTRY, address, context, sender=FormSender(), now=now())

    with first.app_context():
        make_petition("first")
        make_petition("second")
        signature_id = signature_of(sign_under_its_key(first, "first")).id
        confirm(signature_id, at=now())
    with (first if refused_under_old_key else second).app_context() as context:
        email_id = sign_under_its_key(context.app, "second")
        disowning.disown(email_id, never_again=True, now=now())
    with second.app_context():
        self_service.withdraw(signature_id, now=now())
        deliver(second)
    assert post_office.arrived == []
    with second.app_context():
        make_petition("third")
        email_id = sign_under_its_key(second, "third")
        tokens = second.extensions["tokens"]
        disowning.accept_emails(email_id, tokens=tokens, link_made_at=now())
        deliver(second)
    assert len(post_office.arrived) == 1, "its owner wants email again"
