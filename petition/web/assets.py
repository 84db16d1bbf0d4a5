"""Static files under names that carry their content's hash: kept by browsers for ever, compressed
once.
"""

import gzip
from hashlib import blake2b
from pathlib import Path
from tempfile import NamedTemporaryFile

from flask import Flask

SOURCE = Path(__file__).parent.parent.parent / "static"
_PACKED = {".css", ".js", ".svg"}


def publish(app: Flask) -> Path:
    """Write every static file under its hashed name into the instance folder, and return that
    folder.

    Templates get `asset("site.css")`, the address of a file. Several processes may publish at once.
    """
    folder = Path(app.instance_path) / "static"
    folder.mkdir(parents=True, exist_ok=True)
    addresses = {
        file.name: _publish(file, folder) for file in sorted(SOURCE.iterdir()) if file.is_file()
    }
    app.jinja_env.globals["asset"] = addresses.__getitem__
    return folder


def _publish(file: Path, folder: Path) -> str:
    content = file.read_bytes()
    hashed = f"{file.stem}.{blake2b(content, digest_size=8).hexdigest()}{file.suffix}"
    _write(folder / hashed, content)
    if file.suffix in _PACKED:
        _write(folder / f"{hashed}.gz", gzip.compress(content, 9, mtime=0))
    return f"/static/{hashed}"


def _write(path: Path, content: bytes) -> None:
    if path.exists():
        return
    with NamedTemporaryFile(dir=path.parent, delete=False) as unfinished:
        unfinished.write(content)
    written = Path(unfinished.name)
    written.chmod(0o644)
    written.replace(path)
