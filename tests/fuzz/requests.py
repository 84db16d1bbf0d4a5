"""Whatever is sent: never a fault, never a traceback, never a row from what is wrong.

Every rule is asked by every method it has, on both databases. Each request is first one with
everything in order: a token of the right purpose for something that is kept, an organiser who has
signed in, a form that is taken. Then one place of it, a part of the path or a field, holds anything
at all. So the code behind token, session and form checks is exercised too.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from flask import Flask, Request
from hypothesis import HealthCheck, Phase, example, given, seed, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase
from sqlalchemy import func, literal, select, union_all
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.test import TestResponse

from petition import create_app
from petition.abuse import bursts
from petition.core import tokens
from petition.core.clock import now
from petition.database.base import Base, db
from petition.database.transactions import transaction
from petition.models import Email, Signature
from petition.models.enums import BurstKind, InvalidReason, Role
from petition.organisers import access, paper
from petition.organisers.export import FileOptions, Format, Profile
from petition.organisers.handover import packs
from petition.organisers.news import reading
from petition.organisers.paper import SheetForm
from petition.organisers.review import invalidation, organisations
from petition.petitions import queries, updates
from petition.petitions.editing import petition_file
from petition.petitions.editing.settings import get_settings
from petition.petitions.editing.texts import FIELDS
from petition.signatures import codes
from petition.web.organisers.editing.question_form import QuestionsForm
from petition.web.organisers.editing.settings_forms import BasicForm, FactsForm, PictureForm
from petition.web.support.image_cache import ImageCache
from tests.browsing import CHANGED, browser, enter, filled, invite, make_ticket
from tests.factories import NEWS, SITE, change_text, make_file, make_petition, parse_address, photo
from tests.signatures import ENTRY, confirm, sign, signature_of

# At a desk every run tries other examples; in CI always the same ones, so that a commit which
# has nothing to do with a find of the hour does not carry it.


def fuzzing(examples: int = 4) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Try a test with so many values more than its own, in CI with the same each time.

    Not by `derandomize`, which has no database: then the settings of a test with many parameters
    call those of the test before, and so on, until Python's limit of recursion.
    """
    how = settings(
        max_examples=examples,
        deadline=None,
        derandomize=False,
        database=InMemoryExampleDatabase(),
        suppress_health_check=[HealthCheck.too_slow],
        phases=[Phase.explicit, Phase.generate],
    )

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        decorated: Callable[..., None] = how(seed(1)(test) if os.environ.get("CI") else test)
        return decorated

    return decorate


STRANGE = (
    *("yes", "no", "null", "NaN", "1e999", "-1", "2147483648", "9223372036854775808", "../.."),
    *("%00", "%ff", "[]", '{"a": [1]}', "a" * 70_000, "＠" * 300),
)
anything = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="\0\r\n\t\u202e\u2066\ufeff\ud7ff\ud800\udfffAa@.<>%'\"\\{}＠", max_size=40),
    st.integers(-(10**40), 10**40).map(str),
    st.sampled_from(STRANGE),
)
HOW = ("form", "form", "parts", "files", "json")  # a body can be written

