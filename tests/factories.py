"""Values that tests build: addresses as the site reads them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from flask import Flask

from petition.operations.scheduler import Task, build_scheduler
from petition.signatures import identity
from petition.signatures.identity import Address


def tasks_of(app: Flask) -> Sequence[Task]:
    """Return the scheduled tasks of a mail worker that has just started."""
    return build_scheduler(app.config, Path(app.instance_path)).tasks


def hash_mailbox(mailbox_key: str) -> str:
    """Return a stand-in for the keyed hash of a mailbox, where the key does not matter."""
    return hashlib.sha256(mailbox_key.encode()).hexdigest()[:32]


def read_address(text: str) -> Address:
    """Read an email address as the site does."""
    return identity.read_address(text, hash_mailbox)
