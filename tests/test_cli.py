"""The command line: the same use cases as the pages; refused with exit status 1 and one line."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from petition.database.base import db
from petition.models import AuditEntry
from petition.models.enums import PetitionState
from petition.petitions import queries
from tests.browsing import Client, browser, confirmed, count_of, path_of, press
from tests.factories import MakeApp
from tests.post_office import PostOffice

SAMPLE = Path(queries.__file__).parent / "samples" / "kuramshin.toml"


def run(app: Flask, *command: str) -> str:
    """Run a command that is expected to succeed and return what it prints."""
    result = app.test_cli_runner().invoke(args=command)
    assert result.exit_code == 0, result.output
    db.session.rollback()
    return str(result.output)


def refused(app: Flask, *command: str, status: int = 1) -> str:
    """Run a command that is expected to be refused and return the last line it says."""
    result = app.test_cli_runner().invoke(args=command)
    assert result.exit_code == status, result.output
    return str(result.stderr.strip().splitlines()[-1])


def test_the_sample_petition_is_imported_in_every_shipped_language(
    app: Flask, client: Client
) -> None:
    assert run(app, "petition", "import", str(SAMPLE)) == "/p/kuramshin\n"
    assert set(queries.get_petition("kuramshin", "en").languages) == set(app.config["LANGUAGES"])
    page = client.get("/en/p/kuramshin").text
    assert "Urgent action for Vadim Kuramshin" in page
    assert "as it stood in May 2016" in page
    assert "Срочно: свободу Вадиму Курамшину" in client.get("/ru/p/kuramshin").text
    assert refused(app, "petition", "import", str(SAMPLE)).endswith("exists already: kuramshin")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("slug = ", "is not TOML"),
        ('slug = "Not A Slug"', "slug: lower-case letters, digits and hyphens only"),
        ('slug = "x"\nstate = "won"', "state: draft or open"),
        ('slug = "x"\nsource_language = "en"', "text.en: the text in the source language"),
        (
            (
                'slug = "x"\nsource_language = "en"\norganiser = "o"\ncontact = "c"\n'
                '[text.en]\ntitle = ""'
            ),
            "text.en.title: a text of 1 to 200 characters",
        ),
    ],
)
def test_a_petition_file_that_lacks_something_says_what(
    app: Flask, tmp_path: Path, written: str, said: str
) -> None:
    file = tmp_path / "petition.toml"
    file.write_text(written, encoding="utf-8")
    assert said in refused(app, "petition", "import", str(file))


def test_a_petition_is_written_opened_paused_and_closed(app: Flask, client: Client) -> None:
    pieces = {
        "slug": "water",
        "language": "en",
        "organiser": "Us",
        "contact": "us@example.org",
        "title": "Clean the river",
        "target": "The council",
        "lede": "It stinks.",
        "letter": "Dear council",
        "story": "It did not always.",
        "share": "Sign:",
    }
    options = [word for name, value in pieces.items() for word in (f"--{name}", value)]
    assert "draft /p/water" in run(app, "petition", "create", *options)
    assert client.get("/p/water").status_code == 404
    run(app, "petition", "open", "water")
    assert run(app, "petition", "list") == "water\topen\t0\tClean the river\n"
    run(app, "petition", "pause", "water")
    run(app, "petition", "close", "water")
    closed = queries.get_petition("water", "en")
    assert closed.state == PetitionState.CLOSED
    assert closed.closed_at is not None
    run(app, "petition", "close", "water")
    assert queries.get_petition("water", "en").closed_at == closed.closed_at, (
        "closing twice is closing once"
    )


def test_recounting_agrees_with_the_counter(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition)
    assert run(app, "petition", "recount", petition) == "1\n"
    assert count_of(client, petition) == 1


def test_an_unknown_petition_is_refused_everywhere(app: Flask) -> None:
    for command in ("open", "pause", "close", "recount"):
        assert refused(app, "petition", command, "nobody") == "Error: there is no such petition"
    assert refused(app, "export", "nobody") == "Error: there is no such petition"


def test_a_printed_link_signs_in_once(app: Flask) -> None:
    run(app, "organiser", "invite", "Anna@example.org", "--role", "admin")
    link = run(app, "organiser", "link", "anna@example.org").strip()
    inside = browser(app)
    assert press(inside, path_of(link)).status_code == 303
    assert inside.get("/organisers/").status_code == 200
    assert press(browser(app), path_of(link)).status_code == 410


def test_organisers_are_refused_in_a_line(app: Flask) -> None:
    assert refused(app, "organiser", "link", "nobody@example.org").startswith("Error: there is no")
    run(app, "organiser", "invite", "anna@example.org")
    assert "exists already" in refused(app, "organiser", "invite", "anna@example.org")
    assert "no such petition" in refused(
        app, "organiser", "invite", "berta@example.org", "--petition", "nobody"
    )
    run(app, "organiser", "remove", "anna@example.org")
    refused(app, "organiser", "link", "anna@example.org")


def test_without_a_secret_no_link_is_made(make_app: MakeApp) -> None:
    app = make_app(SECRET_KEY=None)
    with app.app_context():
        run(app, "organiser", "invite", "anna@example.org")
        assert "SECRET_KEY is not set" in refused(app, "organiser", "link", "anna@example.org")


def test_wrong_usage_is_2(app: Flask) -> None:
    refused(app, "organiser", "invite", "not an address", status=2)
    refused(app, "organiser", "invite", "anna@example.org", "--role", "king", status=2)
    refused(app, "export", "x", "--format", "docx", status=2)


def test_the_export_is_the_same_bytes_as_the_download(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition, name="Айгүл")
    run(app, "organiser", "invite", "anna@example.org")
    inside = browser(app)
    press(inside, path_of(run(app, "organiser", "link", "anna@example.org").strip()))
    downloaded = inside.get(f"/organisers/p/{petition}/signatures.csv").data
    result = app.test_cli_runner().invoke(args=["export", petition])
    assert result.stdout_bytes == downloaded
    recorded = db.session.scalars(select(AuditEntry.detail).order_by(AuditEntry.id)).all()
    assert recorded[-2:] == ["csv", "csv by command"], "each copy is one that can be told of"


def test_the_outbox_is_worked_off_once_and_its_status_told(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    run(app, "organiser", "invite", "anna@example.org")
    assert run(app, "outbox", "status").startswith("1 waiting, the oldest for 0 s")
    run(app, "outbox", "run", "--once")
    assert run(app, "outbox", "status") == (
        "0 waiting\n1 sent, 0 refused, 0 withheld, 0 held in bursts\n"
    )
    post_office.stop()
    run(app, "organiser", "invite", "berta@example.org")
    assert "the mail server cannot be reached" in refused(app, "outbox", "run", "--once")