# What each page reads of its query or its form; with what it reads besides, its test fails.
TYPED = tuple(CHANGED) + ("updates",)
STEP = ("ticket", "proof", "language")  # of forms that ask for a mail
TEXTS = ("en", "ru")  # the languages of the petition
LANGUAGES = ("en", "kk", "ru", "de", "sv", "fr")
FACT = ("value", "label")
FETCHED = {"organisers.fetch_file", "organisers.fetch_pack", "organisers.fetch_scan"}
FILE = ("format", "separator", "reason")
OWN_LIST = ("since", "until", "country", "language", "text_version", "keep_until")
PACK_RECORD = (
    *("version", "handed_over_on", "place", "receipt", "photo", "photo_alt"),
    *("answer", "answered_on"),
)
UPDATE = (
    *("action", "version", "author", "at", "picture", "alt", "csrf_token"),
    *(f"{part}_{code}" for code in LANGUAGES for part in ("title", "body", "note")),
)
FILTERS = (
    *(
        "state",
        "since",
        "until",
        "country",
        "language",
        "domain",
        "organisation",
        "flag",
        "version",
    ),
    "before",
)
READS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("organisers.add_sheet", "organisers.change_sheet"),
        ("version", "label", "names", "collected_on", "scan", "csrf_token"),
    ),
    "organisers.remove_sheet": ("version", "csrf_token"),
    "organisers.delete_scan": ("csrf_token",),
    "petition.index": ("r",),
    "petition.show": ("r",),
    "sign.submit": (
        *(*TYPED, "email", "consent", "language", "channel"),
        *("opened", "text", "further", "ticket", "proof", "show_again"),
    ),
    "supporters.index": ("before",),
    "updates.index": ("before",),
    "share.card": ("v",),
    "share.story": ("v",),
    "share.sheet": ("first", "sheets"),
    "share.mastodon": ("server",),
    "embed.oembed": ("url", "format", "maxwidth", "maxheight"),
    "embassy.write": ("office", "letter", "name"),
    "pending.show": ("again", "code"),
    "pending.submit_code": ("code",),
    "pending.resend": STEP,
    "pending.correct_address": ("email", *STEP, "show_again"),
    "pending.answer": ("answer", *STEP),
    "confirmation.renew_link": STEP,
    "confirmation.submit_own_entry": (*TYPED, "consent", "show_again"),
    "confirmation.submit": ("entry",),
    "self_service.send_link": ("email", *STEP, "show_again"),
    "self_service.show": ("saved",),
    "self_service.update": ("action", *TYPED, "show_again", "version"),
    "self_service.disown": ("never",),
    "organisers.sign_in": ("signed_out",),
    "organisers.ask_link": ("email", "csrf_token", *STEP),
    "organisers.enter": ("csrf_token",),
    "organisers.sign_out": ("csrf_token",),
    "organisers.end_session": ("csrf_token",),
    "organisers.enter_code": ("second_factor_code", "csrf_token"),
    "organisers.start_second_factor": ("csrf_token",),
    "organisers.confirm_second_factor": ("second_factor_code", "csrf_token"),
    "organisers.turn_off_second_factor": ("second_factor_code", "csrf_token"),
    "organisers.require_code": ("needed", "csrf_token"),
    "organisers.audit_trail": ("before",),
    "organisers.comments": ("before", "state"),
    "organisers.decide_comments": ("chosen", "decision", "state", "csrf_token"),
    "organisers.names": ("before",),
    "organisers.edit_text": (
        *(*FIELDS, "revision", "reason", "correction", "step", "shown", "csrf_token"),
    ),
    "organisers.choose_emails": ("morning", "csrf_token"),
    "organisers.feature": ("slug", "csrf_token"),
    "organisers.decide_burst": ("state", "csrf_token"),
    "organisers.hide_name": ("csrf_token",),
    "organisers.preview": ("language",),
    "organisers.previews": ("language",),
    "organisers.duplicate": ("csrf_token",),
    "organisers.new_petition": (*("language", "title", "target", "lede", "demands", "csrf_token"),),
    "organisers.new_letter": ("letter", "story", "share", "csrf_token"),
    "organisers.new_organiser": ("organiser", "contact", "slug", "csrf_token"),
    "organisers.address": ("slug", "csrf_token"),
    "organisers.settings": (
        *("contact", "goal", "as_of", "asks_postcode", "refuses_disposable", "seen"),
        *("asks_organisation", "asks_comment"),
        *(f"regime_{name}" for name in ("country", *LANGUAGES)),
        "csrf_token",
    ),
    "organisers.picture": (
        *("upload", "face_credit", "remove", "seen", "csrf_token"),
        *(f"text_{code}_{name}" for code in TEXTS for name in ("face", "face_caption")),
    ),
    "organisers.facts": (
        *("seen", "csrf_token"),
        *(f"facts_{n}_{code}_{name}" for n in (1, 2, 3) for code in TEXTS for name in FACT),
        *(f"plan_{n}_{name}" for n in (1, 2) for name in ("date", *map("text_{}".format, TEXTS))),
    ),
    "organisers.questions": (
        *("seen", "erase", "csrf_token"),
        *(f"questions_{n}_{name}" for n in range(1, 6) for name in ("id", "kind", "required")),
        *(
            f"questions_{n}_{name}_{code}"
            for n in range(1, 6)
            for name in ("text", "options")
            for code in TEXTS
        ),
    ),
    "organisers.change_state": (
        *(f"{code}_{name}" for code in TEXTS for name in ("sentence", "won", "next")),
        *("seen", "csrf_token"),
    ),
    "organisers.invite_person": ("email", "role", "language", "csrf_token"),
    "organisers.site_invite_person": ("email", "role", "language", "csrf_token"),
    "organisers.change_role": ("role", "was", "csrf_token"),
    "organisers.site_change_role": ("role", "was", "csrf_token"),
    "organisers.remove_person": ("csrf_token",),
    "organisers.site_remove_person": ("csrf_token",),
    "organisers.hand_on": ("person", "then", "csrf_token"),
    "organisers.site_hand_on": ("person", "then", "csrf_token"),
    "organisers.write_news": UPDATE,
    "organisers.edit_news": UPDATE,
    "organisers.take_down_news": ("csrf_token",),
    "organisers.put_back_news": ("csrf_token",),
    "organisers.delete_news": ("csrf_token",),
    "organisers.test_mailing": ("csrf_token",),
    "organisers.start_mailing": ("insist", "csrf_token"),
    "organisers.change_mailing": ("change", "csrf_token"),
    "organisers.test_text_question": ("csrf_token",),
    "organisers.start_text_question": ("csrf_token",),
    "organisers.change_text_question": ("change", "csrf_token"),
    "organisers.set_separator": ("separator", "profile", "csrf_token"),
    "organisers.ask_handover_list": (*FILE, "csrf_token"),
    "organisers.ask_own_list": (*(f"own-{name}" for name in (*FILE, *OWN_LIST)), "csrf_token"),
    "organisers.mark_copy_deleted": ("csrf_token",),
    "organisers.ask_pack": ("language", "reason", "csrf_token"),
    "organisers.record_handover": (*PACK_RECORD, "csrf_token"),
    "organisers.make_handover_link": ("csrf_token",),
    "organisers.signatures_pdf": ("separator", "profile", "language"),
    "organisers.signatures_xlsx": ("separator", "profile"),
    "organisers.signatures": FILTERS,
    "organisers.search_signatures": ("by", "term", "exact", "before", "csrf_token"),
    "organisers.show_signature": ("csrf_token",),
    "organisers.organisations": ("start",),
    "organisers.preview_organisations": ("written", "csrf_token"),
    "organisers.merge_organisations": ("written", "seen", "shown", "csrf_token"),
    "organisers.undo_organisations": ("csrf_token",),
    "organisers.draft_handover_news": ("csrf_token",),
    "organisers.invalidate": ("reason", "note", "csrf_token"),
    "organisers.restore": ("csrf_token",),
    "organisers.resend": ("csrf_token",),
    "organisers.hide_signature_name": ("csrf_token",),
    "organisers.preview_removal": ("criteria", "csrf_token"),
    "organisers.remove_matching": ("criteria", "seen", "reason", "note", "csrf_token"),
    "organisers.undo_removal": ("csrf_token",),
    "organisers.signatures_csv": ("separator", "profile"),
    "organisers.signatures_jsonl": ("separator", "profile"),
}
ENDS_SESSIONS = {"organisers.sign_out", "organisers.end_session"}
# Not in order here: who hands on is an admin no more, and a code of an app is of 30 seconds.
NEVER_IN_ORDER = {
    *("organisers.hand_on", "organisers.site_hand_on", "organisers.confirm_second_factor")
}
SETTINGS_FORMS = {
    "organisers.settings": BasicForm,
    "organisers.picture": PictureForm,
    "organisers.facts": FactsForm,
    "organisers.questions": QuestionsForm,
}
PAPER = {"names": "20", "collected_on": "2016-05-26"}
GOOD: dict[str, dict[str, str]] = {
    "sign.submit": filled(language="en", channel="wa", handover="no", display="hidden"),
    "share.card": {"v": "1"},
    "share.story": {"v": "1"},
    "share.sheet": {"first": "7", "sheets": "2"},
    "share.mastodon": {"server": "@anna@mastodon.example.org"},
    "embed.oembed": {"url": f"{SITE}/p/free-them", "format": "json", "maxwidth": "300"},
    "embassy.write": {"letter": "en", "name": "Anna Berg"},
    "confirmation.submit": {"entry": "1"},
    "pending.answer": {"answer": "typed"},
    "confirmation.submit_own_entry": CHANGED | {"consent": "yes"},
    "pending.correct_address": {"email": "other@example.org"},
    "self_service.send_link": {"email": "anna@example.org"},
    "self_service.update": CHANGED,
    "self_service.disown": {"never": "yes"},
    "organisers.ask_link": {"email": "organiser@example.org"},
    "organisers.edit_text": dict.fromkeys(FIELDS, "Free them") | {"step": "preview"},
    "organisers.change_state": {"state": "open"},
    "organisers.new_petition": {"language": "en", "title": "Free them"},
    "organisers.settings": {"contact": "committee@example.org"},
    "organisers.questions": {"questions_1_text_en": "City", "questions_1_kind": "text"},
    "organisers.ask_handover_list": {"format": "csv", "reason": "For the embassy"},
    "organisers.ask_own_list": {
        "own-format": "csv",
        "own-reason": "For the embassy",
        "own-keep_until": str(now().date()),
    },
    "organisers.ask_pack": {"language": "en", "reason": "For the embassy"},
    "organisers.record_handover": {"version": "1", "handed_over_on": "2016-05-26", "place": "Here"},
    "organisers.decide_burst": {"state": "discarded"},
    "organisers.invite_person": {"role": "viewer", "language": "en"},
    "organisers.site_invite_person": {"role": "viewer", "language": "en"},
    "organisers.write_news": {"action": "save", "title_en": "Letters", "body_en": "At six."},
    "organisers.edit_news": {"action": "save", "title_en": "a", "body_en": "b", "note_en": "c"},
    "organisers.change_mailing": {"change": "pause"},
    "organisers.change_text_question": {"change": "pause"},
    "organisers.require_code": {"needed": "no"},
    "organisers.decide_comments": {"decision": "shown", "chosen": "1:x"},
    "organisers.search_signatures": {"by": "name", "term": "Anna"},
    "organisers.organisations": {"start": "50"},
    "organisers.preview_organisations": {"written": "Union"},
    "organisers.merge_organisations": {"written": "Union", "shown": "The Union"},
    "organisers.invalidate": {"reason": "duplicate"},
    **dict.fromkeys(("organisers.add_sheet", "organisers.change_sheet"), PAPER),
    "organisers.preview_removal": {"criteria": '{"country": "KZ"}'},
    "organisers.remove_matching": {"reason": "automated", "seen": "1"},
}
SETTINGS = {
    "SECRET_KEY": "a key for tests alone, of no use elsewhere",
    "SITE_URL": SITE,
    "MAIL_SERVER": "127.0.0.1",
    "TRUSTED_PROXIES": 1,
    # Everything in force, and nobody over a limit.
    "MIN_FORM_SECONDS": 1,
    "RATELIMIT_FREE": 1_000_000,
    "RATELIMIT_MOST": 1_000_000,
    "RATELIMIT_DOMAIN": 1_000_000,
}
_PART = re.compile(r"<(?:(\w+)(?:\([^>]*\))?:)?(\w+)>")


