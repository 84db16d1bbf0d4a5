"""News by email: who gets it, in which language, once; test, pause, stop; unsubscribing."""

import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from petition.core.clock import now
from petition.core.errors import ConnectionLost
from petition.core.organiser_errors import MailingTooSoon, UpdateNotReady
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Email, Signature
from petition.models.enums import EmailKind, EmailState, MailingState, Role
from petition.organisers.news import mailings, pictures, refill, writing
from petition.organisers.news.mailing_states import Progress
from petition.organisers.news.reading import NewsText
from petition.organisers.news.writing import NewsForm
from petition.outbox import delivery, news_emails, suppression
from petition.petitions.pictures import make_picture
from petition.signatures import self_service, unsubscribing
from tests import signatures
from tests.browsing import Client, csrf_of, deliver, enter, invite, path_of, sign_in, text_of, trail
from tests.factories import make_petition, photo
from tests.mailings import TEXTS, add_readers, publish, run_killed, start
from tests.post_office import PostOffice
from tests.signatures import in_threads

LINKS = {"Your sign-in link", "You are invited to work on a petition"}
LETTERS = "/organisers/p/free-them/news/1"


def progress(update_id: int = 1, *, at: datetime | None = None) -> Progress:
    """Return how far a mailing is, by default now."""
    db.session.remove()
    found = mailings.get_progress(update_id, now=at or now())
    assert found is not None
    return found


def readers(post_office: PostOffice) -> list[str]:
    """Return who got an email, without the organiser."""
    to = [mail.recipients[0] for mail in post_office.arrived]
    return [address for address in to if address != "organiser@example.org"]


def press(client: Client, path: str, **fields: str) -> str:
    """Press a button on the page of the mailing and return the words of the page after it."""
    page = client.get(f"{LETTERS}/email")
    answer = client.post(f"{LETTERS}/{path}", data={"csrf_token": csrf_of(page), **fields})
    assert answer.status_code == 303, text_of(answer)
    return text_of(client.get(answer.location))


