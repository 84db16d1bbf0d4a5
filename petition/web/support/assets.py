"""Static files under names that carry their content's hash: kept by browsers for ever, compressed
once.
"""

import gzip
import re
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

from flask import Flask

from petition.core.colours import for_dark, text_colour_on
from petition.core.config import ROOT
from petition.core.errors import SettingsError
from petition.web.support.files import write_file

SOURCE = ROOT / "static"
_PACKED = {".css", ".js", ".svg"}


def publish(app: Flask) -> Path:
    """Write every static file under its hashed name into the instance folder, and return that
    folder.

    Templates get `asset("site.css")`, the address of a file. Several processes may publish at once.
    Raises SettingsError for a logo that is not there.
    """
    folder = Path(app.instance_path) / "static"
    folder.mkdir(parents=True, exist_ok=True)
    files = {file.name: file.read_bytes() for file in sorted(SOURCE.iterdir()) if file.is_file()}
    files["site.css"] = _in_colour(files["site.css"], app.config["BRAND_COLOUR"])
    logo = app.config["BRAND_LOGO"]
    if logo:
        file = Path(app.instance_path) / logo
        if not file.is_file():
            raise SettingsError(f"BRAND_LOGO names {logo}, which is not in the instance folder")
        files["logo"] = file.read_bytes()
    addresses = {
        name: _publish(logo if name == "logo" else name, content, folder)
        for name, content in files.items()
    }
    # In the page itself: it is smaller than the request for it.
    addresses["icon.svg"] = f"data:image/svg+xml,{quote(files['icon.svg'].decode())}"
    app.jinja_env.globals["asset"] = addresses.__getitem__
    return folder


def _in_colour(sheet: bytes, colour: str) -> bytes:
    """Return the style sheet in the site's own colour: in light mode first, then in dark."""
    text = sheet.decode()
    for ours, name in ((colour, "light"), (for_dark(colour), "dark")):
        pair = f"--accent: {ours};\n{' ' * 6}--on-accent: {text_colour_on(ours)};"
        text, found = re.subn(
            rf"--accent: \S+; /\* {name} \*/\s+--on-accent: \S+;", pair, text, count=1
        )
        if not found:
            raise LookupError(f"the style sheet names no accent for {name} mode")
    return text.encode()


def _publish(name: str, content: bytes, folder: Path) -> str:
    file = Path(name)
    hashed = f"{file.stem}.{blake2b(content, digest_size=8).hexdigest()}{file.suffix}"
    if not (folder / hashed).exists():
        if file.suffix in _PACKED:
            write_file(folder / f"{hashed}.gz", gzip.compress(content, 9, mtime=0))
        write_file(folder / hashed, content)
    return f"/static/{hashed}"
