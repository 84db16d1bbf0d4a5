"""A backup holds one moment of the site, whole; it restores into either database, or not at all."""

import gzip
import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from petition.core.config import ROOT
from petition.core.errors import BackupInvalid
from petition.database import schema
from petition.database.base import db
from petition.models import Counter, Signature
from petition.operations.backup import encryption, reading, restoring, stream, writing
from tests.backups import LIST, content_of, fill, last_email_id, other_site
from tests.commands import refused, run
from tests.databases import KINDS, SECRET_KEY, migrate
from tests.factories import TODAY, MakeApp, make_petition
from tests.signatures import confirm, counted, sign, signature_of
from tests.waiting import wait_until


@pytest.fixture(params=KINDS)
def elsewhere(request: pytest.FixtureRequest, make_app: MakeApp, tmp_path: Path) -> Iterator[Flask]:
    """Return a site without tables, on each database."""
    source = request.getfixturevalue(f"{request.param}_source")
    with other_site(make_app, source, tmp_path / "elsewhere") as site:
        yield site


@pytest.fixture
def file(app: Flask, tmp_path: Path) -> Path:
    """Return the backup of a site with something in every kind of column."""
    fill(app)
    folder = tmp_path / "backups"
    folder.mkdir()
    run(app, "backup", str(folder / "site.backup"))
    return folder / "site.backup"


def test_a_backup_restores_into_either_database(app: Flask, file: Path, elsewhere: Flask) -> None:
    assert run(app, "backup", "verify", str(file)).startswith("11 signatures, 2 files, as of ")
    with elsewhere.app_context():
        said = run(elsewhere, "restore", str(file), "--verify")
        assert said.startswith("11 signatures, 2 files, as of "), said
        assert content_of(elsewhere) == content_of(app)
        assert counted() == 9
        folder = Path(elsewhere.instance_path)
        assert {path.name for path in (folder / "files").iterdir()} == {"7.csv", "7.pdf"}
        assert (folder / "files" / "7.csv").read_bytes() == LIST
        assert stat.S_IMODE((folder / "files" / "7.csv").stat().st_mode) == 0o600
        assert not (folder / "config.toml").exists()


def test_links_made_after_the_backup_open_nothing_of_anybody_else(
    app: Flask, file: Path, elsewhere: Flask
) -> None:
    lost = signature_of(sign("lost@example.org")).id
    with elsewhere.app_context():
        run(elsewhere, "restore", str(file))
        new = signature_of(sign("new@example.org")).id
        assert new > lost + restoring.SKIPPED_IDS / 2
        assert last_email_id() > restoring.SKIPPED_IDS


def test_a_backup_holds_one_moment_while_people_sign(app: Flask, tmp_path: Path) -> None:
    fill(app)
    ended = Event()

    def sign_on() -> None:
        with app.app_context():
            number = 0
            while not ended.is_set():
                number += 1
                email_id = sign(f"other{number}@example.org")
                confirm(signature_of(email_id).id)
                db.session.remove()

    thread = Thread(target=sign_on)
    thread.start()
    try:
        for number in range(5):
            file = tmp_path / f"{number}.backup"
            writing.write(file, writing.Source(tmp_path), now=TODAY)
            found = _Rows()
            reading.read(file, found)
            numbers = [row["number"] for row in found.rows_of["signature"]]
            in_count = [number for number in numbers if number is not None]
            assert [row["counted"] for row in found.rows_of["tally"]] == [len(in_count)]
            with db.engine.connect() as connection:
                stored = connection.scalars(select(Signature.id)).all()
            wait_until(lambda stored=stored: _signed_more(len(stored)), "somebody signs")  # type: ignore[misc]
    finally:
        ended.set()
        thread.join()
    assert len(found.rows_of["signature"]) > 11


def _signed_more(than: int) -> bool:
    with db.engine.connect() as connection:
        return len(connection.scalars(select(Signature.id)).all()) > than


class _Rows(reading.Visitor):
    def __init__(self) -> None:
        self.rows_of: dict[str, list[dict[str, Any]]] = {}

    def rows(self, table: Any, rows: list[list[Any]]) -> None:
        named = [dict(zip(table.columns, row, strict=True)) for row in rows]
        self.rows_of.setdefault(table.name, []).extend(named)


