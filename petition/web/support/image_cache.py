"""Drawings made on demand and kept in the instance folder. To draw takes a hundred times as long as
to sign, so there is an allowance for it: addresses made up by the thousand take nothing from those
who sign.
"""

import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

from flask import current_app
from werkzeug.exceptions import ServiceUnavailable

from petition import artwork
from petition.web.support.files import write_file

SHARE = 0.05  # of a process's time may go into drawing
SAVED_UP = 5.0  # seconds of drawing; a share page in six languages takes one
MAX_IMAGES = 1_000  # on the disk, of some 0.1 MB each; beyond them the oldest are removed


class ImageCache:
    """The drawings of one site. Two processes may draw the same one at once; either will do."""

    def __init__(self, folder: Path, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._timer = folder, timer
        self._left, self._at = SAVED_UP, timer()

    def found(self, name: str, *given: object, **how: object) -> bytes | None:
        """Return a drawing if it is kept."""
        try:
            return self._file(name, given, how).read_bytes()
        except FileNotFoundError:
            return None

    def drawn(self, name: str, draw: Callable[..., bytes], *given: object, **how: object) -> bytes:
        """Return what `draw` makes of all that is given, kept or drawn now. Raises
        ServiceUnavailable, with when to come back, while there is no time left for drawing.
        """
        content = self.found(name, *given, **how)
        if content is None:
            self._wait_for_allowance()
            began = self._timer()
            try:
                content = draw(*given, **how)
            finally:
                self._left -= self._timer() - began
            self._keep(self._file(name, given, how), content)
        return content

    def _file(self, name: str, given: tuple[object, ...], how: dict[str, object]) -> Path:
        """Return where a drawing is kept: by all that goes into it, the drawing code too, so that
        it is never stale.
        """
        of = repr((artwork.edition(), given, sorted(how.items())))
        return self._folder / f"{blake2b(of.encode(), digest_size=12).hexdigest()}-{name}"

    def _wait_for_allowance(self) -> None:
        now = self._timer()
        self._left = min(SAVED_UP, self._left + (now - self._at) * SHARE)
        self._at = now
        if self._left <= 0:
            raise ServiceUnavailable(retry_after=round(1 - self._left / SHARE))

    def _keep(self, file: Path, content: bytes) -> None:
        self._folder.mkdir(exist_ok=True)
        write_file(file, content)
        kept = list(self._folder.iterdir())
        if len(kept) > MAX_IMAGES:
            kept.sort(key=_made_at)
            for old in kept[: len(kept) - MAX_IMAGES]:
                old.unlink(missing_ok=True)


def _made_at(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:  # another process was first
        return 0.0


def get_image_cache() -> ImageCache:
    """Return the site's drawings."""
    found: ImageCache = current_app.extensions["image_cache"]
    return found