class Call(NamedTuple):
    """A rule and a method. `parts` are the names of what its path holds, `places` with those of
    what is read besides.
    """

    method: str
    rule: str
    endpoint: str
    parts: tuple[str, ...]
    translated: bool

    @property
    def places(self) -> tuple[str, ...]:
        return self.parts + READS.get(self.endpoint, ())

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


@cache
def calls() -> list[Call]:
    """Return every rule by every method; a rule with a language before it goes with the one
    without.
    """
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name in [name for name in os.environ if name.startswith("PETITION_")]:
            patch.delenv(name)
        folder = stack.enter_context(TemporaryDirectory())
        here = {"INSTANCE_PATH": folder, "SQLALCHEMY_DATABASE_URI": "sqlite://"}
        rules = list(create_app(SETTINGS | here).url_map.iter_rules())
    rules.sort(key=lambda rule: rule.endpoint == "organisers.sign_out")  # after it, nothing opens
    prefix = "/<language:language>"
    translated = {rule.rule.removeprefix(prefix) for rule in rules if prefix in rule.rule}
    return [
        Call(
            method,
            rule.rule,
            rule.endpoint,
            tuple(name for _, name in _PART.findall(rule.rule)),
            rule.rule in translated,
        )
        for rule in rules
        if not rule.rule.startswith(prefix)
        for method in sorted({"GET", "HEAD", "POST"} & (rule.methods or set()))
    ]


