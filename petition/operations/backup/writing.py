"""Write a backup: every row of one snapshot, the packs that were handed over, settings on request.

Lines of JSON: a header; for each table its columns, its rows, how many; for each file its name and
parts of its content in base64; a manifest with the rows and SHA-256 of each table and file.
"""

import base64
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from sqlalchemy import Connection, select

from petition.core.errors import BackupRefused
from petition.database import schema
from petition.database.transactions import snapshot
from petition.models import Handover
from petition.operations.backup import encryption, stream, tables
from petition.operations.backup.stream import encode_line
from petition.organisers.handover import jobs

FORMAT = 1
PART_BYTES = 48 * 1024
SETTINGS_FILE = "config.toml"
UNFINISHED = ".backup-"  # the prefix of a file that is being written


@dataclass(slots=True)
class Manifest:
    """What a backup holds: the rows of each table, the bytes of each file, their SHA-256."""

    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up besides the database: an instance folder, and its settings on request."""

    instance: Path
    logo: str = ""  # the file's name in the instance folder
    secrets: bytes | None = None  # the content of `config.toml`


def write(
    file: Path,
    source: Source,
    *,
    now: datetime,
    recipient: str = "",
    own: encryption.Key | None = None,
    force: bool = False,
) -> Manifest:
    """Write a backup, readable by its owner alone, and return what it holds.

    It is encrypted to `recipient`, a public key of age, and to `own`. It has its name once it is
    whole and on the disk. Raises: BackupRefused, also where the file is there, without `force`.
    """
    _refuse_existing(file, force=force)
    manifest = Manifest()
    try:
        with NamedTemporaryFile(dir=file.parent, prefix=UNFINISHED, delete=False) as unfinished:
            temporary = Path(unfinished.name)
            try:
                _write_chunks(unfinished, source, manifest, now, recipient, own)
                unfinished.flush()
                os.fsync(unfinished.fileno())
                _refuse_existing(file, force=force)
                temporary.replace(file)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        sync_folder(file.parent)
    except OSError as error:
        raise BackupRefused(f"{file} cannot be written ({error.strerror or error})") from error
    return manifest


def _refuse_existing(file: Path, *, force: bool) -> None:
    if file.exists() and not (force and file.is_file()):
        raise BackupRefused(f"{file} is there already; --force replaces a file")


def _write_chunks(
    unfinished: Any,
    source: Source,
    manifest: Manifest,
    now: datetime,
    recipient: str,
    own: encryption.Key | None,
) -> None:
    with snapshot() as connection:
        chunks = stream.compress(_lines(connection, source, manifest, now))
        if recipient:
            encryption.write_encrypted(chunks, unfinished, recipient, own or encryption.Key())
        else:
            for chunk in chunks:
                unfinished.write(chunk)


def sync_folder(folder: Path) -> None:
    """Write the names in a folder to the disk, where the file system can."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some mounted folders cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lines(
    connection: Connection, source: Source, manifest: Manifest, now: datetime
) -> Iterator[bytes]:
    header = {
        "format": FORMAT,
        "at": now.isoformat(),
        "revision": schema.read_revision(connection),
        "dialect": connection.dialect.name,
    }
    yield encode_line(header)
    for stored in tables.read_tables(connection):
        yield from _table(connection, stored, manifest)
    names = [source.logo] if source.logo else []
    if Handover.__tablename__ in manifest.tables:  # an older database has none
        names += _names_of_packs(connection)
    for name in names:
        with suppress(FileNotFoundError), (source.instance / name).open("rb") as content:
            yield from _file(name, iter(partial(content.read, PART_BYTES), b""), manifest)
    if source.secrets is not None:
        yield from _file(SETTINGS_FILE, iter([source.secrets]), manifest)
    yield encode_line({"manifest": {"tables": manifest.tables, "files": manifest.files}})


def _table(
    connection: Connection, stored: tables.StoredTable, manifest: Manifest
) -> Iterator[bytes]:
    yield encode_line(
        {
            "table": stored.name,
            "columns": stored.columns,
            "key": stored.key,
            "last_id": tables.last_id(connection, stored),
        }
    )
    digest, rows = hashlib.sha256(), 0
    for line in tables.encode_rows(connection, stored):
        digest.update(line)
        rows += 1
        yield line
    manifest.tables[stored.name] = {"rows": rows, "sha256": digest.hexdigest()}


def _names_of_packs(connection: Connection) -> list[str]:
    """Return the files of packs that were handed over, and of their lists."""
    whole = select(Handover.download_id).where(Handover.erased_at.is_(None))
    ids = connection.scalars(whole.order_by(Handover.id)).all()
    return [f"{jobs.FOLDER}/{number}.{kind}" for number in ids for kind in ("pdf", "csv")]


def _file(name: str, parts: Iterator[bytes], manifest: Manifest) -> Iterator[bytes]:
    yield encode_line({"file": name})
    digest, size = hashlib.sha256(), 0
    for part in parts:
        digest.update(part)
        size += len(part)
        yield encode_line(base64.b64encode(part).decode())
    manifest.files[name] = {"bytes": size, "sha256": digest.hexdigest()}