def test_it_works_from_the_test_to_the_last_reader(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    add_readers(3)
    publish()
    inside = sign_in(app)
    page = text_of(inside.get(f"{LETTERS}/email"))
    assert "3 signers asked for news by email." in page
    assert "English 3 English" in page
    assert "First send a test of this text to yourself." in page
    assert "on its way to your address" in press(inside, "test")
    assert "Email it to 3 people" in text_of(inside.get(f"{LETTERS}/email"))
    assert "The emails are going out. Sent 0 Waiting 3" in press(inside, "start")
    deliver(app)
    assert "All emails are sent. Sent 3 Waiting 0" in text_of(inside.get(f"{LETTERS}/email"))
    test, *others = [mail for mail in post_office.arrived if mail.message["Subject"] not in LINKS]
    assert test.recipients == ["organiser@example.org"]
    assert test.message["Subject"] == "Test: Letters"
    assert "This is a test." in test.text
    assert sorted(mail.recipients[0] for mail in others) == [
        f"reader{number}@petition1.example.org" for number in (1, 2, 3)
    ]
    for mail in others:
        assert mail.message["Subject"] == "Letters"
        assert mail.message["Reply-To"] == "committee@example.org"
        assert "The committee" in mail.message["From"]
        assert "At six embassies." in mail.text
        assert "<strong>six</strong>" in mail.html
    assert [entry[0] for entry in trail()[-2:]] == ["mailing.test", "mailing.start"]


def test_each_reader_gets_it_in_their_language_where_there_is_one(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    make_petition("second")
    add_readers(1, language="ru")
    add_readers(1, 2, language="de")
    texts = (*TEXTS, NewsText("ru", "Письма", "У шести посольств."))
    start(1, texts=texts)
    start(2, texts=texts, organiser="writer2")
    deliver(app)
    mail = {mail.recipients[0]: mail for mail in post_office.arrived}
    russian, german = (mail[f"reader1@petition{number}.example.org"] for number in (1, 2))
    assert "У шести посольств." in russian.text
    assert german.message["Content-Language"] == "de"
    assert "At six embassies." in german.text
    assert '<div lang="en"' in german.html


def test_only_counted_signers_who_asked_get_it(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    signatures.sign("pending@example.org", at=now())
    no = signatures.signature_of(signatures.sign("no@example.org", at=now()))
    signatures.confirm(no.id, at=now())
    add_readers(2, first=10)
    deliver(app)
    post_office.arrived.clear()
    assert mailings.count_readers(1) == {"en": 2}
    start()
    deliver(app)
    assert len(readers(post_office)) == 2


def test_signers_of_the_country_concerned_get_it_from_a_neutral_sender(
    app: Flask, post_office: PostOffice
) -> None:
    make_petition(regime={"country": "KZ", "languages": ["ru"]})
    add_readers(1, country="KZ")
    start()
    deliver(app)
    mail = post_office.arrived[-1]
    assert mail.message["From"] == "petition@petition.example.org"
    assert mail.message["Subject"] == "News that you asked for"
    assert "delete this email" in mail.text
    assert "At six embassies." in mail.text
    assert "/share" not in mail.text
    assert 'class="button"' not in mail.html


def test_pictures_are_links_and_nothing_tells_when_an_email_is_read(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    name = pictures.add(1, "queue.jpg", make_picture(photo()), now=now())
    add_readers(2)
    start(texts=[NewsText("en", "Letters", f"![A queue]({name})")])
    deliver(app)
    first, second = post_office.arrived[-2:]
    for mail in (first, second):
        assert "<img" not in mail.html
        assert re.search(r"\[A queue\] \(https://\S+/pictures/[0-9a-f]{24}\.webp\)", mail.text)
    assert len(set(re.findall(r"\S+\.webp", first.text + second.text))) == 1


def test_unsubscribing_takes_one_press_of_the_inbox_and_is_idempotent(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    add_readers(1)
    start()
    deliver(app)
    mail = post_office.arrived[-1]
    link = str(mail.message["List-Unsubscribe"])[1:-1]
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in mail.text
    page = client.get(path_of(link))
    assert page.text.count("<button") >= 1
    assert signature(1).updates, "opening the link changes nothing"
    foreign = {"Origin": "https://mail.example.com", "Sec-Fetch-Site": "cross-site"}
    for headers in (foreign, {}):
        form = {"List-Unsubscribe": "One-Click"}
        answer = client.post(path_of(link), data=form, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert not signature(1).updates
    my_page = client.get(path_of(mail.link_to("my"))).text
    assert re.search(r'name="updates" value="yes"(?! checked)', my_page)
    self_service.withdraw(1, now=now())
    assert client.post(path_of(link)).status_code == 200, "also once the signature is gone"
    assert client.get(path_of(link)).status_code == 410
    assert client.post(path_of(link)[:-3]).status_code == 404


def signature(signature_id: int) -> Signature:
    """Return a signature as it is stored now."""
    db.session.remove()
    return db.session.get_one(Signature, signature_id)


def test_who_unsubscribes_withdraws_or_is_suppressed_meanwhile_gets_none(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    add_readers(4)
    start()
    refill.refill(now=now())
    unsubscribing.unsubscribe(1)
    self_service.withdraw(2, now=now())
    with transaction() as connection:
        key = app.extensions["tokens"].hash_mailbox("reader3@petition1.example.org")
        suppression.suppress(connection, key, now=now())
    deliver(app)
    assert [one for one in readers(post_office) if "reader4" in one] == readers(post_office)[-1:]
    assert "reader1@petition1.example.org" not in readers(post_office)
    assert "reader3@petition1.example.org" not in readers(post_office)
    assert (progress().sent, progress().left_out, progress().waiting) == (1, 3, 0)


def test_whoever_signs_again_during_a_mailing_gets_it_once(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    add_readers(2)
    start()
    deliver(app)
    self_service.withdraw(1, now=now())
    add_readers(1, first=50, email="reader1@petition1.example.org")
    refill.refill(now=now())
    deliver(app)
    news = [mail for mail in post_office.arrived if mail.message["Subject"] == "Letters"]
    assert len(news) == 2


def test_a_text_that_changed_since_the_test_is_not_sent(app: Flask, petition: str) -> None:
    add_readers(1)
    update_id = publish()
    with pytest.raises(UpdateNotReady):
        mailings.start(1, update_id, now=now())
    organiser_id = invite()
    mailings.send_test(1, update_id, organiser_id=organiser_id, now=now())
    form = NewsForm("", [NewsText("en", "Letters", "Other")], {"en": "Corrected."})
    writing.save(1, update_id, form, version=1, publish_at=None, now=now())
    with pytest.raises(UpdateNotReady):
        mailings.start(1, update_id, now=now())
    mailings.send_test(1, update_id, organiser_id=organiser_id, now=now())
    mailings.start(1, update_id, now=now())
    mailings.start(1, update_id, now=now())
    assert progress().state == MailingState.RUNNING


def test_a_draft_is_tested_and_not_mailed(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    form = NewsForm("", TEXTS, {})
    update_id = writing.create(1, form, publish_at=None, now=now())
    organiser_id = invite()
    assert mailings.send_test(1, update_id, organiser_id=organiser_id, now=now()) == 1
    assert mailings.send_test(1, update_id, organiser_id=organiser_id, now=now()) == 0
    deliver(app)
    assert "This is a test." in post_office.arrived[-1].text
    assert mailings.send_test(1, update_id, organiser_id=organiser_id, now=now()) == 1
    with pytest.raises(UpdateNotReady):
        mailings.start(1, update_id, now=now())


def test_a_petition_mails_once_in_three_days_unless_an_admin_insists(
    app: Flask, petition: str
) -> None:
    add_readers(1)
    start()
    second = publish()
    mailings.send_test(1, second, organiser_id=1, now=now())
    with pytest.raises(MailingTooSoon):
        mailings.start(1, second, now=now())
    path = f"/organisers/p/free-them/news/{second}"
    invite(Role.EDITOR)
    inside = enter(app)
    page = inside.get(f"{path}/email")
    assert "An admin can send it before." in text_of(page)
    answer = inside.post(f"{path}/start", data={"csrf_token": csrf_of(page), "insist": "yes"})
    assert "Not started" in text_of(inside.get(answer.location)), "an editor cannot insist"
    assert mailings.get_progress(second, now=now()) is None
    mailings.start(1, second, insist=True, now=now())
    assert trail()[-1][3].endswith(", within three days of another")
    third = publish()
    mailings.send_test(1, third, organiser_id=1, now=now())
    mailings.start(1, third, now=now() + timedelta(days=3, minutes=1))


def test_an_admin_insists_with_a_tick(app: Flask, petition: str) -> None:
    add_readers(1)
    start()
    second = publish()
    invite(Role.ADMIN)
    inside = enter(app)
    mailings.send_test(1, second, organiser_id=1, now=now())
    path = f"/organisers/p/free-them/news/{second}"
    page = inside.get(f"{path}/email")
    assert "Send it all the same." in text_of(page)
    csrf = {"csrf_token": csrf_of(page)}
    inside.post(f"{path}/start", data=csrf)
    assert mailings.get_progress(second, now=now()) is None
    inside.post(f"{path}/start", data=csrf | {"insist": "yes"})
    assert progress(second).state == MailingState.RUNNING


def test_a_mailing_is_paused_resumed_and_stopped_for_ever(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    add_readers(3)
    publish()
    inside = sign_in(app)
    press(inside, "test")
    press(inside, "start")
    refill.refill(now=now())
    assert "Paused." in press(inside, "mailing", change="pause")
    deliver(app)
    assert readers(post_office) == []
    assert "going out" in press(inside, "mailing", change="resume")
    with transaction() as connection:
        one = select(Email.id).where(Email.kind == EmailKind.NEWS).limit(1).scalar_subquery()
        connection.execute(update(Email).where(Email.id == one).values(due_at=now()))
    claimed = delivery.claim(now(), limit=1)
    assert len(claimed) == 1
    assert "Stopped." in press(inside, "mailing", change="stop")
    with transaction() as connection:
        assert news_emails.mark_begun(connection, claimed) == set(), (
            "claimed, and not sent any more"
        )
    deliver(app)
    assert readers(post_office) == []
    assert "Stopped." in press(inside, "mailing", change="resume")
    assert "Stopped." in press(inside, "start")
    assert [entry[0].partition(".")[2] for entry in trail()[-3:]] == ["pause", "resume", "stop"]


@pytest.mark.parametrize("state", [EmailState.HELD, EmailState.WITHHELD])
def test_an_email_that_was_not_accepted_stays_when_its_mailing_was_paused_or_stopped(
    app: Flask, petition: str, post_office: PostOffice, state: EmailState
) -> None:
    add_readers(1)
    start()
    refill.refill(now=now())
    claimed = delivery.claim(now(), limit=1)
    with transaction() as connection:
        assert news_emails.mark_begun(connection, claimed) == {*claimed}
    change = mailings.pause if state == EmailState.HELD else mailings.stop
    change(1, 1, organiser_id=1, now=now())
    with transaction() as connection:
        news_emails.take_back(connection, claimed)
        delivery.defer(connection, claimed[0], "451 later", now=now())
    assert db.session.scalar(select(Email.state).where(Email.id == claimed[0])) == state
    deliver(app)
    assert readers(post_office) == []


def test_taking_news_down_stops_its_emails(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    add_readers(2)
    start()
    refill.refill(now=now())
    writing.take_down(1, 1, now=now())
    deliver(app)
    assert readers(post_office) == []
    assert (progress().state, progress().left_out) == (MailingState.STOPPED, 2)


def test_confirmations_go_before_news_that_has_waited_longer(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    add_readers(150)
    start()
    refill.refill(now=now())
    signatures.sign("anna@example.org", at=now())
    claimed = delivery.claim(now(), limit=50)
    kinds = db.session.scalars(select(Email.kind).where(Email.id.in_(claimed))).all()
    assert len(kinds) == 50
    assert set(kinds) == {EmailKind.CONFIRM, EmailKind.NEWS}


def test_news_takes_at_most_half_of_the_emails_of_a_minute(app: Flask, petition: str) -> None:
    add_readers(40)
    start()
    refill.refill(now=now())
    at = now()
    first = delivery.claim(at, limit=50, per_minute=20)
    assert len(first) == 10
    assert delivery.claim(at, limit=50, per_minute=20) == []


def test_only_emails_that_are_sent_count_towards_those_of_a_minute(
    app: Flask, petition: str
) -> None:
    add_readers(10)
    start()
    refill.refill(now=now())
    at = now().replace(second=0)
    with transaction() as connection:
        connection.execute(update(Email).values(due_at=at))
    for _ in range(3):
        claimed = delivery.claim(at, limit=50, per_minute=30)
        assert len(claimed) == 10
        with transaction() as connection:
            for email_id in claimed:
                delivery.release(connection, email_id, now=at)


def test_the_outbox_holds_a_part_of_a_long_mailing(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refill, "BATCH", 20)
    monkeypatch.setattr(refill, "MAX_WAITING", 50)
    add_readers(100)
    start()
    for _ in range(10):
        refill.refill(now=now())
    with transaction() as connection:
        assert news_emails.count_due(connection) == 60
    assert progress().waiting == 100


def test_workers_that_refill_at_once_enqueue_nobody_twice(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    add_readers(300)
    start()
    in_threads(app, 8, lambda _: refill.refill(now=now()))
    in_threads(app, 4, lambda _: deliver(app))
    assert max(Counter(readers(post_office)).values()) == 1
    deliver(app)
    assert len(set(readers(post_office))) == 300
    assert progress().state == MailingState.DONE


def test_refusals_and_deferrals_of_news_are_as_those_of_others(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    add_readers(3)
    post_office.answers["reader1@petition1.example.org"] = "550 5.1.1 no such user"
    post_office.answers["reader2@petition1.example.org"] = "451 4.2.0 later"
    start()
    deliver(app)
    assert (progress().sent, progress().refused, progress().waiting) == (1, 1, 1)
    assert progress().state == MailingState.RUNNING
    del post_office.answers["reader2@petition1.example.org"]
    with transaction() as connection:
        connection.execute(update(Email).where(Email.state == "due").values(due_at=now()))
    deliver(app)
    assert (progress().sent, progress().refused, progress().unknown) == (2, 1, 0)
    assert progress().state == MailingState.DONE


def test_a_connection_that_breaks_while_news_is_sent_does_not_send_it_again(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    add_readers(1)
    start()
    post_office.hangs_up = True
    with pytest.raises(ConnectionLost):
        deliver(app)
    post_office.hangs_up = False
    deliver(app)
    assert readers(post_office) == []
    assert progress().unknown == 1


def test_news_is_stored_as_sent_before_it_is(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    add_readers(2)
    start()
    refill.refill(now=now())
    claimed = delivery.claim(now(), limit=10)
    with transaction() as connection:
        begun = news_emails.mark_begun(connection, claimed)
    # … and the worker dies here, before or after the mail server has them.
    assert len(begun) == 2
    assert (progress().unknown, progress().waiting) == (0, 2), "they may be on their way"
    assert progress(at=now() + delivery.LEASE).unknown == 2
    assert delivery.claim(now() + delivery.LEASE * 2) == []
    deliver(app)
    assert readers(post_office) == []
    assert (progress().unknown, progress().state) == (2, MailingState.DONE)
    page = text_of(sign_in(app).get(f"{LETTERS}/email"))
    assert "Not known 2" in page


def test_an_email_is_once_in_the_outbox_for_a_signer(app: Flask, petition: str) -> None:
    add_readers(1)
    about = {"kind": EmailKind.NEWS, "update_id": 1}
    with transaction() as connection:
        news_emails.enqueue(connection, 1, [(1, 1)], about, now=now())
    with pytest.raises(IntegrityError), transaction() as connection:
        news_emails.enqueue(connection, 1, [(1, 1)], about, now=now())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nobody_gets_news_twice_also_when_the_worker_is_killed_with_9(
    app: Flask, petition: str, post_office: PostOffice, tmp_path: Path
) -> None:
    # 10,000 in the same way: `python -m tests.bench.mailing`.
    add_readers(1_000)
    update_id = start()
    arrivals, end = run_killed(app, post_office, tmp_path, update_id, [150, 400, 650])
    assert max(arrivals.values()) == 1
    assert end.sent + end.unknown == 1_000
    assert end.sent <= len(arrivals) <= 1_000
    assert end.unknown <= 3 * 50, "at most a batch for each death"
    assert end.waiting == 0
