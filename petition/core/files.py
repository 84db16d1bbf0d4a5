"""Atomic writes of files that several processes may write at once."""

from pathlib import Path
from tempfile import NamedTemporaryFile


def write_file(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replace a file, never readable by more than `mode` says. Raises: OSError, leaving nothing."""
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(content)
            file.flush()
            temporary.chmod(mode)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
