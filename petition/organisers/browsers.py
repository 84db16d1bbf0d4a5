"""Rough names of browsers, so that organisers know their sessions apart."""

from typing import NamedTuple

# What a User-Agent has, in the order in which it is looked for: later ones are named by earlier.
_BROWSERS = (
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("YaBrowser/", "Yandex Browser"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


class Browser(NamedTuple):
    """The names of a browser and of its operating system; "" where they are unknown."""

    name: str = ""
    system: str = ""


def read_browser(user_agent: str) -> Browser:
    """Return what a User-Agent says. Versions and devices are left out."""
    found = (
        next((name for sign, name in signs if sign in user_agent), "")
        for signs in (_BROWSERS, _SYSTEMS)
    )
    return Browser(*found)
