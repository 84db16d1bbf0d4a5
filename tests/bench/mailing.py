"""Email news to 10,000 readers and kill the worker three times: `python -m tests.bench.mailing`.

Ends with status 1 if a reader got it twice, or nobody knows of more than a batch for each death.
"""

import sys
import tempfile
from pathlib import Path
from time import perf_counter

import flask_migrate

from petition import create_app
from tests import databases
from tests.bench.output import print_line
from tests.factories import make_petition
from tests.mailings import add_readers, run_killed, start
from tests.post_office import PostOffice

READERS = 10_000
KILL_AT = (2_000, 5_000, 7_500)  # emails that have arrived
BATCH = 50


def main() -> int:
    """Print what came of the mailing and return the exit status."""
    with tempfile.TemporaryDirectory() as folder, PostOffice() as office:
        settings = {"INSTANCE_PATH": folder, "SECRET_KEY": databases.SECRET_KEY}
        app = create_app({**settings, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/petition.db"})
        with databases.disconnecting(app), app.app_context():
            flask_migrate.upgrade()
            make_petition()
            add_readers(READERS)
            update_id = start()
            began = perf_counter()
            arrivals, end = run_killed(app, office, Path(folder), update_id, KILL_AT)
            took = perf_counter() - began
    twice = sum(number > 1 for number in arrivals.values())
    print_line(f"{len(arrivals):,} of {READERS:,} readers got it, {twice} of them twice")
    print_line(f"stored: {end.sent:,} sent, {end.unknown} not known, {end.refused} refused")
    print_line(f"{took:.0f} s with three deaths, {len(arrivals) / took:.0f} emails a second")
    is_right = not twice and end.waiting == 0 and end.unknown <= len(KILL_AT) * BATCH
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