def test_no_byte_of_a_backup_can_change_unnoticed(file: Path, tmp_path: Path) -> None:
    content = file.read_bytes()
    damaged = tmp_path / "damaged.backup"
    steps = [*range(12), *range(12, len(content), 9_001), *range(len(content) - 12, len(content))]
    for at in steps:
        changed = bytearray(content)
        changed[at] ^= 0xFF
        damaged.write_bytes(changed)
        with pytest.raises(BackupInvalid):
            reading.read(damaged)
    for length in (0, 5, 10, 11, len(content) // 2, len(content) - 1):
        damaged.write_bytes(content[:length])
        with pytest.raises(BackupInvalid):
            reading.read(damaged)
    damaged.write_bytes(content + b"x")
    with pytest.raises(BackupInvalid, match="follows"):
        reading.read(damaged)


def test_a_row_that_is_missing_is_named(app: Flask, file: Path) -> None:
    *lines, _ = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    at = next(index for index, line in enumerate(lines) if line.startswith(b'{"table":"signature"'))
    del lines[at + 1]
    file.write_bytes(b"".join(stream.compress(lines)))
    said = refused(app, "backup", "verify", str(file))
    assert said == "Error: the backup cannot be used: signature is another than the manifest says"


def test_only_an_empty_instance_takes_a_backup(app: Flask, file: Path) -> None:
    before = content_of(app)
    said = refused(app, "restore", str(file))
    assert "nothing is restored: the database is not empty: its table" in said
    assert content_of(app) == before


def test_a_damaged_backup_leaves_the_instance_empty(
    app: Flask, file: Path, elsewhere: Flask
) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) - 20])
    with elsewhere.app_context():
        refused(elsewhere, "restore", str(file))
        assert content_of(elsewhere) == {}
        file.write_bytes(content)
        run(elsewhere, "restore", str(file), "--verify")
        assert content_of(elsewhere) == content_of(app)


def test_a_new_site_that_was_only_started_takes_a_backup(
    app: Flask, file: Path, elsewhere: Flask
) -> None:
    with elsewhere.app_context():
        run(elsewhere, "db", "upgrade")
        with db.engine.begin() as connection:
            values = {"scope": "task", "subject": "x", "window": 1, "value": 1}
            connection.execute(Counter.table().insert().values(**values, expires_at=TODAY))
        run(elsewhere, "restore", str(file), "--verify")
        assert content_of(elsewhere) == content_of(app)


def test_a_backup_is_readable_by_its_owner_alone_and_replaces_nothing(
    app: Flask, file: Path
) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "is there already; --force replaces a file" in refused(app, "backup", str(file))
    run(app, "backup", "--force", str(file))
    assert [path.name for path in file.parent.iterdir()] == [file.name], "no temporary file is left"
    said = refused(app, "backup", str(file.parent / "nowhere" / "x"))
    assert "no backup is written" in said


def test_secrets_are_in_a_backup_on_request_alone(app: Flask, file: Path, elsewhere: Flask) -> None:
    assert SECRET_KEY.encode() not in gzip.decompress(file.read_bytes())
    Path(app.instance_path, "config.toml").write_text('SECRET_KEY = ""\nBRAND_NAME = "Us"\n')
    result = app.test_cli_runner().invoke(args=["backup", "--with-secrets", "--force", str(file)])
    assert "it is not encrypted: set BACKUP_RECIPIENT" in result.stderr
    with elsewhere.app_context():
        run(elsewhere, "restore", str(file))
    settings = Path(elsewhere.instance_path, "config.toml")
    assert settings.read_text() == f'SECRET_KEY = "{SECRET_KEY}"\nBRAND_NAME = "Us"\n'
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600


def test_a_backup_for_a_key_is_read_with_its_secret_alone(
    make_app: MakeApp, app: Flask, elsewhere: Flask, tmp_path: Path
) -> None:
    fill(app)
    ours, other = encryption.Key(), encryption.Key()
    for name, key in (("ours", ours), ("other", other)):
        (tmp_path / name).write_text(f"# made today\n{key.identities[0]}\n")
    site = make_app(BACKUP_RECIPIENT=str(ours.recipient))
    file = str(tmp_path / "site.age")
    with site.app_context():
        run(site, "backup", file)
        assert Path(file).read_bytes().startswith(b"age-encryption.org/v1")
        assert "name the file of the secret key" in refused(site, "backup", "verify", file)
        said = refused(site, "backup", "verify", file, "--identity", str(tmp_path / "other"))
        assert "it is encrypted for another key" in said
        run(site, "backup", "verify", file, "--identity", str(tmp_path / "ours"))
    with elsewhere.app_context():
        run(elsewhere, "restore", file, "--verify", "--identity", str(tmp_path / "ours"))
        assert content_of(elsewhere) == content_of(app)
    content = Path(file).read_bytes()
    Path(file).write_bytes(content[:-1])
    said = refused(app, "backup", "verify", file, "--identity", str(tmp_path / "ours"))
    assert "damaged or cut off" in said


