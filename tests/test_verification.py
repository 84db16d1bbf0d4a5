"""The page after signing: how far the mail is, the code, sending again, correcting the address.

It tells nothing about other signatures.
"""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection, event, func, select, update

from petition.abuse import email_domains
from petition.abuse.rate_limits import FormSender
from petition.core import tokens
from petition.core.clock import now
from petition.database import counters
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import AlternateEntry, Email, Signature
from petition.models.enums import PetitionState
from petition.outbox import delivery, enqueue, suppression
from petition.petitions import lifecycle, signing_terms
from petition.signatures import confirmation, self_service, verification
from tests import signatures
from tests.browsing import (
    Client,
    browser,
    confirmed,
    count_of,
    deliver,
    filled,
    issue_code,
    path_of,
    text_of,
    token_for,
)
from tests.factories import MakeApp, earlier, make_petition, parse_address
from tests.post_office import PostOffice


def make_due() -> None:
    """Make all emails that wait for their next try due."""
    with transaction() as connection:
        connection.execute(
            update(Email).where(Email.state == "due").values(due_at=now() - timedelta(seconds=1))
        )


def sign(client: Client, petition: str, **changes: str) -> str:
    """Sign and return the path of the pending page."""
    answer = client.post(f"/p/{petition}/sign", data=filled(**changes))
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def test_the_code_of_the_email_does_what_the_button_does(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition)
    deliver(client.application)
    code = post_office.arrived[0].code
    answer = client.post(f"{pending}/code", data={"code": f" {code[:3]} {code[3:]} "})
    assert answer.location.startswith("/thanks/")
    assert "You are number 1." in client.get(answer.location).text
    assert count_of(client, petition) == 1
    again = client.post(f"{pending}/code", data={"code": code})
    assert again.location.startswith("/thanks/"), "twice is once"
    assert count_of(client, petition) == 1


@pytest.mark.parametrize(
    "layout", ["{0} {1}", "{0}-{1}", "{0}{1}.", " {0}\u00a0{1}", "code: {0}{1}", "wide"]
)
def test_a_code_is_read_however_it_is_written(
    client: Client, petition: str, post_office: PostOffice, layout: str
) -> None:
    pending = sign(client, petition)
    deliver(client.application)
    code = post_office.arrived[0].code
    typed = layout.format(code[:3], code[3:])
    if layout == "wide":
        typed = "".join(chr(ord("０") + int(digit)) for digit in code)
    assert client.post(f"{pending}/code", data={"code": typed}).status_code == 303


def test_an_empty_field_is_no_try(client: Client, petition: str, post_office: PostOffice) -> None:
    pending = sign(client, petition)
    deliver(client.application)
    for typed in ("", " ", "12345", "1234567"):
        for _ in range(2):
            assert client.post(f"{pending}/code", data={"code": typed}).status_code == 422
    code = post_office.arrived[0].code
    assert client.post(f"{pending}/code", data={"code": code}).status_code == 303


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "０１２３４５", "1" * 500])
def test_a_wrong_code_counts_nothing_and_says_so(
    client: Client, petition: str, post_office: PostOffice, typed: str
) -> None:
    pending = sign(client, petition)
    deliver(client.application)
    answer = client.post(f"{pending}/code", data={"code": typed})
    if answer.status_code == 303:
        answer = client.get(answer.location)
        assert "This code does not work." in text_of(answer)
    else:
        assert answer.status_code == 422
        assert "Type the six digits from the email." in text_of(answer)
    assert 'role="alert"' in answer.text
    assert "<title>Error:" in answer.text
    assert "http-equiv" not in answer.text, "and is not reloaded while the code is typed"
    assert count_of(client, petition) == 0


def refusal(client: Client, pending: str, code: str) -> str:
    """Type a code that is refused, reload the page and return why."""
    answer = client.post(f"{pending}/code", data={"code": code})
    assert answer.status_code == 303
    path, _, reason = answer.location.partition("?code=")
    assert path == pending
    for _ in range(2):
        assert client.get(answer.location).status_code == 200, "which is no further try"
    return str(reason)


def test_after_five_wrong_codes_only_the_link_works(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition)
    deliver(client.application)
    (mail,) = post_office.arrived
    wrong = f"{(int(mail.code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        assert refusal(client, pending, wrong) == "wrong"
    assert refusal(client, pending, mail.code) == "often"
    assert count_of(client, petition) == 0
    with transaction() as connection:  # and no sixth try when the counts of limits are forgotten
        counters.delete_expired(connection, now=now() + timedelta(days=9))
    assert refusal(client, pending, mail.code) == "often"
    page = text_of(client.get(f"{pending}?code=often"))
    assert "Only the button in the email works now." in page
    assert "This code does not work." not in page
    client.post(path_of(mail.link))
    assert count_of(client, petition) == 1


