"""Share links: plain addresses of the networks' own share pages. Nothing of theirs is loaded before
a click.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

# What stands in `?r=`: the channel through which a link was passed on, never a person. The last
# ones are no networks: the copied link, the phone's own share sheet, paper, and other sites.
NETWORKS = ("wa", "tg", "fb", "x", "bs", "th", "ma", "li", "re", "em", "sm", "vk", "ok")
CHANNELS = (*NETWORKS, "cp", "ns", "qr", "eb", "nw")
MORE = ("vk", "ok")
NAMES = {
    "wa": "WhatsApp",
    "tg": "Telegram",
    "fb": "Facebook",
    "x": "X",
    "bs": "Bluesky",
    "th": "Threads",
    "ma": "Mastodon",
    "li": "LinkedIn",
    "re": "Reddit",
    "sm": "SMS",
    "vk": "VK",
    "ok": "OK",
}  # the same in every language
_HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,61}")


@dataclass(frozen=True, slots=True)
class ShareLink:
    """One way to pass the petition on. `channel` is its code."""

    channel: str
    url: str

    @property
    def leaves(self) -> bool:
        """Whether the link opens another site, not a program of the reader's own."""
        return self.url.startswith("https:")


def with_channel(url: str, channel: str) -> str:
    """Return the petition's address as passed on through a channel."""
    return f"{url}?r={channel}"


def channel_of(code: str | None) -> str:
    """Return the channel code if it is one of ours, else nothing."""
    return code if code in CHANNELS else ""


def links(url: str, text: str, *, title: str = "", picture: str = "") -> list[ShareLink]:
    """Return the share links for an address and a text, in the order they are offered, those of
    MORE last. `title` stands where a headline or a subject is wanted, by default the text;
    `picture` is an address. Mastodon is no one site: its link is made by `mastodon`.
    """

    def said(channel: str) -> str:
        return quote(f"{text} {with_channel(url, channel)}", safe="")

    def at(channel: str) -> str:
        return quote(with_channel(url, channel), safe="")

    words, headline = quote(text, safe=""), quote(title or text, safe="")
    shown = f"&imageUrl={quote(picture, safe='')}" if picture else ""
    return [
        ShareLink("wa", f"https://wa.me/?text={said('wa')}"),
        ShareLink("tg", f"https://t.me/share/url?url={at('tg')}&text={words}"),
        ShareLink("fb", f"https://www.facebook.com/sharer/sharer.php?u={at('fb')}"),
        ShareLink("x", f"https://x.com/intent/tweet?text={words}&url={at('x')}"),
        ShareLink("em", f"mailto:?subject={headline}&body={said('em')}"),
        ShareLink("sm", f"sms:?&body={said('sm')}"),
        ShareLink("bs", f"https://bsky.app/intent/compose?text={said('bs')}"),
        ShareLink("th", f"https://www.threads.com/intent/post?text={words}&url={at('th')}"),
        ShareLink("li", f"https://www.linkedin.com/sharing/share-offsite/?url={at('li')}"),
        ShareLink("re", f"https://www.reddit.com/submit?url={at('re')}&title={headline}"),
        ShareLink("vk", f"https://vk.com/share.php?url={at('vk')}&title={headline}"),
        ShareLink("ok", f"https://connect.ok.ru/offer?url={at('ok')}&title={headline}{shown}"),
    ]


def mastodon(server: str, url: str, text: str) -> str | None:
    """Return the share address on somebody's Mastodon server, or None if that is no host name.

    People write `@name@example.social` or the whole address: the host is taken from either.
    """
    host = server.strip().lower().removeprefix("https://").rpartition("@")[2].rstrip("/")
    if not _HOST.fullmatch(host):
        return None
    words = quote(f"{text} {with_channel(url, 'ma')}", safe="")
    return f"https://{host}/share?text={words}"
