"""Atomic writes of files that several processes may write at once; who may read them."""

from pathlib import Path
from tempfile import NamedTemporaryFile


def is_readable_by_others(path: Path) -> bool:
    """Return whether the system lets other users than the owner reach a file or folder."""
    return bool(path.stat().st_mode & 0o077)


def write_file(path: Path, content: bytes, *, mode: int = 0o600) -> None:
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