def test_a_restore_that_is_killed_leaves_an_empty_site(
    app: Flask, file: Path, elsewhere: Flask, tmp_path: Path
) -> None:
    """With real processes: one writes the backup, another reads the half of it, and is killed."""
    here, there = (_environment(site) for site in (app, elsewhere))
    command = [sys.executable, "-m", "flask"]
    copy = str(tmp_path / "copy.backup")
    subprocess.run([*command, "backup", copy], env=here, cwd=ROOT, check=True)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    log = (tmp_path / "log").open("wb")
    with (
        log,
        subprocess.Popen(
            [*command, "restore", str(pipe)], env=there, cwd=ROOT, stderr=log
        ) as restoring_process,
        pipe.open("wb") as half,
    ):
        content = Path(copy).read_bytes()
        half.write(content[: len(content) // 2])  # into the pack, which comes after the rows
        half.flush()  # a pipe holds 64 kB: what came before has been read
        restoring_process.send_signal(signal.SIGKILL)
        assert restoring_process.wait() == -signal.SIGKILL
    with elsewhere.app_context():
        assert content_of(elsewhere) == {}
        again = subprocess.run(
            [*command, "restore", copy, "--verify"],
            env=there,
            cwd=ROOT,
            check=False,
            text=True,
            capture_output=True,
        )
        assert again.returncode == 0, again.stderr
        assert content_of(elsewhere) == content_of(app)
    folder = Path(elsewhere.instance_path) / "files"
    assert {path.name for path in folder.iterdir()} == {"7.csv", "7.pdf"}


def _environment(app: Flask) -> dict[str, str]:
    names = ("SECRET_KEY", "SITE_URL", "SQLALCHEMY_DATABASE_URI")
    settings = {f"PETITION_{name}": app.config[name] for name in names}
    return {
        **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
        **settings,
        "PETITION_INSTANCE_PATH": app.instance_path,
    }


def test_every_command_of_the_documentation_works(
    make_app: MakeApp, app: Flask, elsewhere: Flask, tmp_path: Path
) -> None:
    fill(app)
    key = encryption.Key()
    site = make_app(BACKUP_RECIPIENT=str(key.recipient))
    folder = tmp_path / "backups"
    folder.mkdir()
    (tmp_path / "key.txt").write_text(f"{key.identities[0]}\n")
    page = (ROOT / "docs" / "backup.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    commands = [line for line in lines if line.startswith(".venv/bin/flask ")]
    assert len(commands) == len(lines) - 2 >= 6, "the others make and name a folder"
    here = app
    for command in commands:
        words = command.replace("/var/backups/petition", str(folder)).split()[1:]
        words = [word.replace("key.txt", str(tmp_path / "key.txt")) for word in words]
        if "--identity" in words:
            here = site
            with here.app_context():
                run(here, "backup", "--force", words[2])
                run(here, *words)
            run(app, "backup", "--force", words[2])
            continue
        if words[0] == "restore":
            here = elsewhere
        with here.app_context():
            run(here, *words)


def test_a_backup_of_an_earlier_version_is_migrated(
    make_app: MakeApp, elsewhere: Flask, sqlite_source: Any, tmp_path: Path
) -> None:
    earlier = tmp_path / "earlier"
    with other_site(make_app, sqlite_source, earlier) as site:
        migrate(site.config["SQLALCHEMY_DATABASE_URI"], earlier)
        with site.app_context():
            make_petition()
            sign()
            run(site, "db", "downgrade", "0029")
            run(site, "backup", str(tmp_path / "earlier.backup"))
    with elsewhere.app_context():
        run(elsewhere, "restore", str(tmp_path / "earlier.backup"), "--verify")
        assert schema.is_migrated(db.engine)
        confirm(1)
        assert counted() == 1


def test_a_backup_of_a_later_version_and_tables_of_others_are_refused(
    app: Flask, file: Path, elsewhere: Flask
) -> None:
    *lines, _ = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    header = json.loads(lines[0]) | {"revision": "9999"}
    later = file.with_name("later.backup")
    later.write_bytes(b"".join(stream.compress([stream.encode_line(header), *lines[1:]])))
    with elsewhere.app_context():
        said = refused(elsewhere, "restore", str(later))
        assert "the migration 9999, which this version of the site lacks" in said
        with db.engine.begin() as connection:
            connection.execute(text("CREATE TABLE theirs (id INTEGER PRIMARY KEY)"))
        said = refused(elsewhere, "restore", str(file))
        assert said.endswith("the database has tables of something else")
        assert content_of(elsewhere).keys() == {"theirs"}
