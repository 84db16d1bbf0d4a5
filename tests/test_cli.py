"""The command line: the same use cases as the pages; refused with exit status 1 and one line."""

import re
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import click
import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from petition.cli.refusal import NOT_MIGRATED, Command, CommandGroup
from petition.core.errors import PetitionError, SlugTaken, TransitionNotAllowed
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import PetitionText, Signature, Tally
from petition.models.enums import PetitionState
from petition.operations import supervisor
from petition.petitions import lifecycle, queries
from petition.petitions.editing import petition_file
from tests.browsing import Client, browser, confirmed, count_of, path_of, press, text_of, trail
from tests.commands import SAMPLE, TEXT, refused, run, write_file
from tests.factories import SITE, TODAY, MakeApp, make_petition, photo
from tests.post_office import PostOffice
from tests.reports import report

OWN_COMMANDS = {"petition", "export", "organiser", "outbox", "bounces", "setup", "serve"}
OWN_COMMANDS |= {"retention", "abuse", "doctor"}


def test_the_sample_petition_is_imported_in_every_shipped_language(
    app: Flask, client: Client
) -> None:
    said = run(app, "petition", "import", str(SAMPLE))
    assert said == "open /p/kuramshin; share https://petition.example.org/p/kuramshin\n"
    assert set(queries.get_petition("kuramshin", "en").languages) == set(app.config["LANGUAGES"])
    page = client.get("/en/p/kuramshin").text
    assert "Urgent action for Vadim Kuramshin" in page
    assert "as it stood in May 2016" in page
    assert "Срочно: свободу Вадиму Курамшину" in client.get("/ru/p/kuramshin").text
    assert refused(app, "petition", "import", str(SAMPLE)).endswith("exists already: kuramshin")
    said = run(app, "petition", "add", "kuramshin", str(SAMPLE.with_name("kuramshin-news.toml")))
    assert said == "added to /p/kuramshin; updates: 4, pictures: 0, targets: 4\n"
    assert [entry[0] for entry in trail()] == ["petition.import", "petition.update"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("slug = ", "is not TOML"),
        ('slug = "Not A Slug"', "slug: lower-case letters, digits and hyphens only"),
        ('slug = "x"\nstate = "won"', "state: draft or open"),
        ('slug = "x"\nregime = { country = "UK" }', "regime.country: the code of a country"),
        ('slug = "x"\norganiser = "a\\u0000b"', "organiser: no control characters"),
        ('slug = "x"\n[text.en]\ndemands = ["\\u001b[1m"]', "demands: no control characters"),
        (
            'slug = "x"\nsource_language = "en"\norganiser = "o"\ncontact = "c@example.org"',
            "text.en: the text in the source language",
        ),
        (
            (
                'slug = "x"\nsource_language = "en"\norganiser = "o"\ncontact = "c@example.org"\n'
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
    file.write_text(written, encoding="utf-8-sig")  # as Windows' editor does
    assert said in refused(app, "petition", "import", str(file))


def test_all_errors_of_a_file_are_told_at_once_with_their_lines(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "petition.toml"
    file.write_text(
        'slug = "Not A Slug"\ngaol = 5000\nsource_language = "en"\norganiser = "o"\ngoal = 0\n'
        'face = "none.jpg"\nregime = { land = "KZ" }\n\n# A note\n[text.en]\nletter = """\n'
        '[text.no]\n"""\ntitle = 7\nstorey = ""\n[text.ru.more]\n',
        encoding="utf-8",
    )
    said = refused(app, "petition", "import", str(file))
    errors = said.removeprefix("Error: the petition file is not valid: ").split("; ")
    places = [": ".join(error.split(": ")[:2]) for error in errors]
    assert places == [
        *("line 1: slug", "line 1: contact", "line 2: gaol", "line 5: goal", "line 6: face"),
        *("line 7: regime.land", "line 10: text.en.target", "line 10: text.en.lede"),
        *("line 10: text.en.story", "line 10: text.en.share", "line 10: text.en.face"),
        *("line 14: text.en.title", "line 15: text.en.storey"),
        *(f"line 16: text.ru.{name}" for name in ("more", *TEXT, "face")),
    ]
    news = tmp_path / "news.toml"
    news.write_text(
        "[[update]]\nday = 2016-05-26\n[update.text.en]\ntitle = ''\nbody = 'b'\n[[update]]\n"
        "text.en = { title = 't', body = 'b', boby = '' }\n[[target]]\n",
        encoding="utf-8",
    )
    said = refused(app, "petition", "add", "water", str(news))
    assert "line 4: update 1.text.en.title" in said
    assert "line 6: update 2.day" in said
    assert "line 7: update 2.text.en.boby: there is no such field" in said
    assert "line 8: target 1.checked" in said
    assert trail() == []


def test_an_address_that_is_none_and_markup_in_a_letter_are_refused_with_their_lines(
    app: Flask, tmp_path: Path
) -> None:
    file = Path(write_file(tmp_path, letter="Dear <b>council</b>", story="![A river](river.jpg)"))
    said = refused(app, "petition", "import", str(file))
    letter, story = said.removeprefix("Error: the petition file is not valid: ").split("; ")
    assert letter == "line 10: text.en.letter: no HTML and no pictures, but <b>"
    assert story == "line 11: text.en.story: no HTML and no pictures, but ![A river]("
    allowed = "2 < 3 > 1 <https://example.org/> <anna@example.org> [map](https://example.org) Hey!"
    file = Path(write_file(tmp_path, letter=allowed, story=r"\\<b> is bold"))
    run(app, "petition", "import", str(file))
    written = file.read_text(encoding="utf-8")
    for contact in ("c", "c@example", "c@@example.org", "Us <c@example.org>", f"{'c' * 250}@a.org"):
        file.write_text(written.replace("c@example.org", contact), encoding="utf-8")
        said = refused(app, "petition", "import", "--replace", str(file))
        assert "line 3: contact: an email address, such as name@example.org" in said


def test_a_petition_has_the_goal_of_its_file_until_it_is_reached(
    app: Flask, client: Client, post_office: PostOffice, tmp_path: Path
) -> None:
    def goal() -> object:
        app.extensions["page_cache"].clear()
        answer = client.get("/p/water/count.json").json
        assert answer is not None
        assert f"Next goal: {answer['goal']}" in text_of(client.get("/p/water"))
        return answer["goal"]

    run(app, "petition", "import", write_file(tmp_path, "goal = 2"))
    confirmed(client, post_office, "water", email="anna@example.org")
    assert goal() == 2
    confirmed(client, post_office, "water", email="berta@example.org")
    assert goal() == 100, "reached: the ladder goes on"
    run(app, "petition", "import", "--replace", write_file(tmp_path, "goal = 700"))
    assert goal() == 700
    run(app, "petition", "import", "--replace", write_file(tmp_path, 'goal = "ladder"'))
    assert goal() == 100
    for wrong in ("true", "1.5", '"5000"', "-1"):
        file = write_file(tmp_path, f"goal = {wrong}")
        assert "line 5: goal: a number" in refused(app, "petition", "import", "--replace", file)


def test_a_replaced_text_is_a_new_version_once_the_petition_was_opened(
    app: Flask, client: Client, post_office: PostOffice, tmp_path: Path
) -> None:
    def replace(**texts: str) -> None:
        run(app, "petition", "import", "--replace", write_file(tmp_path, **texts))

    assert "no such petition" in refused(
        app, "petition", "import", "--replace", write_file(tmp_path)
    )
    run(app, "petition", "import", write_file(tmp_path, letter="One", state="draft"))
    replace(letter="Two", state="open")
    assert 'name="text" value="en-1"' in client.get("/p/water").text
    replace(letter="Three")
    replace(letter="Three")
    app.extensions["page_cache"].clear()  # a second old at most
    assert "Three" in client.get("/p/water").text
    assert 'name="text" value="en-2"' in client.get("/p/water").text
    confirmed(client, post_office, "water", email="anna@example.org", text="en-1")  # read before
    confirmed(client, post_office, "water", email="berta@example.org")
    confirmed(client, post_office, "water", email="eve@example.org", text="en-9")
    db.session.rollback()
    signed = select(Signature.email, PetitionText.version, PetitionText.letter)
    rows = db.session.execute(signed.join(PetitionText, Signature.signed_text()))
    assert sorted(map(tuple, rows)) == [
        ("anna@example.org", 1, "Two"),
        ("berta@example.org", 2, "Three"),
        ("eve@example.org", 2, "Three"),
    ]
    assert [(entry[0], entry[3]) for entry in trail() if entry[0].startswith("petition")] == [
        ("petition.import", "draft"),
        ("petition.replace", "en 1"),
        ("petition.open", "draft to open"),
        ("petition.replace", "en 2"),
        ("petition.replace", "no text"),
    ]
    russian = write_file(tmp_path, languages="ru")
    said = refused(app, "petition", "import", "--replace", russian)
    assert said.endswith("text.en: people may have read it, so it has to stay")
    assert queries.get_petition("water", "ru").text.language == "en", "nothing was changed"


def test_replacing_moves_between_states_by_the_table(app: Flask, tmp_path: Path) -> None:
    def state() -> PetitionState:
        return queries.get_petition("water", "en", drafts=True).state

    run(app, "petition", "import", write_file(tmp_path, state=""))
    for word, after in (("draft", "draft"), ("", "draft"), ("open", "open"), ("", "open")):
        run(app, "petition", "import", "--replace", write_file(tmp_path, state=word))
        assert state() == after
    assert ("petition.open", None, 1, "draft to open") in trail()
    recorded = trail()
    draft = write_file(tmp_path, state="draft", title="Changed")
    assert refused(app, "petition", "import", "--replace", draft).endswith(": open to draft")
    assert trail() == recorded
    assert queries.get_petition("water", "en").text.title == "Water"
    run(app, "petition", "close", "water")
    run(app, "petition", "import", "--replace", write_file(tmp_path, state="open"))
    assert state() == PetitionState.CLOSED, "a file opens drafts alone"


def test_a_portrait_and_a_language_come_and_go_with_the_file(
    app: Flask, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "face.jpg").write_bytes(photo())
    run(app, "petition", "import", write_file(tmp_path, state="draft"))
    faced = write_file(tmp_path, 'face = "face.jpg"', state="", languages="en ru", face="A face")
    run(app, "petition", "import", "--replace", faced)
    view = queries.get_petition("water", "ru", drafts=True)
    assert (view.text.language, view.text.portrait_alt) == ("ru", "A face")
    assert view.portrait is not None
    run(app, "petition", "import", "--replace", write_file(tmp_path, state=""))
    view = queries.get_petition("water", "ru", drafts=True)
    assert (view.languages, view.portrait) == (("en",), None)
    assert trail()[-1][3] == "en 1, ru removed"


def test_a_draft_is_deleted_and_its_id_is_not_used_again(
    app: Flask, client: Client, petition: str, tmp_path: Path
) -> None:
    file = write_file(tmp_path, state="draft")
    run(app, "petition", "import", file)
    draft_id = queries.get_id("water")
    run(app, "organiser", "invite", "anna@example.org", "--petition", "water")
    run(app, "organiser", "invite", "berta@example.org")
    said = run(app, "petition", "delete", "water")
    assert said == "deleted /p/water; a new petition can have this slug\n"
    assert refused(app, "petition", "delete", "water") == "Error: there is no such petition"
    assert "no organiser" in refused(app, "organiser", "link", "anna@example.org")
    assert run(app, "organiser", "link", "berta@example.org")
    assert trail()[-3:-1] == [
        ("organiser.remove", None, draft_id, "organiser 1"),
        ("petition.delete", None, draft_id, "water"),
    ]
    run(app, "petition", "import", file)
    assert queries.get_id("water") > draft_id
    for command, state in (("open", "open"), ("pause", "paused"), ("close", "closed")):
        run(app, "petition", command, petition)
        assert refused(app, "petition", "delete", petition) == (
            f"Error: only a draft can be deleted, and the state of this petition is: {state}"
        )


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


def leaf_commands(app: Flask, folder: Path) -> Iterator[list[str]]:
    """Yield the arguments of every own command, prompts answered, but those of the server."""
    message = folder / "message"
    message.write_bytes(report("Subject: x\n\n"))
    words = {"slug": "water", "email": "a@example.org", "source": str(message)}
    words |= {"file": write_file(folder), "contact": "c@example.org", "language": "en"}
    for name in sorted(OWN_COMMANDS - {"serve"}):
        command = app.cli.commands[name]
        inner = command.commands if isinstance(command, CommandGroup) else {"": command}
        for inner_name, leaf in inner.items():
            arguments = [name, inner_name] if inner_name else [name]
            for parameter in leaf.params:
                word = words.get(parameter.name or "", "Water")
                if isinstance(parameter, click.Argument):
                    arguments.append(word)
                elif isinstance(parameter, click.Option) and parameter.prompt:
                    arguments += [parameter.opts[0], word]
            yield arguments


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # others are unreachable
def test_every_command_says_in_a_line_that_there_is_no_database(
    make_app: MakeApp, tmp_path: Path
) -> None:
    empty = make_app(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'new.db'}")
    nowhere = make_app(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/no/folder/new.db")
    no_server = make_app(SQLALCHEMY_DATABASE_URI="postgresql+psycopg://nobody@127.0.0.1:1/none")
    for command in leaf_commands(empty, tmp_path):
        if command in (["setup"], ["doctor"]):
            continue
        assert refused(empty, *command) == f"Error: {NOT_MIGRATED}", command
        assert refused(no_server, *command).startswith("Error: database cannot be "), command
    for app in (nowhere, no_server):
        for command in (["petition", "list"], ["setup"], ["db", "upgrade"]):
            result = app.test_cli_runner().invoke(args=command)
            assert result.exit_code == 1, command
            assert re.search(r"Error: database cannot be .+\n$", result.output), command


def test_a_database_of_an_earlier_release_is_refused_before_the_command_begins(app: Flask) -> None:
    with transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    try:
        assert refused(app, "outbox", "run") == f"Error: {NOT_MIGRATED}"
    finally:
        flask_migrate.stamp()


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
    opening = "open it with: flask petition open water"
    assert run(app, "petition", "create", *options) == f"draft /p/water; {opening}\n"
    assert client.get("/p/water").status_code == 404
    share = f"share {SITE}/p/water"
    assert run(app, "petition", "open", "water") == f"open /p/water; {share}\n"
    assert run(app, "petition", "list") == "water\topen\t0\tClean the river\n"
    assert "open it again with: flask petition open water" in run(app, "petition", "pause", "water")
    said = run(app, "petition", "close", "water")
    assert said == "closed /p/water; download the signatures with: flask export water\n"
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
    run(app, *berta, petition, "--role", "admin")
    assert "the last admin" in refused(app, "organiser", "remove", "berta@example.org")
    run(app, "organiser", "sign-out", "anna@example.org")
    assert trail()[-1][0] == "organiser.sign_out"
    run(app, "organiser", "remove", "anna@example.org")
    assert "no organiser" in refused(app, "organiser", "sign-out", "anna@example.org")
    refused(app, "organiser", "link", "anna@example.org")


def test_organisers_are_listed_with_what_they_reach(app: Flask, petition: str) -> None:
    run(app, "organiser", "invite", "anna@example.org", "--role", "admin", "--language", "ru")
    run(app, "organiser", "invite", "berta@example.org", "--petition", petition)
    assert run(app, "organiser", "list").splitlines() == [
        "anna@example.org\tadmin\tall petitions\tru",
        f"berta@example.org\teditor\t{petition}\ten",
    ]


def test_without_a_secret_no_link_is_made(make_app: MakeApp) -> None:
    app = make_app(SECRET_KEY=None)
    with app.app_context():
        run(app, "organiser", "invite", "anna@example.org")
        assert "SECRET_KEY is not set" in refused(app, "organiser", "link", "anna@example.org")


def test_a_command_that_writes_names_the_site_it_has_changed(
    app: Flask, petition: str, tmp_path: Path
) -> None:
    invoke = app.test_cli_runner().invoke
    for command in (("petition", "pause", petition), ("organiser", "invite", "anna@example.org")):
        (line,) = invoke(args=command).stderr.splitlines()
        assert line.startswith(f"instance {tmp_path}, database ")
        assert (db.engine.url.database or "") in line
        assert "@" not in line, "neither user nor password"
    assert invoke(args=["petition", "list"]).stderr == ""


def test_a_shell_with_another_database_than_the_running_site_is_refused(
    app: Flask, petition: str, tmp_path: Path
) -> None:
    with supervisor.exclusive(tmp_path, "postgresql+psycopg://db.example.org/petition"):
        line = refused(app, "petition", "pause", petition)
    assert line.startswith(
        "Error: the running site uses the database postgresql+psycopg://db.example.org/petition"
    )
    assert str(tmp_path / "config.toml") in line
    run(app, "petition", "pause", petition)


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
    for kind in ("csv", "xlsx", "jsonl"):
        tried: list[dict[str, str]] = [{}, {"separator": "semicolon"}, {"profile": "handover"}]
        for options in tried:
            path = f"/organisers/p/{petition}/signatures.{kind}"
            downloaded = inside.get(path, query_string=options).data
            wanted = [f"--{name}={value}" for name, value in options.items()]
            result = app.test_cli_runner().invoke(
                args=["export", petition, "--format", kind, *wanted]
            )
            assert result.stdout_bytes == downloaded
            profile = options.get("profile", "organiser")
            rows, action = (0, "handover") if profile == "handover" else (1, "download")
            end = f"{rows} rows, SHA-256 {sha256(downloaded).hexdigest()}"
            detail = f"{kind}, {profile}"
            assert [(entry[0], entry[3]) for entry in trail()[-4:]] == [
                (f"signatures.{action}", detail),
                ("signatures.download_end", f"{detail}, {end}"),
                (f"signatures.{action}", f"{detail}, by command"),
                ("signatures.download_end", f"{detail}, by command, {end}"),
            ]


def test_outbox_run_once_delivers_and_status_prints_the_counts(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    run(app, "organiser", "invite", "anna@example.org")
    assert re.match(r"1 waiting, the oldest for \d+ s\n", run(app, "outbox", "status"))
    run(app, "outbox", "run", "--once")
    assert run(app, "outbox", "status") == (
        "0 waiting\n1 sent, 0 refused, 0 withheld, 0 held in bursts\n"
    )
    post_office.stop()
    run(app, "organiser", "invite", "berta@example.org")
    assert refused(app, "outbox", "run", "--once").startswith(
        f"Error: the mail server cannot be reached: 127.0.0.1:{post_office.port}: ConnectionRefused"
    )


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
