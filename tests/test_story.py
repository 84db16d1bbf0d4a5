"""What a page tells beside the letter: picture, facts, plan, pace, victory; counts in previews."""

import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, update

from petition.core.clock import now
from petition.core.errors import PetitionFileInvalid
from petition.database.transactions import transaction
from petition.models import SignatureSum, Tally
from petition.models.enums import PetitionState
from petition.models.sums import SumKind
from petition.petitions import counts, queries, sums, updates
from petition.petitions.editing import petition_file
from petition.petitions.editing.toml_lines import find_lines
from petition.petitions.story import Fact, PlanStep, VictoryWords
from tests.browsing import Client, text_of, trail
from tests.commands import SAMPLE, refused, run, write_file
from tests.factories import NEWS, SITE, make_petition, photo

FACTS = [
    {
        "en": {"value": "12 years", "label": "in a colony"},
        "ru": {"value": "12 лет", "label": "колонии"},
    },
    {"en": {"value": "15 days", "label": "for activists"}},
]
PLAN = [
    {"date": date(2016, 5, 25), "text": {"en": "To the embassy in Ottawa"}},
    {"date": "2016-06", "text": {"en": "To the embassy in Bonn", "ru": "В посольство"}},
    {"text": {"en": "More embassies"}},
]
VICTORY = """
[victory.en]
sentence = "He is free."
won = "The sentence was **lifted**."
next = "Write him a letter."
[victory.ru]
sentence = "Он на свободе."
"""
STORY: dict[str, Any] = {"facts": FACTS, "plan": PLAN, "as_of": "2016-05"}


def count(number: int, app: Flask) -> None:
    """Set the counter of all petitions."""
    with transaction() as connection:
        connection.execute(update(Tally).values(counted=number))
    app.extensions["page_cache"].clear()


def test_what_is_wrong_with_facts_plan_and_victory_is_told_with_its_line() -> None:
    written = (
        'slug = "x"\nsource_language = "en"\norganiser = "o"\ncontact = "c@x.org"\n'
        'face_credit = "Anna"\nas_of = "2016-13"\n[text.en]\n'
        + "".join(f'{name} = "x"\n' for name in ("title", "target", "lede", "letter", "story"))
        + 'share = "x"\nface_caption = "him"\n[[facts]]\nen = { value = "12" }\n[[facts]]\n'
        'ru = { value = "1", label = "x", more = "" }\n[[facts]]\nen = "12 years"\n[[facts]]\n'
        '[[plan]]\ndate = "soon"\n[[plan]]\n[plan.text]\nru = "x"\nEnglish = ""\n'
        '[victory]\n[victory.sv]\nsentence = ""\n'
    )
    with pytest.raises(PetitionFileInvalid) as refusal:
        petition_file.parse(tomllib.loads(written), None, find_lines(written))
    errors = str(refusal.value).split("; ")
    assert [": ".join(error.split(": ")[:2]) for error in errors] == [
        *("line 5: face_credit", "line 6: as_of", "line 14: text.en.face_caption"),
        *("line 16: facts 1.en.label", "line 17: facts 2.en", "line 18: facts 2.ru.more"),
        *("line 20: facts 3.en", "line 21: facts 4", "line 21: facts 4.en"),
        *("line 22: plan 1.text", "line 23: plan 1.date", "line 25: plan 2.text.en"),
        *("line 27: plan 2.text.English", "line 28: victory.en", "line 30: victory.sv.sentence"),
    ]
    assert "at most 3" in str(refusal.value)
    assert 'a date, as 2016-05-26, or a month, as "2016-05"' in str(refusal.value)


def test_the_sample_tells_facts_and_plan_in_every_language_that_it_has() -> None:
    file = petition_file.parse(tomllib.loads(SAMPLE.read_text(encoding="utf-8")))
    languages = {text["language"] for text in file.texts}
    assert len(languages) == 6
    assert file.petition["as_of"] == "2016-05"
    assert len(file.petition["facts"]) == 3
    for words in (*file.petition["facts"], *(step["text"] for step in file.petition["plan"])):
        assert set(words) == languages


