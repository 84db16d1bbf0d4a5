"""Links to the networks' own share pages. Nothing of theirs is loaded before a click."""

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

import idna

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

# What people who read a language write to each other with, the commonest first.
_COMMONEST = {
    "de": ("wa", "em", "fb"),
    "fr": ("wa", "fb", "em"),
    "kk": ("wa", "tg", "em"),
    "ru": ("tg", "wa", "em"),
    "sv": ("fb", "sm", "em"),
}
_COMMONEST_ELSEWHERE = ("wa", "em", "fb")


class _Limit(NamedTuple):
    """How much a post may have; `link` is what a link counts, None if as many as it has."""

    most: int
    link: int | None


# X: docs.x.com/fundamentals/counting-characters. Bluesky and Mastodon count graphemes, which are no
# more than characters. Threads counts characters.
_LIMITS = {
    "x": _Limit(280, 23),
    "bs": _Limit(300, None),
    "ma": _Limit(500, 23),
    "th": _Limit(500, None),
}
_SINGLE_ON_X = re.compile(
    r"[\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]"
)  # others are two
_ADDRESS = re.compile(r"(?:https?://|acct:)?([^/]*)(?:/.*)?", re.IGNORECASE | re.DOTALL)
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


def fit(text: str, url: str, channel: str) -> str:
    """Return a text as far as a network takes it with the link: cut at a word, with an ellipsis."""
    if _count(text, channel) <= room(url, channel):
        return text
    shorter = text
    while shorter and _count(f"{shorter}…", channel) > room(url, channel):
        words = shorter.rpartition(" ")[0] or shorter[:-1]  # a script without blanks, by letters
        shorter = words.rstrip(" ,;:.–—-")
    return f"{shorter}…"


def room(url: str, channel: str) -> int:
    """Return how much a network takes before a blank and the link."""
    limit = _LIMITS[channel]
    link = len(with_channel(url, channel)) if limit.link is None else limit.link
    return limit.most - link - 1


def excess(text: str, url: str) -> int:
    """Return by how much a text is too long for the strictest network, or 0."""
    return max(0, *(_count(text, channel) - room(url, channel) for channel in _LIMITS))


def _count(text: str, channel: str) -> int:
    if channel != "x":
        return len(text)
    return sum(1 if _SINGLE_ON_X.match(letter) else 2 for letter in text)


def links(url: str, text: str, *, title: str = "", picture: str = "") -> list[ShareLink]:
    """Return the share links for an address and a text, in the order they are offered.

    The text is cut where a network takes less, and the link never.

    `title` is the headline or subject, by default the text; `picture` is an address. Mastodon is
    not one site: see `mastodon`.
    """

    def words(channel: str) -> str:
        return fit(text, url, channel) if channel in _LIMITS else text

    def message(channel: str) -> str:
        return quote(f"{words(channel)} {with_channel(url, channel)}", safe="")

    def address(channel: str) -> str:
        return quote(with_channel(url, channel), safe="")

    threads = quote(words("th"), safe="")
    quoted, headline = quote(text, safe=""), quote(title or text, safe="")
    image = f"&imageUrl={quote(picture, safe='')}" if picture else ""
    urls = {
        "wa": f"https://wa.me/?text={message('wa')}",
        "tg": f"https://t.me/share/url?url={address('tg')}&text={quoted}",
        "fb": f"https://www.facebook.com/sharer/sharer.php?u={address('fb')}",
        "x": f"https://x.com/intent/tweet?text={quote(words('x'), safe='')}&url={address('x')}",
        "em": f"mailto:?subject={headline}&body={message('em')}",
        "sm": f"sms:?&body={message('sm')}",
        "bs": f"https://bsky.app/intent/compose?text={message('bs')}",
        "th": f"https://www.threads.com/intent/post?text={threads}&url={address('th')}",
        "li": f"https://www.linkedin.com/sharing/share-offsite/?url={address('li')}",
        "re": f"https://www.reddit.com/submit?url={address('re')}&title={headline}",
        "vk": f"https://vk.com/share.php?url={address('vk')}&title={headline}",
        "ok": f"https://connect.ok.ru/offer?url={address('ok')}&title={headline}{image}",
    }
    return [ShareLink(channel, link) for channel, link in urls.items()]


def commonest_first(links: Sequence[ShareLink], language: str) -> list[ShareLink]:
    """Return the links with the three that are commonest among readers of a language first."""
    first = _COMMONEST.get(language, _COMMONEST_ELSEWHERE)
    return sorted(links, key=lambda link: [*first, link.channel].index(link.channel))


def mastodon(server: str, url: str, text: str) -> str | None:
    """Return the share page of a Mastodon server, or None if `server` has no host name.

    An address of any page there is taken, too, and `@name@example.social`.
    """
    found = _ADDRESS.fullmatch(server.strip())
    host = found[1].rpartition("@")[2].rstrip(".") if found else ""
    try:
        host = idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return None
    if not _HOST.fullmatch(host):
        return None
    message = quote(f"{fit(text, url, 'ma')} {with_channel(url, 'ma')}", safe="")
    return f"https://{host}/share?text={message}"
