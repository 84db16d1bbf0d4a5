"""The second factor: set up with an app, asked for before downloads, each code once, few tries."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from petition.core import clock
from petition.core.clock import now
from petition.core.errors import CodeInvalid, CodeTriesUsedUp, TokenInvalid
from petition.core.tokens import Tokens
from petition.database.base import db
from petition.models import BrowserSession, RecoveryCode, SecondFactor
from petition.models.enums import Role
from petition.organisers import access, factor_codes, second_factor
from tests.browsing import ORGANISER, Client, enter, invite, press, text_of, trail

PAGE = "/organisers/second-factor"
FILE = "/organisers/p/free-them/signatures.csv"


class Phone:
    """An authenticator app, read from the page; its clock goes on 30 seconds for each code."""

    def __init__(self, page: str) -> None:
        letters = re.findall(r"<span>([A-Z2-7]{4})</span>", page)
        self.totp = pyotp.TOTP("".join(letters))

    def code(self, *, later: int = 0) -> str:
        """Return the code that shows now, or so many seconds later."""
        return self.totp.at(now() + timedelta(seconds=later))


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> "Time":
    return Time(monkeypatch)


class Time:
    """The site's clock, which stands still until it is moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._at = clock.now().replace(second=5)
        monkeypatch.setattr(clock, "datetime", SimpleNamespace(now=lambda _zone: self._at))

    def passes(self, **period: int) -> None:
        self._at += timedelta(**period)


def set_up(inside: Client) -> tuple[Phone, list[str]]:
    """Set the second factor up as a person does; return the app and the recovery codes."""
    assert press(inside, PAGE, PAGE).location == PAGE
    phone = Phone(inside.get(PAGE).text)
    answer = press(inside, PAGE, f"{PAGE}/confirm", second_factor_code=phone.code())
    assert answer.status_code == 200, text_of(answer)
    return phone, re.findall(r"<code>([^<]+)</code>", answer.text)


def require_code(inside: Client) -> None:
    people = "/organisers/p/free-them/people"
    assert press(inside, people, f"{people}/downloads", needed="yes").location == people


def session_of(client: Client) -> BrowserSession:
    db.session.rollback()
    session = db.session.scalars(select(BrowserSession).order_by(BrowserSession.id.desc())).first()
    assert session is not None
    db.session.expunge(session)
    return session


def test_a_download_asks_for_a_code_and_comes_back(app: Flask, petition: str, time: Time) -> None:
    me = invite(Role.ADMIN)
    inside = enter(app)
    phone, _ = set_up(inside)
    require_code(inside)
    assert trail()[-1] == ("petition.second_factor", me, 1, "needed")
    assert "need a second factor: yes" in inside.get("/organisers/p/free-them/people").text
    time.passes(minutes=16)
    asked = inside.get(f"{FILE}?profile=handover")
    assert asked.location == "/organisers/code"
    assert not trail()[-1][0].startswith("signatures.")
    answer = press(inside, "/organisers/code", second_factor_code=phone.code())
    assert answer.location == f"{FILE}?profile=handover"
    assert inside.get(answer.location).status_code == 200
    assert trail()[-1][0] == "signatures.download_end"
    time.passes(minutes=14)
    assert inside.get(FILE).status_code == 200, "once in 15 minutes"
    time.passes(minutes=2)
    assert inside.get(FILE).location == "/organisers/code"
    assert enter(app).get(FILE).location == "/organisers/code", "another session has its own"
    assert inside.get("/organisers/p/free-them").status_code == 200


