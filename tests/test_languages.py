"""Every public page with a language in its address and without, in the reader's language."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from flask import Flask, render_template_string
from flask_babel import force_locale, ngettext
from sqlalchemy import update

from petition.core import tokens
from petition.core.config import ROOT
from petition.core.i18n import countries, sort_key
from petition.database.transactions import transaction
from petition.models import Tally
from petition.web.middleware.language import negotiate
from petition.web.middleware.translations import OWN_CATALOGUES
from tests.browsing import Client, deliver, filled, signed, token_for
from tests.factories import MakeApp, make_petition
from tests.post_office import PostOffice


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("kk-KZ,kk;q=0.9,ru;q=0.8", "ru"),
        ("de-DE,de;q=0.9", "en"),
        ("en-GB;q=0.4, ru;q=0.3", "en"),
        ("*", "en"),
        ("nonsense;;q=x,,,", "en"),
        ("ru" * 5_000, "en"),
    ],
)
def test_the_language_follows_accept_language(header: str, language: str) -> None:
    assert negotiate(header, ("en", "ru")) == language


# Those for organisers and for machines; any other blueprint is the public's, also one to come.
NOT_PUBLIC = {"organisers", "health", "dev_mail"}
# A figure is the same in all languages, and a picture's address names its own.
SAME_IN_ALL = {
    "/p/<slug>/count.json",
    "/p/<slug>/card/<code>/<int:count>.png",
    "/p/<slug>/story/<code>/<int:count>.png",
    "/p/<slug>/pictures/<digest>.webp",
}


def test_every_public_page_exists_with_and_without_a_prefix(app: Flask) -> None:
    rules: dict[str, set[str]] = {name: set() for name in app.blueprints if name not in NOT_PUBLIC}
    for rule in app.url_map.iter_rules():
        blueprint = rule.endpoint.partition(".")[0]
        if blueprint in rules:
            rules[blueprint].add(rule.rule)
    assert {
        "petition",
        "confirmation",
        "self_service",
        "updates",
        "share",
        "embassy",
        "notices",
    } <= set(rules)
    for name, found in rules.items():
        plain = {rule for rule in found if not rule.startswith("/<language:language>")}
        prefixed = {f"/<language:language>{rule}" for rule in plain - SAME_IN_ALL}
        assert plain, name
        assert found == plain | prefixed, name
    assert set().union(*rules.values()) >= SAME_IN_ALL


@pytest.mark.parametrize("with_an_own_language", [False, True])
def test_plurals_follow_each_language(
    make_app: MakeApp, tmp_path: Path, with_an_own_language: bool
) -> None:
    if with_an_own_language:  # in the instance folder, beside the shipped ones
        catalogue = tmp_path / OWN_CATALOGUES / "uk" / "LC_MESSAGES" / "messages.mo"
        catalogue.parent.mkdir(parents=True)
        catalogue.with_suffix(".po").touch()
        with catalogue.open("wb") as compiled:
            own = Catalog(locale="uk")
            own.add(FORMS, ("підпис", "підписи", "підписів"))
            write_mo(compiled, own)
    app = make_app(LANGUAGES=["en", "ru", "fr", *["uk"] * with_an_own_language])
    expected = {
        "en": "0 signatures, 1 signature, 2 signatures, 5 signatures, 21 signatures",
        "ru": "0 подписей, 1 подпись, 2 подписи, 5 подписей, 21 подпись",
        "fr": "0 signature, 1 signature, 2 signatures, 5 signatures, 21 signatures",
    } | ({"uk": "підписів, підпис, підписи, підписів, підпис"} if with_an_own_language else {})
    for language, forms in expected.items():
        with app.test_request_context(), force_locale(language):
            assert forms == ", ".join(ngettext(*FORMS, n, count=n) for n in (0, 1, 2, 5, 21))


FORMS = ("%(count)s signature", "%(count)s signatures")


def test_a_page_says_its_language_and_names_the_others(client: Client, petition: str) -> None:
    page = client.get(f"/ru/p/{petition}").text
    assert '<html lang="ru" dir="ltr">' in page
    assert (
        f'<link rel="alternate" hreflang="en" href="https://petition.example.org/en/p/{petition}">'
        in page
    )
    assert f'<a href="/en/p/{petition}" hreflang="en" lang="en">English</a>' in page
    assert f'<link rel="canonical" href="https://petition.example.org/ru/p/{petition}">' in page


def test_links_keep_the_language_prefix(client: Client, petition: str) -> None:
    page = client.get(f"/ru/p/{petition}").text
    assert f'action="/ru/p/{petition}/sign"' in page
    assert f'data-count-url="/p/{petition}/count.json"' in page


def test_the_script_gets_the_separators_of_each_language(client: Client, petition: str) -> None:
    for path in ("", "/embed"):
        for language, separator in (("en", ","), ("kk", "\xa0"), ("ru", "\xa0"), ("de", ".")):
            sample = separator.join(("1", "234", "567", "890"))
            page = client.get(f"/{language}/p/{petition}{path}").text
            assert f'data-sample="{sample}"' in page


def test_shared_links_carry_no_prefix(client: Client, petition: str) -> None:
    page = client.get(f"/ru/p/{petition}").text
    shared = f"https%3A%2F%2Fpetition.example.org%2Fp%2F{petition}%3Fr%3D"
    for channel in ("wa", "tg", "fb", "x", "em"):
        assert f"{shared}{channel}" in page
    assert "%2Fru%2Fp" not in page


def test_a_page_says_that_its_text_is_not_translated(app: Flask, client: Client) -> None:
    text = dict.fromkeys(("title", "target", "lede", "letter", "story", "share"), "Bara svenska")
    slug = make_petition("swedish", source_language="sv", text={"sv": text})
    page = client.get(f"/ru/p/{slug}").text
    assert "ещё не переведена на ваш язык" in page
    assert 'lang="sv"' in page


def test_a_reader_without_a_text_still_gets_mail_in_their_language(
    app: Flask, client: Client, post_office: PostOffice
) -> None:
    names = ("title", "target", "lede", "letter", "story", "share")
    text = dict.fromkeys(names, "Bara svenska")
    slug = make_petition("swedish", source_language="sv", text={"sv": text})
    link = signed(client, post_office, f"{slug}", language="ru")
    (mail,) = post_office.arrived
    assert "Здравствуйте!" in mail.text
    assert "«Bara svenska»" in mail.text
    assert "Подтвердите подпись" in client.get(link).text


def test_each_email_and_page_keeps_its_own_language(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    greetings = {"ru": "Здравствуйте!", "de": "Guten Tag", "en": "Hello,", "sv": "Hej"}
    for number, language in enumerate(("ru", "en", "de", "ru", "sv", "en")):
        form = filled(email=f"anna{number}@example.org", language=language)
        client.post(f"/p/{petition}/sign", data=form)
        deliver(app)
        mail = post_office.arrived[-1]
        for part in (mail.text, mail.html):
            said = {code for code, greeting in greetings.items() if greeting in part}
            assert said == {language}
        assert "Confirmed signatures" in client.get(f"/p/{petition}").text


def test_the_organiser_is_named_in_the_readers_language(app: Flask, client: Client) -> None:
    sample = tomllib.loads(
        (ROOT / "petition/petitions/samples/kuramshin.toml").read_text(encoding="utf-8")
    )
    make_petition(**sample)
    assert "Кампания за освобождение" in client.get("/ru/p/kuramshin").text
    assert "Campaign for the release" in client.get("/en/p/kuramshin").text


def test_the_language_in_the_address_wins_over_the_signers(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    link = signed(client, post_office, petition)
    assert "Confirm your signature" in client.get(link, headers={"Accept-Language": "ru"}).text
    assert "Подтвердите подпись" in client.get(f"/ru{link}").text


def test_failures_speak_the_readers_language(app: Flask, client: Client) -> None:
    assert "Такой страницы нет" in client.get("/ru/nothing/here").text
    assert "Такой страницы нет" in client.get("/nothing", headers={"Accept-Language": "ru"}).text
    forged = token_for(app, tokens.THANKS, 1)
    assert "Эта ссылка не работает" in client.get(f"/ru/confirm/{forged}").text


def test_numbers_and_dates_are_written_as_the_reader_writes_them(
    app: Flask, client: Client, petition: str
) -> None:
    with transaction() as connection:
        connection.execute(update(Tally).values(counted=12_345))
    assert "data-count>12,345<" in client.get(f"/en/p/{petition}").text
    assert "data-count>12\u00a0345<" in client.get(f"/ru/p/{petition}").text


def test_english_dates_and_times_are_british(app: Flask) -> None:
    source = "{{ then|day }}, {{ then|day_in('en') }}, {{ then|time }}"
    with app.test_request_context("/en/"):
        app.preprocess_request()
        written = render_template_string(source, then=datetime(2026, 11, 27, 14, 5, tzinfo=UTC))
    assert written == "27 November 2026, 27 November 2026, 14:05"


def test_the_countries_are_those_of_iso_3166_sorted_for_the_reader() -> None:
    english, russian = countries("en"), countries("ru")
    assert set(english) == set(russian)
    assert 245 <= len(english) <= 252
    assert english["KZ"] == "Kazakhstan"
    assert russian["KZ"] == "Казахстан"
    assert not {"EU", "UN", "ZZ", "XA", "001"} & set(english)


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ["Afghanistan", "Åland Islands", "Albania", "Côte d’Ivoire", "Croatia", "Zimbabwe"]),
        ("kk", ["Аустрия", "Әзірбайжан", "Багам аралдары", "Ямайка"]),
        ("kk", ["Кюрасао", "Қазақстан", "Қытай", "Лаос", "Мьянма (Бирма)", "Норвегия"]),
        ("kk", ["Орталық Африка Республикасы", "Өзбекстан", "Палау"]),
        ("kk", ["Уругвай", "Ұлыбритания", "Үндістан", "Фиджи", "Эфиопия"]),
        ("kk", ["Боливия", "Бутан", "Біріккен Араб Әмірліктері", "Вануату"]),
        ("kk", ["Тунис", "Түркия", "Уганда"]),
        ("ru", ["Ирландия", "Италия", "Йемен", "Кабо-Верде", "Казахстан", "Япония"]),
        ("de", ["Afghanistan", "Ägypten", "Ålandinseln", "Albanien", "Oman", "Österreich"]),
        ("sv", ["Albanien", "Tyskland", "Zimbabwe", "Åland", "Österrike", "Östtimor"]),
        ("fr", ["Égypte", "Émirats arabes unis", "Espagne", "États-Unis", "Éthiopie", "Fidji"]),
    ],
)
def test_countries_stand_where_a_reader_of_the_language_looks(
    language: str, names: list[str]
) -> None:
    listed = list(countries(language).values())
    places = [listed.index(name) for name in names]
    assert places == sorted(places)


def test_a_russian_yo_stands_with_ye_and_a_kazakh_one_after_it() -> None:
    names = ["Ель", "Ёлка", "Етти"]
    assert sorted(names, key=lambda name: sort_key(name, "ru")) == ["Ёлка", "Ель", "Етти"]
    assert sorted(names, key=lambda name: sort_key(name, "kk")) == ["Ель", "Етти", "Ёлка"]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_quotation_marks_are_the_writers_in_every_language(client: Client, language: str) -> None:
    names = ("title", "target", "lede", "letter", "story", "share")
    text = dict.fromkeys(names, '„Anna“, «Айгүл», "plain" -- § 5(c)...')
    slug = make_petition("quoting", source_language=language, text={language: text})
    assert '<p>„Anna“, «Айгүл», "plain" -- § 5(c)...</p>' in client.get(f"/p/{slug}").text


@pytest.mark.parametrize(
    "page", ["share", "qr.svg", "badge.svg", "poster.pdf", "sheet.pdf", "updates.atom", "embed"]
)
def test_negotiated_pages_vary_by_accept_language(client: Client, petition: str, page: str) -> None:
    asked = client.get(f"/p/{petition}/{page}", headers={"Accept-Language": "ru"})
    assert "Accept-Language" in asked.headers["Vary"]
    named = client.get(f"/ru/p/{petition}/{page}")
    assert "Accept-Language" not in named.headers.get("Vary", "")
    for same in (f"/p/{petition}/count.json", f"/p/{petition}/card/en/0.png"):
        assert "Accept-Language" not in client.get(same).headers.get("Vary", "")