def test_the_code_lives_as_long_as_the_link(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition)
    deliver(client.application)
    earlier(days=7, seconds=1)
    assert refusal(client, pending, post_office.arrived[0].code) == "wrong"


def test_the_code_is_stored_hashed(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    sign(client, petition)
    deliver(app)
    code = post_office.arrived[0].code
    stored = db.session.scalars(select(Email.code_hash)).one()
    assert re.fullmatch("[0-9a-f]{32}", stored)
    stranger = tokens.Tokens(["another key"])
    assert stored not in [stranger.keyed_hash("code", f"1 {n:06d}") for n in (int(code), 0)]
    with db.engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            for row in connection.execute(select(table)):
                assert code not in [str(value) for value in row]


def test_an_email_asked_for_late_promises_no_more_than_the_entry_is_kept(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition)
    deliver(app)
    with transaction() as connection:
        old = now() - timedelta(days=12, minutes=1)
        connection.execute(update(Signature).values(signed_at=old))
        connection.execute(update(Email).values(created_at=old, sent_at=old))
    client.post(pending)
    deliver(app)
    said = [re.findall(r"code work for (\d+ days?)\.", mail.text) for mail in post_office.arrived]
    assert said == [["7 days"], ["1 day"]]


def test_who_reloads_the_address_of_a_form_is_led_back(client: Client, petition: str) -> None:
    pending = sign(client, petition)
    for form in ("code", "address"):
        assert client.get(f"{pending}/{form}").location == pending
        assert client.get(f"/ru{pending}/{form}").location == f"/ru{pending}"
    assert client.get("/confirm/a-token/renew").location == "/confirm/a-token"


def test_each_email_about_an_entry_has_a_code_and_all_of_them_work(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition)
    deliver(app)
    earlier(minutes=3)
    client.post(pending)
    deliver(app)
    first, second = (mail.code for mail in post_office.arrived)
    assert first != second
    for code in (first, second):
        assert client.post(f"{pending}/code", data={"code": code}).status_code == 303
    assert count_of(client, petition) == 1


def test_who_presses_twice_gets_one_email_whose_code_works_on_both_pages(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pages = [sign(client, petition) for _ in range(2)]
    deliver(app)
    (mail,) = post_office.arrived
    for page in reversed(pages):
        assert client.post(f"{page}/code", data={"code": mail.code}).status_code == 303
    assert count_of(client, petition) == 1


def test_the_code_of_an_entry_that_was_corrected_since_still_leads_to_thanks(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition)
    deliver(client.application)
    code = {"code": post_office.arrived[0].code}
    thanks = client.post(f"{pending}/code", data=code).location
    corrected = replace(signatures.ENTRY, name="Anna Maria Berg")
    self_service.correct(signatures.signature_of(1).id, corrected, now=now())
    again = client.post(f"{pending}/code", data=code)
    assert again.status_code == 303
    pages = [text_of(client.get(page)) for page in (again.location, thanks)]
    assert pages[0] == pages[1]
    assert signatures.signature_of(1).name == "Anna Maria Berg"


def test_another_entry_for_the_mailbox_gets_its_own_mail_and_its_own_code(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    eve = sign(client, petition, name="Eve")
    earlier(seconds=11)
    anna = sign(client, petition)
    deliver(app)
    theirs, hers = (mail.code for mail in post_office.arrived)
    assert refusal(client, anna, theirs) == "wrong"
    assert refusal(client, eve, hers) == "wrong"
    assert count_of(client, petition) == 0
    assert client.post(f"{anna}/code", data={"code": hers}).status_code == 303
    assert db.session.scalars(select(Signature.name).where(Signature.counted)).all() == [
        "Anna Berg"
    ]


def test_an_email_that_is_tried_again_has_the_same_code(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition)
    deliver(app)
    with transaction() as connection:  # the worker died before it could note that it had left
        connection.execute(update(Email).values(state="due", sent_at=None, due_at=now()))
    deliver(app)
    first, second = (mail.code for mail in post_office.arrived)
    assert first == second
    assert client.post(f"{pending}/code", data={"code": first}).status_code == 303


def test_a_code_is_good_for_its_own_entry_alone(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    mine = sign(client, petition, email="eve@example.org")
    theirs = sign(client, petition)
    deliver(app)
    code = next(
        mail.code for mail in post_office.arrived if mail.recipients != ["anna@example.org"]
    )
    assert refusal(client, theirs, code) == "wrong"
    assert client.post(f"{mine}/code", data={"code": code}).status_code == 303


def test_an_email_that_did_not_leave_has_no_code_to_guess(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    sign(client, petition, email="held@example.org", further="a robot")
    for number in range(6):
        sign(client, petition, name=f"Anna {number}")
    post_office.answers["refuses@example.org"] = "550 5.1.1 no such user"
    refused = sign(client, petition, email="refuses@example.org")
    deliver(app)
    never = sign(client, petition, email="never@example.org")
    with transaction() as connection:
        mark = app.extensions["tokens"].keyed_hash("mailbox", "never@example.org")
        suppression.suppress(connection, mark, now=now())
    deliver(app)
    rows = db.session.execute(select(Email.suppressed, Email.state, Email.code_hash)).all()
    assert {(silent, state) for silent, state, code in rows if code} == {
        (False, "sent"),
        (False, "refused"),
    }
    earlier(seconds=3)
    assert "It is sent." in text_of(client.get(never))
    email_id = db.session.scalars(select(Email.id).where(Email.state == "refused")).one()
    code = issue_code(app, email_id)
    assert refusal(client, refused, code) == "wrong"


def test_a_code_of_before_a_change_of_keys_still_works(
    make_app: MakeApp, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition)
    deliver(client.application)
    old = client.application.config["SECRET_KEY"]
    later = browser(
        make_app(SECRET_KEY="another key", SECRET_KEY_FALLBACKS=[old]), use_cookies=False
    )
    answer = later.post(f"{pending}/code", data={"code": post_office.arrived[0].code})
    assert answer.status_code == 303


def test_the_page_shows_the_state_of_the_email(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition)

    def said() -> str:
        page = text_of(client.get(pending))
        assert "We are sending an email to anna@example.org. Open it" in page, "always, and first"
        return page

    assert "It leaves in a moment." in said()
    earlier(seconds=29)
    assert "We are busy" not in said()
    earlier(seconds=1)
    assert "We are busy" in said()
    deliver(client.application)
    assert "It is sent." in said()
    assert "We sent it just now. You can have it sent again in 2 minutes." in said()
    earlier(minutes=5)
    assert "We sent it 5 minutes ago." in said()
    assert "You can have it" not in said()


def test_no_page_says_sooner_that_an_email_is_sent_because_there_is_none(
    app: Flask, client: Client, petition: str
) -> None:
    with transaction() as connection:
        mark = app.extensions["tokens"].keyed_hash("mailbox", "never@example.org")
        suppression.suppress(connection, mark, now=now())
    pages = [sign(client, petition, email=f"{name}@example.org") for name in ("never", "new")]
    deliver(app)  # which withholds one at once, and waits for the server with the other
    for said in ("It leaves in a moment.", "It is sent."):
        for page in pages:
            status = client.get(f"{page}/status").get_json()["status"]
            assert status.startswith(said)
        earlier(seconds=3)


def test_without_a_script_the_page_reloads_once_and_then_offers_help(
    client: Client, petition: str
) -> None:
    pending = sign(client, petition)
    help_folded = re.compile(r'<details data-opens-in="\d\d">\s*<summary>No email\?')
    page = client.get(pending).text
    assert re.search(r'<noscript><meta http-equiv="refresh" content="(60|5\d)"></noscript>', page)
    assert help_folded.search(page)
    earlier(minutes=1)
    page = client.get(pending).text
    assert "http-equiv" not in page
    assert re.search(r"<details open>\s*<summary>No email\?", page)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("550 5.1.1 no such user", "mailbox does not exist"),
        ("550 5.1.2 unknown host", "gets no emails"),
        ("552 5.2.2 quota exceeded", "is full"),
        ("550 5.1.1", "mailbox does not exist"),
        ("552 Requested mail action aborted", "is full"),
        ("550 no thanks", "refused our email"),
        ("554 no thanks", "refused our email"),
        ("553 5.6.7 not ASCII", "An email server on the way"),
    ],
)
def test_a_refusal_is_shown_in_plain_words(
    client: Client, petition: str, post_office: PostOffice, said: str, told: str
) -> None:
    post_office.answers["anna@example.org"] = said
    pending = sign(client, petition)
    deliver(client.application)
    page = text_of(client.get(pending))
    assert told in page
    assert "came back" in page


def test_a_full_mailbox_is_told_and_tried_again(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna@example.org"] = "452-4.2.2 over quota\r\n452 4.2.2 see our help"
    pending = sign(client, petition)
    deliver(app)
    assert "That mailbox is full." in text_of(client.get(pending))
    post_office.answers["anna@example.org"] = "552 4.2.2 over quota"  # the codes contradict
    earlier(minutes=3)
    suppressed = client.post(pending).location  # the first one is still due
    make_due()
    deliver(app)
    for page in (text_of(client.get(path)) for path in (pending, suppressed)):
        assert "That mailbox is full." in page
        assert "We try again for five days" in page
    post_office.answers.clear()
    make_due()
    deliver(app)
    assert "It is sent." in text_of(client.get(pending))


def test_a_relay_that_takes_only_ascii_is_told_as_ours(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    post_office.smtputf8 = False
    pending = sign(client, petition, email="jürgen@example.org")
    sign(client, petition, email="bo@example.org")
    deliver(app)
    assert [mail.recipients for mail in post_office.arrived] == [["bo@example.org"]]
    page = text_of(client.get(pending))
    assert "We cannot send emails to addresses with letters such as ü" in page
    assert "No email was sent to jürgen@example.org" in page
    assert "came back" not in page
    corrected = client.post(f"{pending}/address", data={"email": "jurgen@example.org"}).location
    deliver(app)
    earlier(seconds=3)
    page = text_of(client.get(corrected))
    assert "to jurgen@example.org. Open it" in page
    assert "It is sent." in page


def test_sending_again_has_its_limits(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition)
    deliver(app)
    for _ in range(2):  # two more make three in the hour
        earlier(minutes=3)
        pending = client.post(pending).location
        deliver(app)
    assert len(post_office.arrived) == 3
    earlier(minutes=3)
    pending = client.post(pending).location
    deliver(app)
    assert len(post_office.arrived) == 3, "three an hour"
    earlier(seconds=3)
    assert "It is sent." in text_of(client.get(pending)), "and the page looks alike"
    for _ in range(4):
        earlier(hours=2)
        pending = client.post(pending).location
        deliver(app)
    assert len(post_office.arrived) == 5, "five in all"


def test_the_limits_are_those_of_the_mailbox_across_petitions(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    for number in range(7):
        slug = make_petition(f"petition-{number}")
        sign(client, slug, email=f"an.na+{number}@gmail.com")
        deliver(app)
    assert len(post_office.arrived) == enqueue.EMAILS_PER_MAILBOX


def test_who_confirms_may_sign_as_many_petitions_as_they_like(
    app: Flask, client: Client, post_office: PostOffice
) -> None:
    for number in range(7):
        confirmed(client, post_office, make_petition(f"petition-{number}"))
        deliver(app)
    thanked = [mail for mail in post_office.arrived if "confirmed" in mail.message["Subject"]]
    assert len(thanked) == 7


def without_seconds(page: str, *different: str) -> str:
    """Return a page without how many seconds it waits, and without texts of its own."""
    page = re.sub(r'(content|data-opens-in)="\d\d"', "", page)
    for text in different:
        page = page.replace(text, "…")
    return page


def test_the_pages_for_an_address_that_has_signed_wants_no_mail_bounced_or_is_new_are_the_same(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition, email="signed@example.org")
    tokens = app.extensions["tokens"]
    with transaction() as connection:
        suppression.suppress(
            connection, tokens.keyed_hash("mailbox", "never@example.org"), now=now()
        )
        reported = tokens.keyed_hash("address", "gone@example.org")
        suppression.suppress(connection, reported, bounce="5.1.1", now=now())
    pages = []
    for name in ("new-one", "signed", "never", "gone"):
        email = f"{name}@example.org"
        before, after = [], []
        pending = sign(client, petition, email=email)
        before += [client.get(pending), client.get(f"/en{pending}/status")]
        deliver(app)
        after.append(client.get(pending))
        after.append(client.get(f"/en{pending}/status"))
        after.append(client.post(f"{pending}/code", data={"code": "000000"}))
        after.append(client.post(pending))
        seen = [(page.status_code, page.location, page.text) for page in before + after]
        token = pending.rpartition("/")[2]
        pages.append([
            (status, location and location.replace(token, "T"), without_seconds(text, token, email))
            for status, location, text in seen
        ])  # fmt: skip
    assert pages[0] == pages[1] == pages[2] == pages[3]
    readers = [mail.recipients[0] for mail in post_office.arrived]
    assert not {"never@example.org", "gone@example.org"} & set(readers)


def test_a_mistyped_address_is_corrected_with_everything_kept(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition, email="anna@gmial.com", comment="Because.", country="DE")
    page = text_of(client.get(pending))
    assert "Did you mean anna@gmail.com?" in page
    answer = client.post(f"{pending}/address", data={"email": "anna@gmail.com"})
    assert answer.status_code == 303
    deliver(app)
    (mail,) = post_office.arrived
    assert mail.recipients == ["anna@gmail.com"]
    for earlier_page in (client.get(pending), client.post(pending)):
        assert earlier_page.status_code == 303, "the mistyped entry is erased"
        assert "anna@gmail.com" in client.get(earlier_page.location).text
    wrong = client.post(f"{pending}/code", data={"code": mail.code})
    assert wrong.status_code == 303, "to the page that takes it"
    client.post(path_of(mail.link))
    signature = db.session.scalars(select(Signature)).one()
    assert (signature.email, signature.comment, signature.country) == (
        "anna@gmail.com",
        "Because.",
        "DE",
    )


def answer(client: Client, pending: str, answer: str) -> str:
    """Answer the question on a pending page and return the path of the next one."""
    response = client.post(f"{pending}/answer", data={"answer": answer})
    assert response.status_code == 303
    return str(response.location)


def let_time_pass(**ago: float) -> None:
    """Move all times of emails into the past."""
    earlier(**ago)
    emails = select(Email.id, Email.due_at, Email.asked_until)
    with transaction() as connection:
        for email_id, due_at, asked_until in connection.execute(emails).all():
            values = {
                "due_at": due_at - timedelta(**ago),
                "asked_until": asked_until and asked_until - timedelta(**ago),
            }
            connection.execute(update(Email).where(Email.id == email_id).values(values))


def recipients(office: PostOffice) -> list[str]:
    """Return to whom emails were sent, in order."""
    return [mail.recipients[0] for mail in office.arrived]


def test_nothing_is_mailed_to_a_doubtful_address_before_its_signer_was_asked(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition, email="anna@gmial.com", comment="Because.")
    deliver(app)
    assert recipients(post_office) == []
    page = client.get(pending)
    assert "You typed @gmial.com. Did you mean anna@gmail.com?" in text_of(page)
    assert page.text.count('name="answer"') == 2
    assert "The six digits" not in page.text, "none were sent"
    assert client.get(f"{pending}/answer").location == pending
    assert answer(client, pending, "neither").startswith("/pending/")
    deliver(app)
    assert recipients(post_office) == []
    corrected = answer(client, pending, "suggested")
    deliver(app)
    let_time_pass(minutes=3)
    deliver(app)
    assert recipients(post_office) == ["anna@gmail.com"]
    assert "to anna@gmail.com. Open it" in text_of(client.get(corrected))
    client.post(path_of(post_office.arrived[0].link))
    signature = db.session.scalars(select(Signature)).one()
    assert (signature.email, signature.comment) == ("anna@gmail.com", "Because.")


def test_a_doubtful_address_that_is_right_is_mailed_at_once(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition, email="anna@gmial.com")
    deliver(app)
    pending = answer(client, pending, "typed")
    deliver(app)
    assert recipients(post_office) == ["anna@gmial.com"]
    page = text_of(client.get(pending))
    assert "to anna@gmial.com. Open it" in page
    assert "Did you mean" not in page
    code = {"code": post_office.arrived[0].code}
    assert client.post(f"{pending}/code", data=code).status_code == 303


def test_without_an_answer_a_doubtful_address_is_mailed_after_two_minutes(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition, email="anna@gmial.com")
    let_time_pass(seconds=119)
    deliver(app)
    assert recipients(post_office) == []
    let_time_pass(seconds=2)
    assert "It leaves in a moment." in text_of(client.get(pending)), "late by two seconds only"
    deliver(app)
    assert recipients(post_office) == ["anna@gmial.com"]
    page = text_of(client.get(pending))
    assert "You typed" not in page
    assert "Did you mean anna@gmail.com?" in page, "it can still be corrected"
    assert answer(client, pending, "typed").startswith("/pending/")
    deliver(app)
    assert recipients(post_office) == ["anna@gmial.com"]
    answer(client, pending, "suggested")
    deliver(app)
    assert recipients(post_office) == ["anna@gmial.com", "anna@gmail.com"]


@pytest.mark.parametrize("deliver_between", [False, True])
@pytest.mark.parametrize(
    ("answers", "mailed"),
    [
        ("suggested suggested", "anna@gmail.com"),
        ("suggested typed", "anna@gmail.com"),
        ("typed typed", "anna@gmial.com"),
    ],
)
def test_an_answer_from_two_tabs_sends_one_email(
    app: Flask,
    client: Client,
    petition: str,
    post_office: PostOffice,
    answers: str,
    mailed: str,
    deliver_between: bool,
) -> None:
    pending = sign(client, petition, email="anna@gmial.com")
    pages = []
    for given in answers.split():
        pages.append(answer(client, pending, given))
        if deliver_between:
            deliver(app)
    let_time_pass(minutes=3)
    deliver(app)
    assert recipients(post_office) == [mailed]
    assert len({text_of(client.get(page)) for page in pages}) == 1
    assert db.session.scalars(select(Signature.email)).all() == [mailed]


@pytest.mark.parametrize("answers", ["suggested suggested", "typed typed", "suggested", "typed"])
def test_who_signs_twice_with_a_doubtful_address_gets_one_email(
    app: Flask, client: Client, petition: str, post_office: PostOffice, answers: str
) -> None:
    pages = [sign(client, petition, email="anna@gmial.com") for _ in range(2)]
    deliver(app)
    for page, given in zip(pages, answers.split(), strict=False):
        answer(client, page, given)
    deliver(app)
    let_time_pass(minutes=3)
    deliver(app)
    mailed = "anna@gmail.com" if "suggested" in answers else "anna@gmial.com"
    assert recipients(post_office) == [mailed]
    assert db.session.scalars(select(Signature.email)).all() == [mailed]


@pytest.mark.parametrize("given", ["suggested", "typed"])
def test_ten_answers_at_once_send_one_email(
    app: Flask, petition: str, post_office: PostOffice, given: str
) -> None:
    pending = sign(browser(app, use_cookies=False), petition, email="anna@gmial.com")
    signatures.in_threads(
        app, 10, lambda _: answer(browser(app, use_cookies=False), pending, given)
    )
    deliver(app)
    let_time_pass(minutes=3)
    deliver(app)
    assert len(post_office.arrived) == 1


def test_what_reads_an_email_that_is_being_corrected_follows_it(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    to_correct: list[str] = []

    def correct(_connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if to_correct and ("FROM signature" in statement or "FROM alternate_entry" in statement):
            pending = to_correct.pop()
            signatures.in_threads(
                app, 1, lambda _: answer(browser(app, use_cookies=False), pending, "suggested")
            )

    event.listen(db.engine, "before_cursor_execute", correct)
    pending = sign(client, petition, email="anna@gmial.com")
    to_correct.append(pending)
    corrected = answer(client, pending, "suggested")
    assert client.get(corrected).status_code == 200
    pending = sign(client, petition, email="bo@gmial.com")
    to_correct.append(pending)
    assert client.get(pending).status_code == 303
    deliver(app)
    assert recipients(post_office) == ["anna@gmail.com", "bo@gmail.com"]


def test_an_answer_while_a_worker_holds_the_email_or_has_died_sends_one_email(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition, email="anna@gmial.com")
    (claimed,) = delivery.claim(now())
    answer(client, pending, "typed")
    deliver(app)
    assert recipients(post_office) == [], "its lease goes on"
    with transaction() as connection:
        delivery.await_answer(connection, claimed)
    deliver(app)
    assert recipients(post_office) == ["anna@gmial.com"]
    sign(client, petition, email="bo@gmial.com")
    delivery.claim(now())  # and the worker dies
    let_time_pass(minutes=4)
    deliver(app)
    deliver(app)
    assert recipients(post_office) == ["anna@gmial.com", "bo@gmial.com"]


def test_typing_the_doubtful_address_again_says_that_it_is_right_and_another_one_is_asked_about(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition, email="anna@gmial.com")
    form = {"email": "anna@hotmial.com"}
    pending = client.post(f"{pending}/address", data=form).location
    assert "Did you mean anna@hotmail.com?" in text_of(client.get(pending))
    first = client.post(f"{pending}/address", data=form)
    again = client.post(f"{pending}/address", data=form)
    assert (first.status_code, again.status_code) == (303, 303)
    deliver(app)
    assert recipients(post_office) == ["anna@hotmial.com"]


def test_the_question_is_the_same_for_an_address_that_has_signed_or_is_held_or_at_its_limit(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    answer(client, sign(client, petition, email="signed-1@gmial.com"), "typed")
    deliver(app)
    client.post(path_of(post_office.arrived[0].link))
    for number in range(6):
        sign(client, petition, email="limit-1@gmial.com", name=f"Number {number}")
        let_time_pass(minutes=5)
        deliver(app)
    seen = []
    for name, further in (("new-1", ""), ("signed-1", ""), ("limit-1", ""), ("held-1", "a robot")):
        pending = sign(client, petition, email=f"{name}@gmial.com", further=further)
        pages = [client.get(pending)]
        deliver(app)
        pages.append(client.get(pending))
        pending = answer(client, pending, "typed")
        pages.append(client.get(pending))
        deliver(app)
        let_time_pass(seconds=5)  # what is held looks sent after three
        pages.append(client.get(pending))
        written = name.replace("-", "-(?:&#8288;)?")  # no line ends after the hyphen
        seen.append([
            re.sub(rf"/pending/[^/\"]+|{written}", "…", without_seconds(page.text))
            for page in pages
        ])  # fmt: skip
    assert seen[0] == seen[1] == seen[2] == seen[3]


def test_correcting_to_nonsense_keeps_what_was_typed(client: Client, petition: str) -> None:
    pending = sign(client, petition)
    answer = client.post(f"{pending}/address", data={"email": "anna@@"})
    assert answer.status_code == 422
    assert 'value="anna@@"' in answer.text


def test_correcting_takes_nothing_from_who_typed_the_same_address_before(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    sign(client, petition, name="Anna Berg")
    deliver(app)
    pending = sign(client, petition, name="Eve")
    client.post(f"{pending}/address", data={"email": "eve@example.org"})
    assert client.post(path_of(post_office.arrived[0].link)).status_code == 303
    names = db.session.scalars(select(Signature.name).where(Signature.counted)).all()
    assert names == ["Anna Berg"]
    assert db.session.scalar(select(func.count()).select_from(AlternateEntry)) == 0


def test_correcting_back_and_forth_does_not_reset_the_limit(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition, email="victim@example.org")
    deliver(app)
    for number in range(8):
        pending = client.post(
            f"{pending}/address", data={"email": f"elsewhere{number}@example.org"}
        ).location
        pending = client.post(f"{pending}/address", data={"email": "victim@example.org"}).location
        deliver(app)
    got = [mail for mail in post_office.arrived if mail.recipients == ["victim@example.org"]]
    assert len(got) == 5


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a@gmial.com", "a@gmail.com"),
        ("a@gmail.con", "a@gmail.com"),
        ("a@gmai.com", "a@gmail.com"),
        ("a@hotmial.com", "a@hotmail.com"),
        ("a@mail.ry", "a@mail.ru"),
        ("a@yandex.ry", "a@yandex.ru"),
        ("a@gmial.con", "a@gmail.com"),
        ("a@hotmial.con", "a@hotmail.com"),
        ("a@ymail.com", None),
        ("a@email.com", None),
        ("a@yandex.kg", None),
        ("a@mi.com", None),
        ("a@GMAIL.COM", None),
        ("a@example.org", None),
        ("a@mail.com", None),
        ("a@gmx.net", None),
        ("a@post.com", None),
        # National variants and other providers are never doubted.
        ("a@email.cz", None),
        ("a@hotmail.fi", None),
        ("a@yahoo.co.id", None),
        ("a@mail.uz", None),
        ("a@gmx.eu", None),
        ("a@outlook.kr", None),
        ("a@zmail.ru", None),
        # Nor one that is not in the list, under an ending that exists.
        ("a@yahoo.ee", None),
        ("a@mail.kg", None),
        ("a@emails.kz", None),
        # Nor a short name that differs by a letter.
        ("a@mall.ru", None),
        ("a@love.com", None),
        ("a@mial.ru", "a@mail.ru"),
        ("a@gmail.co", "a@gmail.com"),
        ("a@yahoo.co", "a@yahoo.com"),
        ("a@gmail.kom", "a@gmail.com"),
        # Cyrillic letters that look Latin; the address that was typed has such a domain in IDNA.
        (parse_address("a@gmаil.com").email, "a@gmail.com"),
        (parse_address("a@МАIL.ru").email, "a@mail.ru"),
        (parse_address("a@почта.рф").email, None),
        ("a@xn--.com", None),
        ("a@xn--a-ecp.ru", None),
    ],
)
def test_a_mistyped_domain_gets_a_suggestion(typed: str, meant: str | None) -> None:
    assert email_domains.suggestion(typed) == meant


def test_a_link_that_has_expired_can_be_asked_for_again(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    sign(client, petition)
    old = token_for(app, tokens.confirm_purpose(7), 1, 1, at=now() - timedelta(days=8))
    assert client.get(f"/confirm/{old}").status_code == 410
    earlier(days=8)
    deliver(app)
    answer = client.post(f"/confirm/{old}/renew")
    assert answer.location.startswith("/pending/")
    deliver(app)
    assert client.post(path_of(post_office.arrived[-1].link)).status_code == 303
    assert count_of(client, petition) == 1


def test_the_address_is_corrected_before_the_first_mail_has_left(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition)
    client.post(f"{pending}/address", data={"email": "anna@example.org"})
    deliver(app)
    assert len(post_office.arrived) == 1, "the same address again: one mail, and it leaves"
    assert client.post(path_of(post_office.arrived[0].link)).status_code == 303


def test_a_counted_signature_is_not_multiplied_by_correcting_its_address(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = sign(client, petition)
    deliver(app)
    client.post(path_of(post_office.arrived[0].link))
    answer = client.post(f"{pending}/address", data={"email": "eve@example.org"})
    assert answer.status_code == 410
    assert db.session.scalar(select(func.count()).select_from(Signature)) == 1


@pytest.mark.parametrize(("hours", "status"), [(23, 303), (25, 410)])
def test_an_address_can_be_corrected_for_a_day_after_closing_and_nothing_new_is_accepted(
    app: Flask, client: Client, petition: str, hours: float, status: int
) -> None:
    pending = sign(client, petition)
    with transaction() as connection:
        connection.execute(update(Signature).values(signed_at=now() - timedelta(hours=hours + 1)))
    lifecycle.change_state(petition, PetitionState.CLOSED, now=now() - timedelta(hours=hours))
    assert client.post(f"/p/{petition}/sign", data=filled(email="b@example.org")).status_code == 410
    answer = client.post(f"{pending}/address", data={"email": "anna@example.net"})
    assert answer.status_code == status
    address = db.session.scalars(select(Signature.email)).one()
    assert address == ("anna@example.net" if status == 303 else "anna@example.org")


def test_a_petition_that_closes_meanwhile_takes_nothing(
    client: Client, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signable = signing_terms.get_signing_terms(petition, "en")
    lifecycle.change_state(petition, PetitionState.CLOSED, now=now())
    monkeypatch.setattr(signing_terms, "get_signing_terms", lambda _slug, _language: signable)
    assert client.post(f"/p/{petition}/sign", data=filled()).status_code == 410
    assert db.session.scalar(select(func.count()).select_from(Signature)) == 0


def test_correcting_back_and_forth_does_not_reset_the_tries(
    app: Flask, client: Client, petition: str
) -> None:
    pending = sign(client, petition, email="victim@example.org")
    for _ in range(5):
        assert refusal(client, pending, "000000") == "wrong"
    for email in ("mine@example.org", "victim@example.org"):
        pending = client.post(f"{pending}/address", data={"email": email}).location
    newest = db.session.scalars(select(func.max(Email.id))).one()
    code = issue_code(app, newest)
    assert refusal(client, pending, code) == "wrong", "whose tries they were is not told"
    assert count_of(client, petition) == 0


def test_who_types_codes_for_an_address_does_not_learn_that_others_have(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    anna = sign(client, petition)
    deliver(client.application)
    assert refusal(client, anna, "000000") == "wrong"
    eve = sign(client, petition, name="Eve")
    assert [refusal(client, eve, "000000") for _ in range(6)] == ["wrong"] * 5 + ["often"]
    assert refusal(client, anna, post_office.arrived[0].code) == "wrong", "no more for anybody"


def test_two_petitions_signed_at_once_get_an_email_each(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    sign(client, petition)
    sign(client, make_petition("another"))
    deliver(app)
    assert len(post_office.arrived) == 2


def test_a_second_entry_has_the_outcome_of_the_first(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna@example.org"] = "451 4.7.1 come back later"
    first = sign(client, petition)
    second = sign(client, petition, name="Eve")
    deliver(app)
    for page in (first, second):
        assert "asks us to wait" in text_of(client.get(page))
    with transaction() as connection:
        connection.execute(update(Email).values(due_at=now() - timedelta(seconds=1)))
    post_office.answers["anna@example.org"] = "550 5.1.1 no such user"
    deliver(app)
    with transaction() as connection:
        connection.execute(
            update(Email).where(Email.state == "due").values(due_at=now() - timedelta(seconds=1))
        )
    deliver(app)
    for page in (first, second):
        assert "mailbox does not exist" in text_of(client.get(page))


def test_the_confirm_page_shows_few_of_the_names_that_strangers_typed(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    sign(client, petition, name="Anna Berg")
    deliver(app)
    for number in range(20):
        sign(client, petition, name=f"Spam Number {number}")
    page = client.get(path_of(post_office.arrived[0].link)).text
    assert "Anna Berg" in page
    assert page.count('type="radio"') == 5


def test_fifty_at_once_enqueue_no_more_emails_than_one_after_the_other(
    app: Flask, petition: str
) -> None:
    def sign_with(number: int) -> str:
        return sign(browser(app, use_cookies=False), petition, email=f"anna+{number}@example.org")

    signatures.in_threads(app, 50, sign_with)
    loud = select(func.count()).select_from(Email).where(Email.suppressed.is_(False))
    assert db.session.scalar(loud) == enqueue.EMAILS_PER_MAILBOX


def test_thirty_resends_at_once_enqueue_one_email(app: Flask, petition: str) -> None:
    email_id = signatures.sign(at=now() - timedelta(minutes=3))
    with transaction() as connection:
        connection.execute(update(Email).values(state="sent", sent_at=now()))
    signatures.in_threads(
        app, 30, lambda _: verification.resend(email_id, sender=FormSender(), now=now())
    )
    loud = select(func.count()).select_from(Email).where(Email.suppressed.is_(False))
    assert db.session.scalar(loud) == 2


def test_two_who_correct_to_each_others_address_hold_each_other_up_for_a_moment_only(
    app: Flask, petition: str
) -> None:
    addresses = [parse_address(f"{name}@example.org") for name in ("anna", "bo")]

    def to_and_fro(number: int) -> int:
        here, there = addresses[number % 2], addresses[(number + 1) % 2]
        email_id = signatures.sign(here.email, at=now())
        for address in (there, here) * 3:
            email_id = verification.correct_address(
                email_id, address, sender=FormSender(), now=now()
            )
        return email_id

    letters = signatures.in_threads(app, 12, to_and_fro)
    assert len({*letters}) == 12
    assert db.session.scalar(select(func.count()).select_from(Signature)) == 2


def test_the_code_typed_by_many_at_once_counts_once(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    email_id = signatures.sign(at=now())
    signature = db.session.scalars(select(Signature)).one()
    tokens = app.extensions["tokens"]
    code = issue_code(app, email_id)

    def type_it(_number: int) -> int:
        return confirmation.confirm_by_code(
            email_id, code, tokens=tokens, lifetime=timedelta(days=7), now=now()
        ).signature_id

    assert signatures.in_threads(app, 5, type_it) == [signature.id] * 5
    assert count_of(client, petition) == 1