def test_facts_and_plan_are_told_in_the_readers_language_or_that_of_the_petition(
    client: Client,
) -> None:
    slug = make_petition(**STORY)
    russian = queries.get_petition(slug, "ru")
    assert russian.facts == [
        Fact("ru", "12 лет", "колонии"),
        Fact("en", "15 days", "for activists"),
    ]
    assert russian.plan == [
        PlanStep("en", "2016-05-25", "To the embassy in Ottawa"),
        PlanStep("ru", "2016-06", "В посольство"),
        PlanStep("en", "", "More embassies"),
    ]
    page = client.get(f"/en/p/{slug}")
    for shown in (
        *("12 years in a colony", "Case as of May 2016", "What happens with your signature"),
        *("June 2016 To the embassy in Bonn", "More embassies"),
    ):
        assert shown in text_of(page)
    assert page.text.count('href="mailto:committee@example.org"') == 2, "in the text and the foot"
    in_russian = client.get(f"/ru/p/{slug}").text
    assert '<li lang="en" dir="ltr"><strong>15 days</strong> for activists</li>' in in_russian
    assert "май 2016" in in_russian
    bare = client.get(f"/en/p/{make_petition('bare')}").text
    for absent in ("key-facts", "Case as of", 'class="plan"', 'class="latest"', "<figure"):
        assert absent not in bare


def test_a_picture_has_caption_and_credit_and_takes_the_place_of_the_facts(
    app: Flask, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "face.jpg").write_bytes(photo())
    facts = 'facts = [{ en = { value = "12 years", label = "in a colony" } }]'
    top = ('face = "face.jpg"', 'face_credit = "Anna Berg"', facts)
    run(app, "petition", "import", write_file(tmp_path, *top, face="A man", face_caption="In 2012"))
    page = client.get("/en/p/water")
    assert 'alt="A man"' in page.text
    assert "In 2012 Picture: Anna Berg" in text_of(page)
    assert "12 years" not in page.text
    run(app, "petition", "import", "--replace", write_file(tmp_path, facts))
    app.extensions["page_cache"].clear()
    page = client.get("/en/p/water")
    assert "12 years in a colony" in text_of(page)
    assert "Anna Berg" not in page.text


def test_replacing_facts_and_plan_makes_no_new_version_of_the_letter(
    app: Flask, tmp_path: Path
) -> None:
    run(app, "petition", "import", write_file(tmp_path))
    plan = 'plan = [{ date = 2016-05-25, text = { en = "To Ottawa" } }]'
    run(app, "petition", "import", "--replace", write_file(tmp_path, plan, "as_of = 2016-05-26"))
    view = queries.get_petition("water", "en")
    assert (view.plan, view.as_of) == ([PlanStep("en", "2016-05-25", "To Ottawa")], "2016-05-26")
    assert view.text.version == 1
    run(app, "petition", "import", "--replace", write_file(tmp_path))
    assert queries.get_petition("water", "en").plan == []


def test_a_victory_is_told_in_the_organisers_words(
    app: Flask, client: Client, tmp_path: Path, petition: str
) -> None:
    file = tmp_path / "won.toml"
    file.write_text(f"slug = 7\n{VICTORY}", encoding="utf-8")
    count(1_234, app)
    said = run(app, "petition", "victory", petition, str(file))
    assert said == f"victory /p/{petition}; tell people at {SITE}/p/{petition}\n"
    page = client.get(f"/en/p/{petition}")
    shown = text_of(page)
    for told in (
        *("We won He is free.", "What was won The sentence was lifted .", "Write him a letter."),
        "Thank you to the 1,234 people who signed",
    ):
        assert told in shown
    assert '<meta property="og:description" content="He is free.">' in page.text
    assert "text=He%20is%20free.%20https" in page.text
    for gone in ("They are in prison for what they said.", "What happens with your signature"):
        assert gone not in page.text
    assert "Он на свободе." in client.get(f"/ru/p/{petition}").text
    swedish = client.get(f"/sv/p/{petition}").text
    assert '<p class="lede" lang="en" dir="ltr">He is free.</p>' in swedish
    assert trail()[-2:] == [
        ("petition.victory", None, 1, "open to victory"),
        ("petition.victory", None, 1, "words in en, ru"),
    ]
    run(app, "petition", "close", petition)
    app.extensions["page_cache"].clear()
    assert "He is free." not in client.get(f"/en/p/{petition}").text, "taken back"


def test_a_petition_that_takes_no_signatures_asks_for_none(
    app: Flask, client: Client, petition: str
) -> None:
    asked = ("We send you an email.", "Your name: only you see it here")
    assert all(words in client.get(f"/en/p/{petition}").text for words in asked)
    run(app, "petition", "close", petition)
    app.extensions["page_cache"].clear()
    page = client.get(f"/en/p/{petition}").text
    for gone in (*asked, "You confirm it.", 'class="signature"'):
        assert gone not in page
    for left in ("What happens with the signatures", "They are handed over.", "The letter goes to"):
        assert left in page


