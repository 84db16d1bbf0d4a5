"""Pictures and PDFs that are drawn on request and kept as files in the instance folder.

Drawing takes a hundred times as long as signing. It has a time budget, so that requests for
thousands of invented addresses do not slow down signing.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from flask import current_app
from werkzeug.exceptions import ServiceUnavailable

from petition import artwork
from petition.core.files import write_file

BUDGET_SHARE = 0.05  # of a process's time
MAX_BUDGET = 5.0  # seconds of drawing at once; a share page in six languages takes one
MAX_FILES = 1_000  # of about 0.1 MB; the oldest are removed


class ImageCache:
    """The drawings of one site. Two processes may draw the same one at once; either is right."""

    def __init__(self, folder: Path, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._timer = folder, timer
        self._budget, self._updated = MAX_BUDGET, timer()

    def get(self, name: str, *args: object, **options: object) -> bytes | None:
        """Return a drawing if its file is there. See `get_or_draw`."""
        try:
            return self._path(name, args, options).read_bytes()
        except FileNotFoundError:
            return None

    def get_or_draw(
        self, name: str, draw: Callable[..., bytes], *args: object, **options: object
    ) -> bytes:
        """Return `draw(*args, **options)` from its file, or draw it and write the file.

        Raises: ServiceUnavailable with Retry-After when the budget is spent.
        """
        content = self.get(name, *args, **options)
        if content is None:
            self._check_budget()
            started = self._timer()
            try:
                content = draw(*args, **options)
            finally:
                self._budget -= self._timer() - started
            self._folder.mkdir(exist_ok=True)
            write_file(self._path(name, args, options), content)
            self._remove_oldest()
        return content

    def _path(self, name: str, args: tuple[object, ...], options: dict[str, object]) -> Path:
        """Return the file of a drawing. Its name hashes all input and the drawing code."""
        key = repr((artwork.version_hash(), args, sorted(options.items())))
        return self._folder / f"{blake2b(key.encode(), digest_size=12).hexdigest()}-{name}"

    def _check_budget(self) -> None:
        now = self._timer()
        self._budget = min(MAX_BUDGET, self._budget + (now - self._updated) * BUDGET_SHARE)
        self._updated = now
        if self._budget <= 0:
            raise ServiceUnavailable(retry_after=round(1 - self._budget / BUDGET_SHARE))

    def _remove_oldest(self) -> None:
        files = list(self._folder.iterdir())
        with suppress(FileNotFoundError):  # another process is removing them
            for file in sorted(files, key=lambda file: -file.stat().st_mtime)[MAX_FILES:]:
                file.unlink()


def get_image_cache() -> ImageCache:
    """Return the application's image cache."""
    cache: ImageCache = current_app.extensions["image_cache"]
    return cache
