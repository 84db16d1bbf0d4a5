"""Files that several processes may write at once: whole or not there."""

from pathlib import Path
from tempfile import NamedTemporaryFile


def write_file(path: Path, content: bytes) -> None:
    """Write a file that everybody may read, in one step. Raises OSError, and leaves nothing."""
    with NamedTemporaryFile(dir=path.parent, delete=False) as unfinished:
        written = Path(unfinished.name)
        try:
            unfinished.write(content)
            unfinished.flush()
            written.chmod(0o644)
            written.replace(path)
        except OSError:
            written.unlink(missing_ok=True)
            raise
