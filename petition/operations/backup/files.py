"""Files of the instance folder that a backup brings back."""

import os
import re
from pathlib import Path
from typing import Any, Self

from petition.core.config import LOGO_SUFFIXES
from petition.core.errors import BackupInvalid
from petition.operations.backup.writing import SETTINGS_FILE
from petition.organisers.handover import jobs

UNFINISHED = ".restoring"  # the suffix of a file that is not whole
_PACK = re.compile(rf"{jobs.FOLDER}/[0-9]+\.(pdf|csv)")


class FolderWriter:
    """Writes files part by part. A file has its name once it is whole; settings stay if there."""

    def __init__(self, instance: Path) -> None:
        self._instance = instance
        self._name = ""
        self._file: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Delete a file that is not whole."""
        if self._file is not None:
            self._file.close()
            Path(self._file.name).unlink(missing_ok=True)

    def write(self, name: str, part: bytes) -> None:
        """Append to the file of a name; the first part begins it. Raises: BackupInvalid."""
        if name != self._name:
            self.finish()
            self._begin(name)
        if self._file is not None:
            self._file.write(part)

    def _begin(self, name: str) -> None:
        self._name = name
        path = self._instance / name
        is_logo = path.suffix.lower() in LOGO_SUFFIXES and path.name == name
        if not (_PACK.fullmatch(name) or name == SETTINGS_FILE or is_logo):
            raise BackupInvalid(f"it has a file that no site has: {name}")
        if name == SETTINGS_FILE and path.exists():
            return
        path.parent.mkdir(mode=0o700, exist_ok=True)
        self._file = path.with_name(f"{path.name}{UNFINISHED}").open("wb")

    def finish(self) -> None:
        """Give the last file its name."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            Path(self._file.name).replace(self._instance / self._name)
        self._file = None