def test_a_form_that_needs_a_code_is_kept_and_goes_on_with_it(
    app: Flask, petition: str, time: Time
) -> None:
    invite(Role.ADMIN)
    inside = enter(app)
    phone, _ = set_up(inside)
    require_code(inside)
    time.passes(minutes=16)
    page, path = f"/organisers/p/{petition}", f"/organisers/p/{petition}/handover"
    fields = {"format": "jsonl", "reason": "For the embassy"}
    asked = press(inside, page, path, **fields)
    assert asked.status_code == 403
    assert '<input type="hidden" name="format" value="jsonl">' in asked.text
    wrong = press(inside, page, path, second_factor_code="000000", **fields)
    assert wrong.status_code == 422
    assert "This code is wrong or used." in wrong.text
    assert '<input type="hidden" name="format" value="jsonl">' in wrong.text
    assert wrong.text.count('name="second_factor_code"') == 1
    answer = press(inside, page, path, second_factor_code=phone.code(), **fields)
    assert answer.status_code == 303
    assert "For the embassy" in inside.get(path).text


def test_letting_downloads_go_without_a_code_takes_a_code(
    app: Flask, petition: str, time: Time
) -> None:
    invite(Role.ADMIN)
    inside, people = enter(app), f"/organisers/p/{petition}/people"
    require_code(inside)
    path = f"{people}/downloads"
    assert press(inside, people, path, needed="no").status_code == 403
    phone, _ = set_up(inside)
    time.passes(minutes=16)
    assert press(inside, people, path, needed="no").status_code == 403
    assert inside.get(FILE).location == "/organisers/code"
    code = phone.code()
    assert press(inside, people, path, needed="no", second_factor_code=code).location == people
    assert inside.get(FILE).status_code == 200


def test_who_has_no_second_factor_is_led_to_set_it_up_and_goes_on(
    app: Flask, petition: str
) -> None:
    invite(Role.ADMIN)
    inside = enter(app)
    require_code(inside)
    assert inside.get(FILE).location == PAGE
    assert "need a second factor. Set it up here" in text_of(inside.get(PAGE))
    page, path = f"/organisers/p/{petition}", f"/organisers/p/{petition}/handover"
    kept = press(inside, page, path, reason="For the embassy")
    assert kept.status_code == 403
    assert 'name="reason" value="For the embassy"' in kept.text
    assert f'href="{PAGE}"' in kept.text
    press(inside, PAGE, PAGE)
    phone = Phone(inside.get(PAGE).text)
    answer = press(inside, PAGE, f"{PAGE}/confirm", second_factor_code=phone.code())
    assert f'href="{FILE}?"' in answer.text
    assert inside.get(FILE).status_code == 200


def test_it_is_on_once_a_code_is_typed_and_its_secret_is_encrypted(app: Flask) -> None:
    me = invite()
    inside = enter(app)
    press(inside, PAGE, PAGE)
    page = inside.get(PAGE)
    assert 'role="img"' in page.text
    phone = Phone(page.text)
    assert second_factor.get_status(me) == second_factor.Status(None, is_waiting=True)
    wrong = press(inside, PAGE, f"{PAGE}/confirm", second_factor_code="123")
    assert wrong.status_code == 422
    assert Phone(wrong.text).totp.secret == phone.totp.secret, "the same key is still shown"
    answer = press(inside, PAGE, f"{PAGE}/confirm", second_factor_code=phone.code())
    codes = re.findall(r"<code>([^<]+)</code>", answer.text)
    assert len({*codes}) == second_factor.RECOVERY_CODES
    db.session.rollback()
    stored = db.session.scalars(select(SecondFactor)).one()
    assert phone.totp.byte_secret() not in stored.secret
    hashes = "".join(db.session.scalars(select(RecoveryCode.hash)))
    assert not [code for code in codes if code.replace("-", "") in hashes]
    assert trail()[-1] == ("second_factor.on", me, None, "")
    again = press(inside, PAGE, PAGE)
    assert again.location == PAGE
    db.session.rollback()
    assert db.session.scalars(select(SecondFactor.secret)).one() == stored.secret, "it stays"
    assert "recovery codes left: 10" in text_of(inside.get("/organisers/account"))


def test_a_stolen_session_does_not_set_it_up(app: Flask, time: Time) -> None:
    me = invite()
    inside = enter(app)
    time.passes(minutes=16)
    late = press(inside, PAGE, PAGE)
    assert late.status_code == 422
    assert "within 15 minutes of signing in" in text_of(late)
    assert second_factor.get_status(me) == second_factor.Status()


