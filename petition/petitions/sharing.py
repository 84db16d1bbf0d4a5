"""Links to the networks' own share pages. Nothing of theirs is loaded before a click."""

import re
from typing import NamedTuple
from urllib.parse import quote

# Values of `?r=`: the channel through which a link was shared, never a person. Those beside the
# networks are the copied link, the phone's share sheet, paper, other sites and news.
NETWORKS = ("wa", "tg", "fb", "x", "bs", "th", "ma", "li", "re", "em", "sm", "vk", "ok")
CHANNELS = (*NETWORKS, "cp", "ns", "qr", "eb", "nw")
MORE = ("vk", "ok")  # offered only if SHARE_MORE is set
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


class ShareLink(NamedTuple):
    """A share page of a network. `channel` is its code."""

    channel: str
    url: str

    @property
    def leaves(self) -> bool:
        """Whether the link opens another site, not a program on the reader's device."""
        return self.url.startswith("https:")


def with_channel(url: str, channel: str) -> str:
    """Return the petition's address as shared through a channel."""
    return f"{url}?r={channel}"


def channel_of(code: str | None) -> str:
    """Return a channel code if it is known, else an empty string."""
    return code if code in CHANNELS else ""


def links(url: str, text: str, *, title: str = "", picture: str = "") -> list[ShareLink]:
    """Return the share links for an address and a text, in the order they are offered.

    `title` is the headline or subject, by default the text; `picture` is an address. Mastodon is
    not one site: see `mastodon`.
    """

    def message(channel: str) -> str:
        return quote(f"{text} {with_channel(url, channel)}", safe="")

    def address(channel: str) -> str:
        return quote(with_channel(url, channel), safe="")

    quoted, headline = quote(text, safe=""), quote(title or text, safe="")
    image = f"&imageUrl={quote(picture, safe='')}" if picture else ""
    urls = {
        "wa": f"https://wa.me/?text={message('wa')}",
        "tg": f"https://t.me/share/url?url={address('tg')}&text={quoted}",
        "fb": f"https://www.facebook.com/sharer/sharer.php?u={address('fb')}",
        "x": f"https://x.com/intent/tweet?text={quoted}&url={address('x')}",
        "em": f"mailto:?subject={headline}&body={message('em')}",
        "sm": f"sms:?&body={message('sm')}",
        "bs": f"https://bsky.app/intent/compose?text={message('bs')}",
        "th": f"https://www.threads.com/intent/post?text={quoted}&url={address('th')}",
        "li": f"https://www.linkedin.com/sharing/share-offsite/?url={address('li')}",
        "re": f"https://www.reddit.com/submit?url={address('re')}&title={headline}",
        "vk": f"https://vk.com/share.php?url={address('vk')}&title={headline}",
        "ok": f"https://connect.ok.ru/offer?url={address('ok')}&title={headline}{image}",
    }
    return [ShareLink(channel, link) for channel, link in urls.items()]


def mastodon(server: str, url: str, text: str) -> str | None:
    """Return the share page of a Mastodon server, or None if `server` has no host name.

    `@name@example.social` and a whole address are taken, too.
    """
    host = server.strip().lower().removeprefix("https://").rpartition("@")[2].rstrip("/")
    if not _HOST.fullmatch(host):
        return None
    message = quote(f"{text} {with_channel(url, 'ma')}", safe="")
    return f"https://{host}/share?text={message}"
