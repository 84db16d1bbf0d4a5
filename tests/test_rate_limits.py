"""Against abuse, without punishing people: the trap, the time a form takes, limits that all
processes share, the extra step. Nobody is in the way of a network's first signature.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import altcha
import pytest
from flask import Flask
from sqlalchemy import select, update

from petition.abuse import burst_detection, networks, proxy_headers, rate_limits
from petition.abuse import challenge as steps
from petition.core import tokens
from petition.core.clock import now
from petition.core.errors import ChallengeFailed, ChallengeRequired, RateLimited
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Counter, Email, NetworkSecret, Signature
from petition.models.enums import Role
from tests.browsing import (
    CHANGED,
    Client,
    browser,
    deliver,
    enter,
    filled,
    invite,
    make_ticket,
    post,
    text_of,
    token_for,
)
from tests.factories import TODAY, MakeApp, make_petition
from tests.post_office import PostOffice

pytestmark = pytest.mark.usefixtures("stopped_clock")


@pytest.fixture
def strict(make_app: MakeApp) -> Any:
    """Return an application with limits and the time trap in force, as out of the box."""
    app = make_app(RATELIMIT_ENABLED=True, MIN_FORM_SECONDS=2, TRUSTED_PROXIES=1)
    with app.app_context():
        make_petition()
        yield app


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


# --- limits, with the clock given


def test_free_uses_then_a_challenge_each_then_harder_ones(app: Flask) -> None:
    def spend(level: int, at: datetime = TODAY) -> None:
        with transaction() as connection:
            rate_limits.hit(connection, (rate_limits.RateLimit("k", "", 2, 4, level),), now=at)

    spend(0)
    spend(0)
    with pytest.raises(ChallengeRequired):
        spend(0)
    spend(1)
    spend(1)
    with pytest.raises(RateLimited) as over:
        spend(1)
    assert over.value.wait == timedelta(minutes=10), "noon begins a window"
    for _ in range(4):
        spend(over.value.level)
    with pytest.raises(RateLimited) as further:
        spend(over.value.level)
    assert (over.value.level, further.value.level) == (2, 3)
    spend(0, TODAY + timedelta(minutes=10))


def test_what_is_refused_counts_nothing(app: Flask) -> None:
    for _ in range(3):
        with transaction() as connection:
            rate_limits.hit(connection, (rate_limits.RateLimit("a", "", 9, 9),), now=TODAY)
    with pytest.raises(ChallengeRequired), transaction() as connection:
        rate_limits.hit(
            connection,
            (rate_limits.RateLimit("a", "", 9, 9), rate_limits.RateLimit("b", "", 0, 9)),
            now=TODAY,
        )
    ((key, times),) = db.session.execute(select(Counter.scope, Counter.value)).all()
    assert (key[:2], times) == ("a", 3)


def test_a_network_is_an_address_or_a_64_and_its_hash_changes_daily(app: Flask) -> None:
    known = networks.Networks((), ())
    day = datetime(2016, 5, 26, 23, tzinfo=UTC)
    same = {known.key(address, now=day) for address in ("2001:db8::1", "2001:db8::ffff:1")}
    assert len(same) == 1
    assert known.key("2001:db8:0:1::1", now=day) not in same
    assert known.key("::ffff:192.0.2.1", now=day) == known.key("192.0.2.1", now=day)
    assert known.key("192.0.2.1", now=day) != known.key("192.0.2.2", now=day)
    tomorrow = day + timedelta(hours=2)
    assert known.key("192.0.2.1", now=day) != known.key("192.0.2.1", now=tomorrow)
    for text in ("192.0.2.1:5678", " 192.0.2.1", "[::ffff:192.0.2.1]:80"):
        assert known.key(text, now=day) == known.key("192.0.2.1", now=day)
    for text in ("[2001:db8::1]:443", "[2001:db8::1]", "2001:db8::1%eth0", "[2001:db8::2%1]:1"):
        assert known.key(text, now=day) == known.key("2001:db8::1", now=day)
    for none in (None, "", "unknown", "192.0.2.1:x", "[192.0.2.1", "_hidden", "1.2.3", "1.2.3.4, "):
        assert known.key(none, now=day) == "", "what is no address is no network"
    wide = known.wide_key("2001:db8::1", now=day)
    assert wide == known.wide_key("[2001:db8:0:ffff::1]:443", now=day)
    assert wide != known.wide_key("2001:db8:1::1", now=day)
    assert known.wide_key("::ffff:192.0.2.1", now=day) == known.wide_key(None, now=day) == ""


def test_two_processes_share_the_key_of_a_day(app: Flask) -> None:
    first, second = networks.Networks((), ()), networks.Networks((), ())
    assert first.key("192.0.2.1", now=TODAY) == second.key("192.0.2.1", now=TODAY)
    assert len(db.session.scalars(select(NetworkSecret.day)).all()) == 1


def test_the_keys_are_destroyed_after_48_hours(app: Flask) -> None:
    for days in range(4):
        networks.Networks((), ()).key("192.0.2.1", now=TODAY + timedelta(days=days))
    with transaction() as connection:
        networks.delete_expired(connection, now=TODAY + timedelta(days=3))
    left = db.session.scalars(select(NetworkSecret.day)).all()
    assert sorted(left) == [(TODAY + timedelta(days=days)).date() for days in (2, 3)]


# --- the page


def test_the_first_signature_from_a_network_goes_straight_through(strict: Flask) -> None:
    client = browser(strict, use_cookies=False)
    for number in range(5):
        assert post(client, f"signer{number}@example.org").status_code == 303
    assert post(client, "other@example.org", network="192.0.2.2").status_code == 303


def test_beyond_the_free_ones_a_wait_lets_everybody_through_without_javascript(
    strict: Flask,
) -> None:
    client = browser(strict, use_cookies=False)
    for number in range(5):
        post(client, f"signer{number}@example.org")
    asked = post(client, "sixth@example.org", comment="Kept!")
    assert asked.status_code == 422
    assert "One more step" in asked.text
    assert "Kept!" in asked.text
    fields = hidden(asked.text)
    early = post(client, "sixth@example.org", ticket=fields["ticket"], proof="")
    assert early.status_code == 429
    assert 0 < int(early.headers["Retry-After"]) <= 10
    assert hidden(early.text)["ticket"] == fields["ticket"], "the wait goes on"
    in_russian = {"ticket": fields["ticket"], "proof": "", "show_again": "checked"}
    switched = post(client, "sixth@example.org", **in_russian, language="ru")
    assert hidden(switched.text)["ticket"] == fields["ticket"], "in another language, too"
    assert 'lang="ru"' in switched.text
    for invalid in ("x", make_ticket(strict, seconds=4_000)):
        assert "ticket" not in hidden(
            post(client, "x@example.org", **in_russian | {"ticket": invalid}).text
        )
    waited = make_ticket(strict)
    assert post(client, "sixth@example.org", ticket=waited, proof="").status_code == 303
    again = post(client, "seventh@example.org", ticket=waited, proof="")
    assert again.status_code == 422, "one step is good for one form"
    assert hidden(again.text)["ticket"] != waited


def test_a_proof_of_work_lets_through_at_once_and_only_once(strict: Flask) -> None:
    client = browser(strict, use_cookies=False)
    for number in range(5):
        post(client, f"signer{number}@example.org")
    asked = post(client, "sixth@example.org")
    ticket, proof = solved(asked.text)
    assert post(client, "sixth@example.org", ticket=ticket, proof=proof).status_code == 303
    assert post(client, "seventh@example.org", ticket=ticket, proof=proof).status_code == 422
    other = hidden(post(client, "seventh@example.org").text)["ticket"]
    refused = post(client, "seventh@example.org", ticket=other, proof=proof)
    assert refused.status_code == 429, "a proof is for its own ticket"


def solved(page: str) -> tuple[str, str]:
    """Solve the challenge of a page as a browser does, and return ticket and proof."""
    attribute = re.search(r'data-challenge="([^"]+)"', page)
    assert attribute is not None
    challenge = json.loads(attribute.group(1).replace("&#34;", '"'))
    solution = altcha.solve_challenge(altcha.Challenge.from_dict(challenge))
    assert solution is not None
    payload = {"challenge": challenge, "solution": solution.to_dict()}
    return hidden(page)["ticket"], b64encode(json.dumps(payload).encode()).decode()


def test_hoarded_tickets_do_not_shut_a_network_for_its_neighbours(strict: Flask) -> None:
    client = browser(strict, use_cookies=False)
    for number in range(5):
        post(client, f"signer{number}@example.org")
    hoard = [make_ticket(strict) for _ in range(100)]
    spent = [post(client, f"hoard{n}@example.org", ticket=t) for n, t in enumerate(hoard)]
    assert [answer.status_code for answer in spent] == [303] * 95 + [429] * 5
    asked = post(client, "neighbour@example.org", comment="Kept!")
    assert asked.status_code == 429
    assert int(asked.headers["Retry-After"]) <= 40
    assert "Kept!" in asked.text
    ticket, proof = solved(asked.text)
    done = post(client, "neighbour@example.org", ticket=ticket, proof=proof, comment="Kept!")
    assert done.status_code == 303


def test_an_unconfirmed_entry_is_corrected_from_a_busy_network_with_a_challenge(
    strict: Flask,
) -> None:
    client = browser(strict, use_cookies=False)
    for number in range(5):
        post(client, f"signer{number}@example.org")
    path = f"/my/{token_for(strict, tokens.SELF_SERVICE, 1)}"
    network = {"X-Forwarded-For": "192.0.2.1"}
    asked = client.post(path, data=CHANGED, headers=network)
    assert asked.status_code == 422
    ticket, proof = solved(asked.text)
    fields = hidden(asked.text) | {"ticket": ticket, "proof": proof}
    assert fields.items() >= CHANGED.items()
    done = client.post(path, data=fields, headers=network)
    assert done.status_code == 303
    assert done.location.startswith("/pending/")


def test_a_ticket_proves_nothing_in_another_network_or_petition(strict: Flask) -> None:
    make_petition("other")
    client = browser(strict, use_cookies=False)
    for address in ("192.0.2.9", "[2001:db8::1]:443"):
        for ticket in (make_ticket(strict), make_ticket(strict, "sign:2", address)):
            asked = post(client, "a@example.org", address, ticket=ticket, comment="Kept!")
            assert asked.status_code == 422
            assert "One more step" in asked.text
            assert "Kept!" in asked.text
        ticket, proof = solved(asked.text)
        assert post(client, f"{len(address)}@example.org", address, ticket=ticket, proof=proof)


def test_tickets_of_one_window_are_of_no_use_in_the_next(app: Flask) -> None:
    keys, delay = app.extensions["tokens"], timedelta(seconds=10)

    def is_passed(after: timedelta, proof: str = "") -> bool:
        moment = TODAY + timedelta(minutes=9, seconds=55)
        ticket = steps.issue(keys, "a", delay=delay, now=moment).ticket
        return steps.verify(keys, "a", ticket, proof, delay=delay, now=moment + after) is not None

    assert is_passed(timedelta(seconds=11)), "a fresh one outlasts its window"
    assert not is_passed(timedelta(seconds=21))
    assert not is_passed(timedelta(hours=2))


def test_a_48_has_a_looser_limit_of_its_own(make_app: MakeApp) -> None:
    app = make_app(RATELIMIT_ENABLED=True, RATELIMIT_FREE=1, TRUSTED_PROXIES=1)
    with app.app_context():
        make_petition()
        client = browser(app, use_cookies=False)
        codes = [
            post(client, f"a{n}@example.org", f"2001:db8:0:{n:x}::1").status_code for n in range(21)
        ]
        assert codes == [303] * 20 + [422]
        asked = post(client, "b@example.org", "[2001:db8:0:ffff::1]:443")
        ticket, proof = solved(asked.text)
        fields = {"ticket": ticket, "proof": proof}
        assert post(client, "b@example.org", "2001:db8:0:ffff::1", **fields).status_code == 303
        assert post(client, "c@example.org", "2001:db8:1::1").status_code == 303
        assert post(client, "d@example.org", "192.0.2.1").status_code == 303


@pytest.mark.parametrize("proof", ["nonsense", "e30=", "W10=", "eyJjaGFsbGVuZ2UiOjF9"])
def test_a_proof_that_is_none_is_refused(strict: Flask, proof: str) -> None:
    keys = strict.extensions["tokens"]
    step = steps.issue(keys, "a", delay=timedelta(seconds=10), now=now())
    with pytest.raises(ChallengeFailed):
        steps.verify(keys, "a", step.ticket, proof, delay=timedelta(seconds=10), now=now())


def test_a_forged_ticket_gets_a_new_challenge(strict: Flask) -> None:
    client = browser(strict, use_cookies=False)
    answer = post(client, "anna@example.org", ticket="forged", proof="")
    assert answer.status_code == 422
    assert "One more step" in answer.text


def test_after_that_a_network_takes_a_longer_challenge(make_app: MakeApp) -> None:
    app = make_app(RATELIMIT_ENABLED=True, RATELIMIT_FREE=2, RATELIMIT_MOST=2, TRUSTED_PROXIES=1)
    with app.app_context():
        make_petition()
        client = browser(app, use_cookies=False)
        for number in range(2):
            post(client, f"signer{number}@example.org")
        answer = post(client, "third@example.org", comment="Kept!")
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 600
        assert "Kept!" in answer.text
        assert "One more step, a little longer" in text_of(answer)
        assert "Please wait 40 seconds, then press “Sign” again." in text_of(answer)


@pytest.mark.parametrize(
    ("settings", "statuses"),
    [
        ({"RATELIMIT_ALLOW": ["192.0.2.0/24"]}, {303}),
        ({"RATELIMIT_NEVER_REFUSE": ["192.0.2.0/24"]}, {303, 422}),
    ],
)
def test_schools_have_no_limit_and_tor_is_never_refused(
    make_app: MakeApp, settings: dict[str, Any], statuses: set[int]
) -> None:
    app = make_app(
        RATELIMIT_ENABLED=True, RATELIMIT_FREE=1, RATELIMIT_MOST=1, TRUSTED_PROXIES=1, **settings
    )
    with app.app_context():
        make_petition()
        client = browser(app, use_cookies=False)
        answers = [post(client, f"signer{number}@example.org") for number in range(4)]
        assert {answer.status_code for answer in answers} == statuses


def test_many_from_one_mail_domain_take_the_challenge_and_well_known_domains_do_not(
    make_app: MakeApp,
) -> None:
    app = make_app(RATELIMIT_ENABLED=True, RATELIMIT_DOMAIN=2, TRUSTED_PROXIES=1)
    with app.app_context():
        make_petition()
        client = browser(app, use_cookies=False)
        for domain, last in (("flood.xyz", 422), ("gmail.com", 303)):
            codes = [post(client, f"a{n}@{domain}").status_code for n in range(3)]
            assert codes == [303, 303, last]
        other = post(client, "b@flood.xyz", network="198.51.100.9")
        assert other.status_code == 303, "the first signature from a network is never in the way"


# --- the time trap and the trap for robots


@pytest.mark.parametrize("seconds", [0.0, 0.9])
def test_a_form_that_comes_too_fast_is_asked_for_once_more_with_everything_kept(
    strict: Flask, seconds: float
) -> None:
    client = browser(strict, use_cookies=False)
    keys = strict.extensions["tokens"]
    opened = keys.make(tokens.FORM, 0, now=now() - timedelta(seconds=seconds))
    asked = post(client, "anna@example.org", opened=opened, comment="Kept!")
    assert asked.status_code == 422
    assert "That was quick." in asked.text
    assert "Kept!" in asked.text
    assert db.session.scalars(select(Signature)).all() == []
    once_more = post(client, "anna@example.org", opened=hidden(asked.text)["opened"])
    assert once_more.status_code == 303


@pytest.mark.parametrize("opened", ["", "forged", "1-0.abc"])
def test_a_form_without_a_valid_token_is_shown_again(strict: Flask, opened: str) -> None:
    answer = post(browser(strict, use_cookies=False), "anna@example.org", opened=opened)
    assert answer.status_code == 422
    assert "Please check what you entered" in answer.text


def test_a_form_left_open_over_night_is_not_lost(strict: Flask) -> None:
    keys = strict.extensions["tokens"]
    old = keys.make(tokens.FORM, 0, now=now() - timedelta(hours=25))
    client = browser(strict, use_cookies=False)
    asked = post(client, "anna@example.org", opened=old)
    assert asked.status_code == 422
    assert "open for more than a day" in asked.text
    assert post(client, "anna@example.org", opened=hidden(asked.text)["opened"]).status_code == 303


def test_the_page_has_a_form_token(strict: Flask) -> None:
    client = browser(strict, use_cookies=False)
    page = client.get("/p/free-them")
    assert strict.extensions["tokens"].read(
        tokens.FORM, hidden(page.text)["opened"], now=now()
    ) == (0,)


def test_a_filled_honeypot_asks_again_and_keeps_what_was_typed(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    page = client.get(f"/p/{petition}").text
    typed = filled(name="Ånna Berg", comment="Because.") | hidden(page) | {"channel": "tg"}
    assert re.search(r'class="hidden" aria-hidden="true">\s+<label for="further"', page)
    for _ in range(2):
        answer = client.post(f"/en/p/{petition}/sign", data=typed | {"further": "http://spam"})
        assert answer.status_code == 422
        assert "A field that must stay empty was filled in" in text_of(answer)
        assert "http://spam" not in answer.text
        for kept in ("Ånna Berg", "anna@example.org", "Because.", 'value="tg"'):
            assert kept in answer.text
        assert re.search(r'class="field wrong">\s+<label for="further"', answer.text), "to be seen"
    deliver(app)
    assert post_office.arrived == []
    assert db.session.scalars(select(Email.state)).all() == []
    assert client.post(f"/p/{petition}/sign", data=typed | {"further": ""}).status_code == 303


def test_a_filled_honeypot_of_a_form_from_no_page_gets_the_same_page_and_no_email(
    make_app: MakeApp, post_office: PostOffice
) -> None:
    app = make_app(MIN_FORM_SECONDS=2)
    with app.app_context():
        make_petition()
    client = browser(app, use_cookies=False)
    answer = client.post("/p/free-them/sign", data=filled() | {"further": "http://spam"})
    assert answer.status_code == 303
    assert "It leaves in a moment." in text_of(client.get(answer.location))
    with app.app_context():
        deliver(app)
        assert db.session.scalars(select(Email.state)).one() == "held"
    assert post_office.arrived == []


def test_no_network_address_is_stored(strict: Flask) -> None:
    client = browser(strict, use_cookies=False)
    post(client, "anna@example.org", network="203.0.113.77")
    with db.engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            for row in connection.execute(select(table)):
                assert "203.0.113" not in str(row)


# --- the smaller forms: those that ask for a mail

ASKING = ["again", "elsewhere", "new link", "lost mail", "organiser"]


@pytest.fixture
def busy(make_app: MakeApp) -> Iterator[Flask]:
    """Return an application whose network has had its free forms."""
    app = make_app(RATELIMIT_ENABLED=True, RATELIMIT_FREE=1, RATELIMIT_MOST=6)
    with app.app_context():
        app.extensions["networks"].never_refused = ()
        make_petition()
        lost = browser(app, use_cookies=False)
        for _ in range(4):
            assert lost.post("/my", data={"email": "who@example.org"}).status_code == 200
        yield app


def asking(app: Flask, what: str) -> tuple[Client, str, dict[str, str]]:
    """Return a browser, the address of a form that asks for a mail, and its fields."""
    client = browser(app)
    pending = client.post("/p/free-them/sign", data=filled(email="anan@example.org")).location
    with transaction() as connection:
        connection.execute(update(Email).values(created_at=now() - timedelta(minutes=3)))
    keys, told = app.extensions["tokens"], {"language": "ru"}
    confirm = keys.make(tokens.confirm_purpose(7), 1, 1, now=now() - timedelta(days=8))
    if what == "organiser":
        csrf = hidden(client.get("/organisers/sign-in").text)["csrf_token"]
        return client, "/organisers/sign-in", {"email": "o@example.org", "csrf_token": csrf}
    forms = {
        "again": (pending, told),
        "elsewhere": (f"{pending}/address", told | {"email": "anna@example.org"}),
        "new link": (f"/confirm/{confirm}/renew", told),
        "lost mail": ("/ru/my", {"email": "anan@example.org"}),
    }
    return client, *forms[what]


@pytest.mark.parametrize("what", ASKING)
def test_forms_that_send_email_get_a_challenge_before_any_refusal(busy: Flask, what: str) -> None:
    client, path, fields = asking(busy, what)
    asked = client.post(path, data=fields)
    assert asked.status_code == 422
    assert ("One more step" if what == "organiser" else "Ещё один шаг") in asked.text
    fields_again = hidden(asked.text)
    assert fields.items() <= fields_again.items(), "everything that was entered"
    early = client.post(path, data=fields_again | {"proof": ""})
    assert early.status_code == 429
    assert 0 < int(early.headers["Retry-After"]) <= 10
    assert hidden(early.text)["ticket"] == fields_again["ticket"], "the wait goes on"
    assert early.headers["Cache-Control"] == "no-store"
    ticket, proof = solved(early.text)
    done = client.post(path, data=fields_again | {"ticket": ticket, "proof": proof})
    assert done.status_code in {200, 303}


def test_only_solved_challenges_beyond_the_limit_are_refused(busy: Flask) -> None:
    client = browser(busy, use_cookies=False)

    def ask() -> Any:
        ticket = make_ticket(busy, "email_request", "127.0.0.1")
        return client.post("/my", data={"email": "a@example.org", "ticket": ticket})

    *answers, refused = [ask() for _ in range(3)]
    assert [answer.status_code for answer in (*answers, refused)] == [200, 200, 429]
    assert hidden(refused.text)["email"] == "a@example.org"
    assert "One more step, a little longer" in text_of(refused)
    assert "Please wait 40 seconds, then press “Continue”." in text_of(refused)
    ticket, proof = solved(refused.text)
    fields = {"email": "a@example.org", "ticket": ticket, "proof": proof}
    assert client.post("/my", data=fields).status_code == 200, "by a harder challenge"


def test_forms_get_no_challenge_where_limits_are_off_or_networks_named(make_app: MakeApp) -> None:
    named = {"RATELIMIT_ENABLED": True, "RATELIMIT_ALLOW": ["127.0.0.0/8"]}
    for settings in ({"RATELIMIT_ENABLED": False}, named):
        client = browser(make_app(RATELIMIT_FREE=0, **settings), use_cookies=False)
        answers = [client.post("/my", data={"email": "a@example.org"}) for _ in range(9)]
        assert {answer.status_code for answer in answers} == {200}


def test_emails_of_a_minute_are_bounded_over_all_workers(
    make_app: MakeApp, post_office: PostOffice
) -> None:
    app = make_app(RATELIMIT_MAILS=3)
    with app.app_context():
        make_petition()
        client = browser(app, use_cookies=False)
        for number in range(5):
            client.post("/p/free-them/sign", data=filled(email=f"s{number}@example.org"))
        deliver(app)
        deliver(app)
        assert len(post_office.arrived) == 3
        due = db.session.scalars(select(Email.attempts).where(Email.state == "due")).all()
        assert due == [0, 0], "they wait untried"


@pytest.mark.parametrize("address", ["stranger@example.org", "stranger+{number}@example.org"])
def test_a_mailbox_cannot_be_bombed(strict: Flask, post_office: PostOffice, address: str) -> None:
    client = browser(strict, use_cookies=False)
    for number in range(50):
        answer = post(
            client,
            address.format(number=number),
            network=f"198.51.100.{number}",
            name=f"Buy pills {number}",
            organisation="Spam House",
            comment="Look at my shop",
        )
        assert answer.status_code == 303
        deliver(strict)
    assert 1 <= len(post_office.arrived) <= 5
    for mail in post_office.arrived:
        whole = mail.message.as_string() + mail.text + mail.html
        for typed in ("pills", "Spam", "my shop"):
            assert typed not in whole


def test_a_single_address_can_be_named_in_ipv6_too() -> None:
    known = networks.Networks(networks.parse_networks(["2001:db8::7", "192.0.2.0/24"]), ())
    assert known.is_allowed("2001:db8::7")
    assert not known.is_allowed("2001:db8::8"), "its neighbour in the same /64"
    assert known.is_allowed("::ffff:192.0.2.9")
    assert not known.is_allowed(None)


def test_a_network_that_is_never_refused_is_no_burst(make_app: MakeApp) -> None:
    app = make_app(RATELIMIT_ENABLED=True, RATELIMIT_FREE=1_000, TRUSTED_PROXIES=1)
    with app.app_context():
        make_petition()
        client = browser(app, use_cookies=False)
        for number in range(60):
            assert post(client, f"a{number}@example.org", network="127.0.0.1").status_code == 303
        assert burst_detection.detect(now=now()) == []
        post(client, "last@example.org", network="127.0.0.1")
        assert db.session.scalars(select(Email.state).distinct()).all() == ["due"]


def test_schools_have_their_own_mail_domain(make_app: MakeApp) -> None:
    app = make_app(
        RATELIMIT_ENABLED=True, RATELIMIT_DOMAIN=1, RATELIMIT_ALLOW_DOMAINS=["school.kz"]
    )
    with app.app_context():
        make_petition()
        client = browser(app, use_cookies=False)
        codes = [post(client, f"a{number}@school.kz").status_code for number in range(4)]
        assert codes == [303] * 4


def test_no_free_signatures_still_leaves_emails_to_ask_for(make_app: MakeApp) -> None:
    app = make_app(RATELIMIT_ENABLED=True, RATELIMIT_FREE=0)
    with app.app_context():
        client = browser(app, use_cookies=False)
        assert client.post("/my", data={"email": "anna@example.org"}).status_code == 200


@pytest.mark.parametrize(
    ("settings", "headers", "warning"),
    [
        ({"TRUSTED_PROXIES": 1}, {}, "sends no X-Forwarded-For"),
        ({"TRUSTED_PROXIES": 1}, {"X-Forwarded-For": "unknown"}, "sends no X-Forwarded-For"),
        ({"TRUSTED_PROXIES": 2}, {"X-Forwarded-For": "192.0.2.1"}, "sends no X-Forwarded-For"),
        ({}, {"X-Forwarded-For": "192.0.2.1"}, "TRUSTED_PROXIES is 0"),
    ],
)
def test_without_its_address_the_world_is_not_one_network(
    make_app: MakeApp,
    caplog: pytest.LogCaptureFixture,
    settings: dict[str, Any],
    headers: dict[str, str],
    warning: str,
) -> None:
    app = make_app(RATELIMIT_ENABLED=True, RATELIMIT_FREE=1, RATELIMIT_MOST=1, **settings)
    with app.app_context():
        make_petition()
        client = browser(app, use_cookies=False)
        headers = headers | {"X-Forwarded-Proto": "https"}
        statuses = [
            client.post(
                "/p/free-them/sign", data=filled(email=f"a{number}@example.org"), headers=headers
            ).status_code
            for number in range(4)
        ]
        # Without a trusted proxy the header is a client's, and loosens no limit.
        assert statuses == ([303] * 4 if settings else [303, 422, 422, 422])
        messages = [record.getMessage() for record in caplog.records]
        assert len(messages) == 1, "once"
        assert warning in messages[0]
        invite(Role.ADMIN)
        inside = enter(app)
        assert "Tell whoever runs the site" in text_of(inside.get("/organisers/", headers=headers))
        assert len(proxy_headers.find_problems(Path(app.instance_path))) == 1
        if settings:
            good = headers | {"X-Forwarded-For": "192.0.2.1, 192.0.2.2"}
            told = text_of(inside.get("/organisers/", headers=good))
            assert "Tell whoever runs the site" not in told, "mended"
            assert proxy_headers.find_problems(Path(app.instance_path)) == []


def test_who_comes_past_the_proxy_is_limited_by_their_own_address(make_app: MakeApp) -> None:
    app = make_app(RATELIMIT_ENABLED=True, RATELIMIT_FREE=1, TRUSTED_PROXIES=1)
    with app.app_context():
        make_petition()
        client = browser(app, use_cookies=False)
        client.environ_base["REMOTE_ADDR"] = "8.8.8.8"
        for number, status in enumerate((303, 422)):
            data = filled(email=f"a{number}@example.org")
            assert client.post("/p/free-them/sign", data=data).status_code == status


def test_a_missing_scheme_is_told_where_the_site_is_on_https(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(TRUSTED_PROXIES=1, SITE_URL="https://petition.example.org")
    client = browser(app, use_cookies=False)
    headers = {"X-Forwarded-For": "192.0.2.1"}
    for path in ("/healthz", "/readyz"):
        client.get(path, base_url="http://127.0.0.1")
    assert caplog.records == [], "probes come past the proxy"
    for path in ("/privacy", "/my"):
        client.get(path, base_url="https://petition.example.org", headers=headers)
    (message,) = [record.getMessage() for record in caplog.records]
    assert "sends no X-Forwarded-Proto" in message
    (problem,) = proxy_headers.find_problems(Path(app.instance_path))
    assert problem == proxy_headers.ProxyProblem.NO_SCHEME
