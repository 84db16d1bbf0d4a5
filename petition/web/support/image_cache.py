"""Pictures and PDFs that are drawn on request and kept as files in the instance folder.

Drawing takes a hundred times as long as signing. Each kind of drawing has a time budget of its own:
requests for thousands of invented sheets do not slow down signing, and blank no share picture.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from flask import current_app
from werkzeug.exceptions import ServiceUnavailable

from petition import artwork
from petition.core.files import write_file

BUDGET_SHARE = 0.05  # of a process's time, for each kind
MAX_BUDGET = 5.0  # processor seconds of drawing at once; cards in six languages take half a second
DIGEST_SIZE = 12  # bytes, of the input in a file's name
MAX_FILES = 500  # of each kind, of about 0.05 MB; the oldest are removed


@dataclass(slots=True)
class _Budget:
    """The processor time for one kind of drawing, in seconds, as of `updated`."""

    updated: float
    left: float = MAX_BUDGET
    expected: float = 0.0  # for a drawing, as the last one took

    def check(self, now: float) -> None:
        """Raise ServiceUnavailable with Retry-After when the budget is spent."""
        self.left = min(MAX_BUDGET, self.left + (now - self.updated) * BUDGET_SHARE)
        self.updated = now
        if self.left <= 0:
            raise ServiceUnavailable(retry_after=round(1 - self.left / BUDGET_SHARE))


class ImageCache:
    """The drawings of one site. Two processes may draw the same one at once; either is right.

    `cpu_timer` measures a drawing: on a busy machine it takes longer, but no more work.
    """

    def __init__(
        self,
        folder: Path,
        *,
        timer: Callable[[], float] = time.monotonic,
        cpu_timer: Callable[[], float] = time.thread_time,
    ) -> None:
        self._folder, self._timer, self._cpu_timer = folder, timer, cpu_timer
        self._budgets: dict[str, _Budget] = {}

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

        Drawings of one `name` are of one kind and share a budget.
        Raises: ServiceUnavailable with Retry-After when the budget is spent.
        """
        content = self.get(name, *args, **options)
        if content is None:
            content = self._draw(name, draw, args, options)
            self._folder.mkdir(exist_ok=True)
            write_file(self._path(name, args, options), content)
            self._remove_oldest(name)
        return content

    def _draw(
        self,
        name: str,
        draw: Callable[..., bytes],
        args: tuple[object, ...],
        options: dict[str, object],
    ) -> bytes:
        now = self._timer()
        budget = self._budgets.setdefault(name, _Budget(now))
        budget.check(now)
        started, expected = self._cpu_timer(), budget.expected
        budget.left -= expected  # already now: others may begin before this one ends
        try:
            return draw(*args, **options)
        finally:
            took = budget.expected = self._cpu_timer() - started
            budget.left += expected - took

    def _path(self, name: str, args: tuple[object, ...], options: dict[str, object]) -> Path:
        """Return the file of a drawing. Its name hashes all input and the drawing code."""
        key = repr((artwork.version_hash(), args, sorted(options.items())))
        digest = blake2b(key.encode(), digest_size=DIGEST_SIZE).hexdigest()
        return self._folder / f"{digest}-{name}"

    def _remove_oldest(self, name: str) -> None:
        files = list(self._folder.glob(f"{'?' * 2 * DIGEST_SIZE}-{name}"))
        with suppress(FileNotFoundError):  # another process is removing them
            for file in sorted(files, key=lambda file: -file.stat().st_mtime)[MAX_FILES:]:
                file.unlink()


def get_image_cache() -> ImageCache:
    """Return the application's image cache."""
    cache: ImageCache = current_app.extensions["image_cache"]
    return cache
