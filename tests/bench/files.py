"""Measure the files of a million signatures: seconds, bytes, and memory above the idle process.

`python -m tests.bench.files [ROWS] [FORMAT …]` makes a site on SQLite in a temporary folder, and
writes each file in a process of its own.
"""

import os
import re
import sys
import tempfile
import time
from pathlib import Path

import flask_migrate
from flask import Flask
from sqlalchemy import update

from petition import create_app
from petition.database.transactions import transaction
from petition.models import Signature
from petition.organisers.export import FileOptions, Format, Profile
from petition.web.organisers import downloads
from tests.bench.download import fill
from tests.bench.output import print_line
from tests.factories import make_petition

ROWS = 1_000_000


def make_site(folder: Path, rows: int) -> Flask:
    """Return a site with a petition of so many signatures."""
    address = f"sqlite:///{folder / 'site.db'}"
    settings = {"INSTANCE_PATH": str(folder), "SQLALCHEMY_DATABASE_URI": address}
    app = create_app(settings | {"SECRET_KEY": "k" * 32, "SITE_URL": "http://localhost"})
    with app.app_context():
        flask_migrate.upgrade()
        make_petition()
        fill(1, rows)
        with transaction() as connection:  # so that the pack has every name
            connection.execute(update(Signature).values(handover=True))
    return app


def megabytes(name: str) -> float:
    """Return a figure of this process's memory."""
    status = Path("/proc/self/status").read_text()
    match = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    return int(match[1]) / 1024 if match else 0.0


def measure(app: Flask, kind: Format, profile: Profile) -> None:
    """Write a file in this process and print what it took."""
    with app.app_context():
        idle = megabytes("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")
        start, size = time.perf_counter(), 0
        if kind == Format.PDF:
            profile = Profile.HANDOVER
        export = downloads.make_file(app, 1, FileOptions(kind, profile))
        for piece in export:
            size += len(piece)
        seconds, peak = time.perf_counter() - start, megabytes("VmHWM")
    print_line(
        f"{kind}, {profile}: {export.rows} rows, {seconds:.0f} s, {size / 1e6:.1f} MB,"
        f" {peak - idle:.1f} MB above {idle:.0f} MB idle"
    )


def main() -> None:
    """Measure the formats that are named, or all."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    kinds = [Format(name) for name in sys.argv[2:]] or [*Format]
    with tempfile.TemporaryDirectory() as folder:
        app = make_site(Path(folder), rows)
        for kind in kinds:
            sys.stdout.flush()
            if (child := os.fork()) == 0:
                measure(app, kind, Profile.ORGANISER)
                sys.stdout.flush()
                os._exit(0)
            os.waitpid(child, 0)


if __name__ == "__main__":
    main()
