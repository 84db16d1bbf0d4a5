"""The command line: the same use cases as the pages; refused with exit status 1 and one line."""

import tomllib
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from petition.cli.refusal import NOT_MIGRATED, Command, CommandGroup
from petition.core.errors import PetitionError, SlugTaken, TransitionNotAllowed
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Tally
from petition.models.enums import PetitionState
from petition.petitions import lifecycle, petition_file, queries
from tests.browsing import Client, browser, confirmed, count_of, path_of, press, trail
from tests.factories import TODAY, MakeApp, make_petition
from tests.post_office import PostOffice

OWN_COMMANDS = {"petition", "export", "organiser", "outbox", "bounces", "setup", "serve"}
OWN_COMMANDS |= {"retention", "abuse"}
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
    run(app, "petition", "add", "kuramshin", str(SAMPLE.with_name("kuramshin-news.toml")))
    assert [entry[0] for entry in trail()] == ["petition.import", "petition.update"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("slug = ", "is not TOML"),
        ('slug = "Not A Slug"', "slug: lower-case letters, digits and hyphens only"),
        ('slug = "x"\nstate = "won"', "state: draft or open"),
        (
            'slug = "x"\nsource_language = "en"\norganiser = "o"\ncontact = "c"',
            "text.en: the text in the source language",
        ),
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


@pytest.mark.parametrize(
    ("table", "command"),
    [
        ("petition", ("petition", "list")),
        ("petition", ("export", "kuramshin")),
        ("email", ("outbox", "status")),
        ("email", ("outbox", "run", "--once")),
    ],
)
def test_a_command_that_misses_a_table_says_how_to_make_it(
    app: Flask, table: str, command: tuple[str, ...]
) -> None:
    with transaction() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO mislaid"))
    try:
        assert refused(app, *command) == f"Error: {NOT_MIGRATED}"
    finally:
        db.session.rollback()
        with transaction() as connection:
            connection.execute(text(f"ALTER TABLE mislaid RENAME TO {table}"))


def test_a_command_without_a_database_says_how_to_make_one(
    make_app: MakeApp, tmp_path: Path
) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'new.db'}")
    assert refused(app, "petition", "list") == f"Error: {NOT_MIGRATED}"


def test_an_impossible_port_is_wrong_usage(app: Flask) -> None:
    assert "99999 is not in the range" in refused(app, "serve", "--port", "99999", status=2)


def test_every_command_is_refused_with_one_line(app: Flask) -> None:
    own = [command for name, command in app.cli.commands.items() if name in OWN_COMMANDS]
    assert len(own) == len(OWN_COMMANDS)
    for command in own:
        single = command.commands.values() if isinstance(command, CommandGroup) else [command]
        assert all(isinstance(command, Command) for command in single), command.name


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


def test_every_change_of_state_is_recorded_once(app: Flask) -> None:
    slug = make_petition(state="draft")
    for command in ("open", "open", "pause", "pause", "close", "victory", "victory", "close"):
        run(app, "petition", command, slug)
    assert trail() == [
        ("petition.create", None, 1, "draft"),
        ("petition.open", None, 1, "draft to open"),
        ("petition.pause", None, 1, "open to paused"),
        ("petition.close", None, 1, "paused to closed"),
        ("petition.victory", None, 1, "closed to victory"),
        ("petition.close", None, 1, "victory to closed"),
    ]


def test_moves_between_states_follow_the_table(app: Flask) -> None:
    routes = {
        PetitionState.DRAFT: [],
        PetitionState.OPEN: [PetitionState.OPEN],
        PetitionState.PAUSED: [PetitionState.OPEN, PetitionState.PAUSED],
        PetitionState.CLOSED: [PetitionState.OPEN, PetitionState.CLOSED],
        PetitionState.VICTORY: [PetitionState.OPEN, PetitionState.VICTORY],
    }
    refused_moves = set()
    for before, route in routes.items():
        for after in PetitionState:
            slug = make_petition(f"{before}-{after}", state="draft")
            for state in route:
                lifecycle.change_state(slug, state, now=TODAY)
            recorded = len(trail())
            try:
                lifecycle.change_state(slug, after, now=TODAY)
                assert len(trail()) == recorded + (after != before)
                reached = after
            except TransitionNotAllowed:
                refused_moves.add((before, after))
                assert len(trail()) == recorded
                reached = before
            assert queries.get_petition(slug, "en", drafts=True).state == reached
    draft, opened, paused, closed, won = PetitionState
    assert refused_moves == {
        *((draft, after) for after in (paused, closed, won)),
        *((before, draft) for before in (opened, paused, closed, won)),
        (closed, paused),
        (won, opened),
        (won, paused),
    }


def test_a_draft_cannot_be_won(app: Flask) -> None:
    slug = make_petition(state="draft")
    assert refused(app, "petition", "victory", slug) == (
        "Error: a petition may not change its state like this: draft to victory"
    )


def test_only_the_same_slug_is_a_slug_taken(app: Flask, petition: str) -> None:
    with pytest.raises(SlugTaken):
        make_petition(petition)
    file = petition_file.parse(tomllib.loads(SAMPLE.read_text(encoding="utf-8")))
    with pytest.raises(IntegrityError):  # a language twice
        lifecycle.create(file._replace(texts=[file.texts[0]] * 2), now=TODAY)
    assert [entry[0] for entry in trail()] == ["petition.create"]


def test_every_error_of_a_command_is_one_line(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    class Unforeseen(PetitionError):
        pass

    def fail(_language: str) -> None:
        raise Unforeseen("this and that")

    monkeypatch.setattr(queries, "list_petitions", fail)
    assert refused(app, "petition", "list") == "Error: Unforeseen: this and that"


def test_recounting_corrects_the_counter(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition)
    assert run(app, "petition", "recount", petition) == "1\n"
    with transaction() as connection:
        connection.execute(update(Tally).values(counted=9))
    assert run(app, "petition", "recount", petition) == "1 (the counter was 9)\n"
    assert count_of(client, petition) == 1
    assert trail()[-2:] == [
        ("petition.recount", None, 1, "1 to 1"),
        ("petition.recount", None, 1, "9 to 1"),
    ]


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
    assert [entry[0] for entry in trail()] == [
        "organiser.invite",
        "organiser.link",
        "organiser.sign_in",
    ]


def test_organisers_are_refused_in_a_line(app: Flask, petition: str) -> None:
    assert refused(app, "organiser", "link", "nobody@example.org").startswith("Error: there is no")
    run(app, "organiser", "invite", "anna@example.org")
    assert "exists already" in refused(app, "organiser", "invite", "anna@example.org")
    berta = ("organiser", "invite", "berta@example.org", "--petition")
    assert "no such petition" in refused(app, *berta, "nobody")
    assert "an admin reaches all petitions" in refused(app, *berta, petition, "--role", "admin")
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
    assert [entry[3] for entry in trail()[-2:]] == ["csv", "csv by command"]


def test_outbox_run_once_delivers_and_status_prints_the_counts(
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


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("command", [("petition", "list"), ("outbox", "status"), ("db", "upgrade")])
@pytest.mark.parametrize(
    ("uri", "cause"),
    [
        ("sqlite:////proc/none/petition.db", "database cannot be opened"),
        (
            "postgresql+psycopg:///none?host=/proc/none",
            "database cannot be reached: no such socket",
        ),
    ],
)
def test_a_command_that_cannot_reach_the_database_says_so_in_a_line(
    make_app: MakeApp, command: tuple[str, ...], uri: str, cause: str
) -> None:
    assert refused(make_app(SQLALCHEMY_DATABASE_URI=uri), *command) == f"Error: {cause}"