def test_a_code_works_once(app: Flask, petition: str, time: Time) -> None:
    invite()
    inside = enter(app)
    tokens: Tokens = app.extensions["tokens"]
    phone, recovery_codes = set_up(inside)
    session, used = session_of(inside), phone.code()
    with pytest.raises(CodeInvalid):  # it switched the second factor on
        second_factor.accept_code(session, used, tokens, now=now())
    time.passes(seconds=30)
    second_factor.accept_code(session, phone.code(later=30), tokens, now=now())
    with pytest.raises(CodeInvalid):  # older than the last one
        second_factor.accept_code(session, phone.code(), tokens, now=now())
    first = recovery_codes[0].upper().replace("-", " ")
    second_factor.accept_code(session, first, tokens, now=now())
    assert trail()[-1][0] == "second_factor.recovery_code"
    time.passes(minutes=16)
    with pytest.raises(CodeInvalid):
        second_factor.accept_code(session, recovery_codes[0], tokens, now=now())
    second_factor.accept_code(session, recovery_codes[1], tokens, now=now())


def test_tries_are_limited(app: Flask, time: Time) -> None:
    invite()
    inside = enter(app)
    tokens: Tokens = app.extensions["tokens"]
    phone, recovery_codes = set_up(inside)
    time.passes(minutes=16)
    session = session_of(inside)

    def tries(code: str) -> int:
        """Return after how many tries at a wrong code no more are taken."""
        for number in range(50):
            try:
                second_factor.accept_code(session, code, tokens, now=now())
            except CodeInvalid:
                continue
            except CodeTriesUsedUp:
                return number
        raise AssertionError

    assert tries("000000") == 5
    with pytest.raises(CodeTriesUsedUp):
        second_factor.accept_code(session, phone.code(), tokens, now=now())
    page = press(inside, "/organisers/code", second_factor_code=recovery_codes[0])
    assert page.status_code == 429
    assert "Wait 15 minutes" in page.text
    time.passes(minutes=15)
    second_factor.accept_code(session, phone.code(), tokens, now=now())


def test_it_is_switched_off_with_a_code_and_by_the_command_line(
    app: Flask, petition: str, time: Time
) -> None:
    me = invite(Role.ADMIN)
    inside = enter(app)
    _, codes = set_up(inside)
    require_code(inside)
    assert press(inside, PAGE, f"{PAGE}/off", second_factor_code="1").status_code == 422
    off = press(inside, PAGE, f"{PAGE}/off", second_factor_code=codes[0])
    assert off.location == "/organisers/account"
    assert inside.get(FILE).location == PAGE, "the step before is off, too"
    set_up(inside)
    reset = ["organiser", "reset-second-factor", ORGANISER.email]
    assert app.test_cli_runner().invoke(args=reset).exit_code == 0
    assert trail()[-1] == ("second_factor.off", None, None, f"organiser {me}")
    assert second_factor.get_status(me) == second_factor.Status()


def test_no_row_takes_anothers_secret_and_an_earlier_key_still_reads_it() -> None:
    old, new = Tokens(["a" * 32]), Tokens(["a" * 32, "b" * 32])
    sealed = factor_codes.make_secret(1, old)
    mine = factor_codes.get_enrolment(1, sealed, new, name="a@example.org", site="example.org")
    assert factor_codes.find_step(1, sealed, pyotp.TOTP(mine.secret).at(now()), new, now=now())
    with pytest.raises(TokenInvalid):
        factor_codes.get_enrolment(2, sealed, new, name="b@example.org", site="example.org")
    assert factor_codes.find_step(1, sealed, "000000", Tokens(["c" * 32]), now=now()) is None


def test_a_removed_organiser_leaves_no_second_factor(app: Flask) -> None:
    invite()
    set_up(enter(app))
    access.remove(ORGANISER, now=now())
    db.session.rollback()
    assert db.session.scalars(select(SecondFactor)).all() == []
    assert db.session.scalars(select(RecoveryCode)).all() == []
