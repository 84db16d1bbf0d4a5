"""Share links: plain addresses of the networks' own share pages. Nothing of theirs is loaded before
a click.
"""

from dataclasses import dataclass
from urllib.parse import quote

# Code in `?r=` -> nothing but the channel through which a link was passed on; counted, never tied
# to a person.
CHANNELS = ("wa", "tg", "fb", "x", "em", "cp")


@dataclass(frozen=True, slots=True)
class ShareLink:
    """One way to pass the petition on. `channel` is its code; `label` a name that is the same in
    every language.
    """

    channel: str
    label: str
    url: str


def with_channel(url: str, channel: str) -> str:
    """Return the petition's address as passed on through a channel."""
    return f"{url}?r={channel}"


def channel_of(code: str | None) -> str:
    """Return the channel code if it is one of ours, else nothing."""
    return code if code in CHANNELS else ""


def links(url: str, text: str) -> list[ShareLink]:
    """Return the share links for an address and a text, in the order they are offered."""

    def said(channel: str) -> str:
        return quote(f"{text} {with_channel(url, channel)}", safe="")

    def at(channel: str) -> str:
        return quote(with_channel(url, channel), safe="")

    words = quote(text, safe="")
    return [
        ShareLink("wa", "WhatsApp", f"https://wa.me/?text={said('wa')}"),
        ShareLink("tg", "Telegram", f"https://t.me/share/url?url={at('tg')}&text={words}"),
        ShareLink("fb", "Facebook", f"https://www.facebook.com/sharer/sharer.php?u={at('fb')}"),
        ShareLink("x", "X", f"https://x.com/intent/tweet?text={words}&url={at('x')}"),
        ShareLink("em", "", f"mailto:?subject={words}&body={said('em')}"),
    ]
