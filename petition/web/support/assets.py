"""Static files under names with a hash of their content, which browsers keep for ever."""

import gzip
import re
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

from flask import Flask

from petition.core.colours import for_dark, text_colour_on
from petition.core.config import ROOT
from petition.core.errors import SettingsError
from petition.core.files import write_file

SOURCE = ROOT / "static"
_COMPRESSED = {".css", ".js", ".svg"}


def publish(app: Flask) -> Path:
    """Write every static file under its hashed name into the instance folder; return that folder.

    Adds the template global `asset(name)`, which returns the URL of a file. Several processes may
    publish at once. Raises: SettingsError if the logo is missing.
    """
    folder = Path(app.instance_path) / "static"
    folder.mkdir(parents=True, exist_ok=True)
    files = {file.name: file.read_bytes() for file in sorted(SOURCE.iterdir()) if file.is_file()}
    files["site.css"] = _set_accent(files["site.css"], app.config["BRAND_COLOUR"])
    urls = {name: _publish_file(name, content, folder) for name, content in files.items()}
    logo = app.config["BRAND_LOGO"]
    if logo:
        file = Path(app.instance_path) / logo
        if not file.is_file():
            raise SettingsError(f"BRAND_LOGO names {logo}, which is not in the instance folder")
        urls["logo"] = _publish_file(logo, file.read_bytes(), folder)
    # Inline: the icon is smaller than the request for it.
    urls["icon.svg"] = f"data:image/svg+xml,{quote(files['icon.svg'].decode())}"
    app.jinja_env.globals["asset"] = urls.__getitem__
    return folder


def _set_accent(css: bytes, colour: str) -> bytes:
    """Return the style sheet with the site's colour, in light and in dark mode."""
    text = css.decode()
    for accent, mode in ((colour, "light"), (for_dark(colour), "dark")):
        pair = f"--accent: {accent};\n{' ' * 6}--on-accent: {text_colour_on(accent)};"
        text, replaced = re.subn(
            rf"--accent: \S+; /\* {mode} \*/\s+--on-accent: \S+;", pair, text, count=1
        )
        if not replaced:
            raise LookupError(f"the style sheet names no accent for {mode} mode")
    return text.encode()


def _publish_file(name: str, content: bytes, folder: Path) -> str:
    path = Path(name)
    hashed = f"{path.stem}.{blake2b(content, digest_size=8).hexdigest()}{path.suffix}"
    if not (folder / hashed).exists():
        if path.suffix in _COMPRESSED:
            write_file(folder / f"{hashed}.gz", gzip.compress(content, 9, mtime=0))
        write_file(folder / hashed, content)
    return f"/static/{hashed}"
