"""Asking earlier signers by email about a new text: who, once, in which language; test, stop."""

from collections import Counter
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from petition.core.clock import now
from petition.core.errors import ItemNotFound
from petition.core.organiser_errors import UpdateNotReady
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Email, Mailing, Organiser, Signature
from petition.models.enums import EmailKind, InvalidReason, MailingState, Role
from petition.organisers import access
from petition.organisers.news import mailings, refill, text_questions
from petition.organisers.news.mailing_states import Progress
from petition.organisers.news.text_questions import TextQuestion
from petition.organisers.review import invalidation
from petition.outbox import delivery, suppression
from petition.signatures import new_text, self_service, unsubscribing
from tests import mailings as readers
from tests.browsing import Client, csrf_of, deliver, enter, invite, path_of, sign_in, text_of, trail
from tests.factories import TODAY, change_text, make_petition, parse_address
from tests.post_office import PostOffice
from tests.signatures import in_threads, sign

SUBJECT = "The text that you signed has changed"
PAGE = "/organisers/p/free-them/text-question"


def add_signers(count: int, petition_id: int = 1, *, first: int = 1, **values: object) -> None:
    """Insert so many confirmed signers who did not ask for news."""
    readers.add_readers(count, petition_id, first=first, **{"updates": False} | values)


def writer() -> int:
    """Return the id of an organiser, invited once."""
    address = parse_address("asker@example.org")
    known = db.session.scalar(select(Organiser.id).where(Organiser.email == address.email))
    return known or access.invite(address, role=Role.EDITOR, slug=None, language="en", now=now())


def start() -> None:
    """Test the question and start to ask. The organiser's own emails are dropped."""
    organiser_id = writer()
    text_questions.send_test(1, organiser_id=organiser_id, now=now())
    text_questions.start(1, organiser_id=organiser_id, now=now())
    with transaction() as connection:
        connection.execute(delete(Email).where(Email.organiser_id == organiser_id))
    db.session.remove()


def question() -> TextQuestion:
    """Return what can be asked now."""
    db.session.remove()
    found = text_questions.get_question(1, now=now())
    assert found is not None
    return found


def progress() -> Progress:
    """Return how far the mailing about the present text is."""
    found = question().progress
    assert found is not None
    return found


def asked(post_office: PostOffice) -> list[str]:
    """Return who was asked, each as often as it was."""
    mails = [mail for mail in post_office.arrived if mail.message["Subject"] == SUBJECT]
    return sorted(mail.recipients[0].partition("@")[0] for mail in mails)


def press(client: Client, path: str, **fields: str) -> str:
    """Press a button of the page and return the words of the page after it."""
    page = client.get(PAGE)
    answer = client.post(f"{PAGE}/{path}", data={"csrf_token": csrf_of(page), **fields})
    assert answer.status_code == 303, text_of(answer)
    return text_of(client.get(answer.location))