_heard: set[str] = set()


class Heard(ImmutableMultiDict[str, Any]):
    """What came with a request; it tells which names were asked for."""

    def __getitem__(self, name: str) -> Any:
        _heard.add(name)
        return super().__getitem__(name)

    def getlist(self, name: str, type: Any = None) -> list[Any]:  # noqa: A002 (werkzeug's name)
        _heard.add(name)
        return super().getlist(name, type)

    def __contains__(self, name: object) -> bool:
        _heard.add(str(name))
        return super().__contains__(name)


class Listening(Request):
    """A request that tells what was read of it."""

    parameter_storage_class = Heard


class Site:
    """A site with a key to every page."""

    def __init__(self, app: Flask, folder: Path, drawings: Path) -> None:
        app.request_class = Listening
        # Its clock stands still, so drawing is never put off: 503 would be no answer here.
        app.extensions["image_cache"] = ImageCache(drawings, cpu_timer=lambda: 0.0)
        self.app = app
        self.client = browser(app, use_cookies=False)
        self.slug = make_petition()
        change_text(self.slug)
        (folder / "queue.jpg").write_bytes(photo())
        news = petition_file.parse_updates(NEWS | {"pictures": ["queue.jpg"]}, folder)
        updates.import_updates(self.slug, news, now=now())
        self.petition_id = queries.get_id(self.slug)
        self._tokens: tokens.Tokens = app.extensions["tokens"]
        self._number = 0
        invite(Role.ADMIN)
        self._fixed: dict[str, str] = {}
        self._enter()
        self._fixed |= {
            "slug": self.slug,
            "code": "en",
            "count": "0",
            "digest": updates.list_pictures(self.petition_id)["queue.jpg"].digest,
            "update_id": str(updates.list_updates(self.petition_id, "en", now=now())[0].id),
            "office": str(updates.list_offices(self.petition_id)[0].id),
            "session_id": "999999",
            "download_id": "1",
            "handover_id": "1",
            "kind": "pdf",
        }
        for options in (FileOptions(), FileOptions(Format.PDF, Profile.HANDOVER)):
            make_file(app, self.petition_id, 1, options)
        db.session.rollback()

    def _enter(self) -> None:
        """Sign the organiser in."""
        app = self.app
        inside = enter(app)
        page = inside.get("/organisers/")
        csrf = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
        name = app.config["SESSION_COOKIE_NAME"]
        cookie = inside.get_cookie(name, domain=SITE.partition("://")[2])
        assert cookie is not None
        self._cookie = f"{name}={cookie.value}"
        self._fixed["csrf_token"] = csrf
        db.session.rollback()

    def ask(
        self,
        call: Call,
        wrong: Mapping[str, Sequence[str]] | None = None,
        *,
        how: str = "form",
        age: timedelta = timedelta(),
    ) -> tuple[TestResponse, bool]:
        """Make a request in which all is in order but what is `wrong`, by place, and return the
        answer and whether there are more or fewer rows after it.
        """
        wrong = wrong or {}
        good = self._fixed | self._good(call, age, wrong) | GOOD.get(call.endpoint, {})
        if call.endpoint == "sign.submit":
            good["email"] = f"signer{self._number}@example.org"
        path = _PART.sub(lambda part: "".join(wrong.get(part[2], [good[part[2]]])[:1]), call.rule)
        if call.translated and self._number % 2:
            path = f"/ru{path}"
        fields = [
            (name, value)
            for name in READS.get(call.endpoint, ())
            for value in wrong.get(name, [good[name]] if name in good else [])
        ]
        body = write_body(fields, how) if call.method == "POST" else {}
        query = "" if call.method == "POST" else urlencode(fields, errors="surrogatepass")
        before = self.rows()
        _heard.clear()
        answer = self.open(path, call.method, query, **body)
        changed = self.rows() != before
        if call.endpoint in ENDS_SESSIONS and call.method == "POST":
            self._enter()
        # The last two are of a page's own query, which is read again when its form comes back.
        unknown = _heard - {*READS.get(call.endpoint, ()), "csrf_token", "again", "saved"}
        unknown -= {
            name for name in unknown if re.match(r"plan_[3-9]", name)
        }  # of a plan that grew
        assert not unknown, f"teach READS what {call.endpoint} reads"
        return answer, changed

    def open(self, path: str, method: str, query: str = "", **options: Any) -> TestResponse:
        """Ask as a server hands a request over, whatever bytes came in its path."""
        raw = path.encode("utf-8", "surrogatepass").decode("latin-1")
        environ = {"PATH_INFO": raw, "QUERY_STRING": query, **options.pop("environ", {})}
        environ.setdefault("HTTP_COOKIE", self._cookie)
        environ.setdefault("HTTP_X_FORWARDED_FOR", "127.0.0.1")
        answer = self.client.open("/", method=method, environ_overrides=environ, **options)
        # 501 is what oEmbed wants for a format that is not offered.
        assert answer.status_code < 500 or (path[-7:], answer.status_code) == ("/oembed", 501)
        assert b"Traceback" not in answer.data
        assert b"sqlalchemy" not in answer.data.lower()
        return answer

    def rows(self) -> dict[str, int]:
        """Return how many rows each table has."""
        with db.engine.connect() as connection:
            return dict(connection.execute(_COUNTING).all())

    def _good(self, call: Call, age: timedelta, wrong: Mapping[str, object]) -> dict[str, str]:
        """Return what is made for one request alone: it may be used up by it."""
        self._number += 1
        good = {
            "opened": self._tokens.make(tokens.FORM, 1, now=now()),
            # A step is done by waiting or, before that, by its proof.
            "ticket": make_ticket(
                self.app,
                f"sign:{self.petition_id}" if call.endpoint == "sign.submit" else "email_request",
                "127.0.0.1",
                seconds=0 if "proof" in wrong else 11,
            ),
        }
        if "burst_id" in call.parts:
            source = f"flood{self._number}.xyz"
            with transaction() as connection:
                flood = bursts.Finding(BurstKind.DOMAIN, source, 60, 0)
                made = bursts.record(connection, self.petition_id, flood, now=now())
            good["burst_id"] = str(made)
        if call.endpoint.endswith("invite_person"):
            good["email"] = f"invited{self._number}@example.net"
        if "organiser_id" in call.parts:
            person = parse_address(f"person{self._number}@example.net")
            slug = self.slug if "slug" in call.parts else None
            invited = access.invite(person, role=Role.VIEWER, slug=slug, language="en", now=now())
            good |= {"organiser_id": str(invited), "role": "editor", "was": "viewer"}
        if call.endpoint in {"organisers.add_sheet", "organisers.change_sheet"}:
            good["label"] = f"Lund {self._number}"
        if "sheet_id" in call.parts:
            sheet = SheetForm(f"Stockholm {self._number}", 20, None, b"RIFF")
            sheet_id = paper.add(self.petition_id, sheet, organiser_id=1, now=now())
            good |= {"sheet_id": str(sheet_id), "version": "1"}
        if form := SETTINGS_FORMS.get(call.endpoint):
            good["seen"] = get_settings(self.slug, form.names).seen
        if call.endpoint == "organisers.edit_news":
            update_id = int(self._fixed["update_id"])
            stored = reading.get_news(self.petition_id, update_id, now=now())
            good["version"] = str(stored.version)
            db.session.rollback()
        if call.endpoint == "organisers.record_handover":
            good["version"] = str(packs.get_pack(self.petition_id, 1).version)
        if call.endpoint.startswith("handed_over."):
            packs.make_link(self.petition_id, 1, organiser_id=1, now=now())
            ids = (1, packs.get_pack(self.petition_id, 1).link_serial)
            good["token"] = self._tokens.make(tokens.HANDOVER, *ids, now=now() - age)
            db.session.rollback()
        elif {"token", "signature_id", "number"} & {*call.parts}:
            good |= self._signed(call, age)
        if call.endpoint in {"organisers.remove_matching", "organisers.undo_removal"}:
            good |= self._removable()
        if call.endpoint in {"organisers.merge_organisations", "organisers.undo_organisations"}:
            good |= self._joinable(call)
        return good

    def _removable(self) -> dict[str, str]:
        """Return what matches one signature alone, and a removal of another one."""
        ids = []
        for name in ("match", "removed"):
            email_id = sign(f"anna@{name}{self._number}.example", self.slug, at=now())
            (signature_id,) = db.session.scalars(
                select(Email.signature_id).where(Email.id == email_id)
            )
            confirm(signature_id or 0, at=now())
            ids.append(signature_id or 0)
            db.session.rollback()
        removal = invalidation.invalidate(
            self.petition_id, ids[1], InvalidReason.DUPLICATE, now=now()
        )
        criteria = f'{{"domain": "match{self._number}.example"}}'
        return {"criteria": criteria, "invalidation_id": str(removal)}

    def _joinable(self, call: Call) -> dict[str, str]:
        """Return the spelling of an organisation and what it shows as, or a name to be undone."""
        written, entry = "Union", replace(ENTRY, organisation="Union")
        email_id = sign(f"anna@org{self._number}.example", self.slug, entry=entry, at=now())
        confirm(signature_of(email_id).id, at=now())
        choice = organisations.choose(self.petition_id, [written])
        good = {"written": written, "seen": choice.seen, "shown": f"Union {self._number}"}
        if call.endpoint == "organisers.undo_organisations":
            organisations.merge(
                self.petition_id, [written], good["shown"], seen=choice.seen, now=now()
            )
            good["name_id"] = str(organisations.list_joined(self.petition_id)[0][0])
        db.session.rollback()
        return good

    def _signed(self, call: Call, age: timedelta) -> dict[str, str]:
        entry = replace(ENTRY, comment="Because.", display="full")
        moment, email = now() - timedelta(minutes=5), f"kept{self._number}@example.org"
        email_id = sign(email, self.slug, entry=entry, at=moment)
        page = call.rule.partition("/<token>")[0].rpartition("/")[2]
        if page == "confirm":  # asks which name it is
            sign(email, self.slug, entry=replace(entry, name="Bo Berg"), at=moment)
        (signature_id,) = db.session.scalars(select(Email.signature_id).where(Email.id == email_id))
        assert signature_id is not None
        if page in {"thanks", "my"} or {"signature_id", "number"} & {*call.parts}:
            confirm(signature_id, at=moment)
        number = db.session.scalar(select(Signature.number).where(Signature.id == signature_id))
        link = access.get_sign_in_link(parse_address("organiser@example.org"))
        db.session.rollback()
        purposes: dict[str, tuple[tokens.Purpose, tuple[int, ...]]] = {
            "pending": (tokens.PENDING, (email_id,)),
            "confirm": (tokens.confirm_purpose(7), (signature_id, 1)),
            "thanks": (tokens.THANKS, (signature_id,)),
            "my": (tokens.SELF_SERVICE, (signature_id,)),
            "not-me": (tokens.DISOWN, (email_id,)),
            "unsubscribe": (tokens.UNSUBSCRIBE, (signature_id,)),
            "enter": (tokens.SIGN_IN, (link.organiser_id, link.serial)),
        }
        good = {"signature_id": str(signature_id), "number": str(number)}
        if "token" in call.parts:
            purpose, ids = purposes[page]
            good["token"] = self._tokens.make(purpose, *ids, now=now() - age)
            good["code"] = codes.make_code(email_id, self._tokens)
            with transaction() as connection:
                code_hash = codes.hash_code(email_id, good["code"], self._tokens)
                codes.store_hashes(connection, {email_id: code_hash})
        return good