def test_words_of_a_victory_come_from_either_command(app: Flask, tmp_path: Path) -> None:
    file = Path(write_file(tmp_path))
    run(app, "petition", "import", str(file))
    said = refused(app, "petition", "victory", "water", str(file))
    assert said.endswith("line 1: victory: a table for each language")
    assert queries.get_petition("water", "en").state == PetitionState.OPEN
    swedish = tmp_path / "sv.toml"
    swedish.write_text('[victory.sv]\nsentence = "Han är fri."\n', encoding="utf-8")
    said = refused(app, "petition", "victory", "water", str(swedish))
    assert said.endswith("victory.en: a text is missing")
    assert queries.get_petition("water", "en").state == PetitionState.OPEN
    said = run(app, "petition", "victory", "water")
    assert said == "victory /p/water; tell people at https://petition.example.org/p/water\n"
    assert queries.get_petition("water", "en").victory is None
    plain = file.read_text(encoding="utf-8")
    file.write_text(plain + VICTORY, encoding="utf-8")
    run(app, "petition", "import", "--replace", str(file))
    file.write_text(plain, encoding="utf-8")
    run(app, "petition", "import", "--replace", str(file))
    words = queries.get_petition("water", "ru").victory
    assert words == VictoryWords("ru", "Он на свободе.", "", ""), "a file without them keeps them"


def test_words_of_a_victory_are_markdown_without_html(app: Flask, tmp_path: Path) -> None:
    file = Path(write_file(tmp_path))
    file.write_text(file.read_text("utf-8") + VICTORY.replace("**", "<b>"), encoding="utf-8")
    reason = "victory.en.won: no HTML and no pictures, but <b>"
    assert refused(app, "petition", "victory", "water", str(file)).endswith(reason)
    assert refused(app, "petition", "import", str(file)).endswith(reason)


def test_the_pace_shows_above_ten_and_the_last_update_links_to_it(
    app: Flask, client: Client, petition: str
) -> None:
    updates.import_updates(petition, petition_file.parse_updates(NEWS_WITHOUT_PICTURE), now=now())
    for number, shown in ((sums.PACE_ABOVE, False), (sums.PACE_ABOVE + 1, True)):
        confirmed_on(now(), number)
        app.extensions["page_cache"].clear()
        assert ("11 today" in text_of(client.get(f"/en/p/{petition}"))) is shown
    assert sums.get_pace(1, now=now() + timedelta(days=1)) == 0
    page = client.get(f"/en/p/{petition}").text
    newest = updates.published_ids(1, now=now())[0]
    assert f'<a href="/en/p/{petition}/updates/{newest}">Last update: ' in page


NEWS_WITHOUT_PICTURE = {"update": NEWS["update"][:1]}


def confirmed_on(day: datetime, number: int) -> None:
    """Store how many signatures of the first petition were confirmed on a day."""
    with transaction() as connection:
        connection.execute(SignatureSum.table().delete())
        key = {"petition_id": 1, "kind": SumKind.DAY, "key": day.date().isoformat()}
        connection.execute(insert(SignatureSum.table()).values(**key, confirmed=number))


@pytest.mark.parametrize(
    ("counted", "shared"), [(0, 0), (1, 0), (49, 0), (50, 50), (99, 99), (12_345, 12_000)]
)
def test_a_count_is_shared_from_fifty_on(counted: int, shared: int) -> None:
    assert counts.count_to_share(counted) == shared


def test_pictures_and_previews_leave_out_a_small_count(
    app: Flask, client: Client, petition: str
) -> None:
    without = client.get(f"/p/{petition}/card/en/0.png").data
    count(49, app)
    assert client.get(f"/p/{petition}/card/en/0.png").data == without
    assert client.get(f"/p/{petition}/card/en/49.png").data == without, "an earlier release's link"
    for path in ("", "/share"):
        page = client.get(f"/en/p/{petition}{path}").text
        assert f"{petition}/card/en/0.png?v=1" in page
        assert "49.png" not in page
    poster = client.get(f"/en/p/{petition}/poster.pdf").data
    count(50, app)
    assert f"{petition}/card/en/50.png?v=1" in client.get(f"/en/p/{petition}").text
    assert client.get(f"/p/{petition}/card/en/50.png").data != without
    assert client.get(f"/en/p/{petition}/poster.pdf").data != poster