def test_it_works_from_the_tab_to_the_signer_who_confirms(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    add_signers(3)
    inside = sign_in(app)
    assert "Earlier signers" not in inside.get(f"/organisers/p/{petition}/text").text
    assert inside.get(PAGE).status_code == 404
    change_text(reason="It was too short.", letter="We **beg** you to free them.")
    tab = inside.get(f"/organisers/p/{petition}/text")
    assert "Ask 3 earlier signers to confirm the new text" in text_of(tab)
    assert PAGE in tab.text
    page = text_of(inside.get(PAGE))
    assert "English 3" in page
    assert "it also goes to those who did not ask for news" in page
    assert "First send a test of this text to yourself." in page
    assert "on its way to your address" in press(inside, "test")
    deliver(app)
    test = post_office.arrived[-1]
    assert test.recipients == ["organiser@example.org"]
    assert test.message["Subject"] == "Test: The text that you signed has changed"
    assert "Ask 3 earlier signers to confirm the new text" in text_of(inside.get(PAGE))
    post_office.arrived.clear()
    assert "The emails are going out. Sent 0 Waiting 3" in press(inside, "start")
    deliver(app)
    assert "All emails are sent. Sent 3 Waiting 0" in text_of(inside.get(PAGE))
    assert asked(post_office) == ["reader1", "reader2", "reader3"]
    mail = post_office.arrived[0]
    assert mail.message["Subject"] == "The text that you signed has changed"
    assert "It was too short." in mail.text
    assert "because it is about your own signature" in mail.text
    link = path_of(mail.link_to("my"))
    assert "<del>ask</del><ins>beg</ins>" in client.get(link).text
    assert db.session.scalars(select(Signature.confirmed_version)).all() == [None] * 3
    answer = client.post(link, data={"action": "confirm_text", "version": "2"})
    assert answer.status_code == 303
    actions = [entry[0] for entry in trail()[-2:]]
    assert actions == ["text_question.test", "text_question.start"]
    assert text_questions.split("en-2,zh-Hant-3") == {"en": 2, "zh-Hant": 3}


def test_only_counted_signers_of_an_older_text_with_an_address_are_asked(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    make_petition("second")
    add_signers(8)
    add_signers(1, 2)
    add_signers(1, first=20, text_language="ru", language="ru")
    sign("pending@example.org")
    change_text(reason="Clearer.")
    add_signers(1, first=30, text_version=2)
    new_text.confirm(1, 2, now=TODAY)
    self_service.withdraw(2, now=TODAY)
    invalidation.invalidate(1, 3, InvalidReason.DUPLICATE, now=TODAY)
    unsubscribing.unsubscribe(4)
    with transaction() as connection:
        connection.execute(update(Signature).where(Signature.id == 5).values(email=""))
    assert question().signers == {"en": 3}
    start()
    with transaction() as connection:
        wants_none = app.extensions["tokens"].hash_mailbox("reader6@petition1.example.org")
        suppression.suppress(connection, wants_none, now=now())
    refill.refill(now=now())
    new_text.confirm(7, 2, now=TODAY)
    deliver(app)
    assert asked(post_office) == ["reader8"]
    assert (progress().sent, progress().left_out) == (1, 2)


def test_each_is_asked_in_their_language_about_the_text_that_they_signed(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    add_signers(1, language="de")
    add_signers(1, first=2, language="ru", text_language="ru")
    change_text(reason="Clearer.")
    change_text(language="ru", reason="Яснее.")
    assert question().signers == {"de": 1, "ru": 1}
    start()
    deliver(app)
    german, russian = sorted(post_office.arrived, key=lambda mail: mail.recipients[0])
    assert german.message["Content-Language"] == "de"
    assert "Clearer." in german.text
    assert russian.message["Content-Language"] == "ru"
    assert "Яснее." in russian.text


def test_signers_of_the_country_concerned_are_asked_by_a_neutral_sender(
    app: Flask, post_office: PostOffice
) -> None:
    make_petition(regime={"country": "KZ", "languages": ["ru"]})
    add_signers(1, country="KZ")
    change_text(reason="Clearer.")
    start()
    deliver(app)
    mail = post_office.arrived[-1]
    assert mail.message["From"] == "petition@petition.example.org"
    assert mail.message["Subject"] == "A question to you"
    assert "delete this email" in mail.text


def test_nobody_is_asked_twice_about_a_version_and_again_about_the_next(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    add_signers(2)
    change_text(reason="Clearer.")
    start()
    text_questions.start(1, now=now())
    deliver(app)
    change_text(language="ru", reason="Яснее.")  # a new set of versions: nobody is left to ask
    assert question().signers == {}
    change_text(reason="Shorter.")
    assert question().progress is None
    start()
    deliver(app)
    assert Counter(asked(post_office)) == {"reader1": 2, "reader2": 2}
    states = db.session.scalars(select(Mailing.state).order_by(Mailing.id)).all()
    assert states == [MailingState.DONE, MailingState.DONE]


def test_what_waits_about_a_version_that_has_changed_is_not_sent(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    add_signers(2)
    change_text(reason="Clearer.")
    start()
    refill.refill(now=now())
    change_text(reason="Shorter.")
    deliver(app)
    assert asked(post_office) == []
    assert question().signers == {"en": 2}


def test_asking_about_a_newer_text_stops_the_emails_about_the_older(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    add_signers(2)
    change_text(reason="Clearer.")
    start()
    refill.refill(now=now())
    change_text(reason="Shorter.")
    start()
    deliver(app)
    assert asked(post_office) == ["reader1", "reader2"]
    states = db.session.scalars(select(Mailing.state).order_by(Mailing.id)).all()
    assert states == [MailingState.STOPPED, MailingState.DONE]


def test_a_changed_text_needs_another_test(app: Flask, petition: str) -> None:
    add_signers(1)
    with pytest.raises(ItemNotFound):
        text_questions.start(1, now=now())
    with pytest.raises(ItemNotFound):
        text_questions.send_test(1, organiser_id=writer(), now=now())
    change_text(reason="Clearer.")
    with pytest.raises(UpdateNotReady):
        text_questions.start(1, now=now())
    assert text_questions.send_test(1, organiser_id=1, now=now()) == 1
    assert text_questions.send_test(1, organiser_id=1, now=now()) == 0, "it is on its way"
    change_text(story="A story beside what people sign.", letter="We **ask** you.", reason="Short.")
    assert not question().tested
    inside = sign_in(app)
    assert "Not started: the text has changed since your test." in press(inside, "start")


def test_one_press_of_the_inbox_ends_questions_and_news(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    add_signers(2, updates=True)
    change_text(reason="Clearer.")
    start()
    deliver(app)
    mail = post_office.arrived[0]
    link = str(mail.message["List-Unsubscribe"])[1:-1]
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in mail.text
    assert "We do not ask you about changes of the text either." in text_of(
        client.get(path_of(link))
    )
    assert client.post(path_of(link)).status_code == 200
    assert client.post(path_of(link)).status_code == 200
    assert mailings.count_readers(1) == {"en": 1}
    change_text(reason="Shorter.")
    assert question().signers == {"en": 1}


def test_pausing_holds_the_emails_and_stopping_ends_them(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    add_signers(2)
    change_text(reason="Clearer.")
    start()
    refill.refill(now=now())
    inside = sign_in(app)
    assert "Paused." in press(inside, "change", change="pause")
    deliver(app)
    assert asked(post_office) == []
    assert "The emails are going out." in press(inside, "change", change="resume")
    press(inside, "change", change="pause")
    assert "Stopped." in press(inside, "change", change="stop")
    text_questions.resume(1, organiser_id=1, now=now())
    deliver(app)
    assert asked(post_office) == []
    assert (progress().state, progress().left_out) == (MailingState.STOPPED, 2)
    page = inside.get(PAGE)
    data = {"csrf_token": csrf_of(page), "change": "delete"}
    assert inside.post(f"{PAGE}/change", data=data).status_code == 400
    text_questions.pause(2, organiser_id=1, now=now())  # there is none: nothing happens


def test_confirmations_go_before_questions_that_have_waited_longer(
    app: Flask, petition: str
) -> None:
    add_signers(60)
    change_text(reason="Clearer.")
    start()
    refill.refill(now=now())
    sign("anna@example.org", at=now())
    claimed = delivery.claim(now(), limit=50)
    kinds = Counter(db.session.scalars(select(Email.kind).where(Email.id.in_(claimed))))
    assert kinds == {EmailKind.CONFIRM: 1, EmailKind.NEW_TEXT: 49}


def test_a_question_does_not_make_news_wait_three_days(app: Flask, petition: str) -> None:
    add_signers(1, updates=True)
    change_text(reason="Clearer.")
    start()
    readers.start()
    assert mailings.get_progress(1, now=now()) is not None


def test_starting_and_enqueueing_at_once_asks_nobody_twice(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    add_signers(30)
    change_text(reason="Clearer.")
    text_questions.send_test(1, organiser_id=writer(), now=now())
    in_threads(app, 6, lambda _: text_questions.start(1, organiser_id=1, now=now()))
    assert len(db.session.scalars(select(Mailing.id)).all()) == 1
    in_threads(app, 6, lambda _: refill.refill(now=now()))
    waiting = select(Email.signature_id).where(Email.kind == EmailKind.NEW_TEXT)
    assert sorted(filter(None, db.session.scalars(waiting))) == [*range(1, 31)]
    with pytest.raises(IntegrityError), transaction() as connection:
        connection.execute(update(Mailing).values(versions=None))


def test_a_viewer_can_neither_see_nor_send_the_question(app: Flask, petition: str) -> None:
    change_text()
    add_signers(1)
    change_text(reason="Clearer.")
    invite(Role.VIEWER)
    inside = enter(app)
    assert inside.get(PAGE).status_code == 403
    token = {"csrf_token": csrf_of(inside.get("/organisers/account"))}
    assert inside.post(f"{PAGE}/start", data=token).status_code == 403


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nobody_is_asked_twice_also_when_the_worker_is_killed_with_9(
    app: Flask, petition: str, post_office: PostOffice, tmp_path: Path
) -> None:
    add_signers(600)
    change_text(reason="Clearer.")
    start()
    arrivals, end = readers.run_killed(app, post_office, tmp_path, 1, [100, 300])
    assert max(arrivals.values()) == 1
    assert end.sent + end.unknown == 600
    assert end.unknown <= 2 * 50, "at most a batch for each death"
    assert db.session.scalars(select(Signature.asked_version)).all() == [2] * 600