# A day's key of networks is made by whoever comes first, and what is refused may count as a try.
_COUNTING = union_all(
    *(
        select(literal(table.name), func.count()).select_from(table)
        for table in Base.metadata.sorted_tables
        if table.name not in {"network_secret", "counter"}
    )
)


def write_body(fields: Sequence[tuple[str, str]], how: str) -> dict[str, Any]:
    """Write a body: as forms do, in parts, with every field a file, or as what is no form."""
    if how == "form":
        return {
            "data": urlencode(fields, errors="surrogatepass"),
            "content_type": "application/x-www-form-urlencoded",
        }
    if how == "json":
        return {"data": repr(dict(fields)).encode(), "content_type": "application/json"}
    file = '; filename="a.txt"' if how == "files" else ""
    parts = "".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{value}\r\n'
        for name, value in fields
    )
    return {
        "data": f"{parts}--B--\r\n".encode("utf-8", "surrogatepass"),
        "content_type": "multipart/form-data; boundary=B",
    }


@fuzzing()
@given(values=st.lists(anything, max_size=3), how=st.sampled_from(HOW))
@example(values=["\0"], how="form")
@example(values=["2147483648"], how="form")
@example(values=["9" * 400], how="form")
@example(values=["a" * 20_000], how="form")
@example(values=[], how="form")
@example(values=["\ud800 \u202e<b>%s{{ 7 }}'\"", "\0", "1"], how="parts")
def anything_in_any_place(site: Site, call: Call, place: str, values: list[str], how: str) -> None:
    answer, changed = site.ask(call, {place: values}, how=how)
    if answer.status_code >= 400:
        assert not changed, "never a row from what is refused"
    if call.endpoint == "sign.submit":
        assert changed == (answer.status_code == 303), "a row for each one that is taken"
