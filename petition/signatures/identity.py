"""An address in canonical form, and the key that makes every spelling of a mailbox one.

No database, no HTTP. The rules of providers come from their own help pages, named beside each rule.
When in doubt two addresses stay two: a person merged with another cannot appeal, and a missed
duplicate is one signature in thousands.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from email_validator import EmailNotValidError, validate_email

from petition.core.text import tidy
from petition.core.tokens import Tokens

MAX_ADDRESS_LENGTH = 254  # characters: RFC 5321 §4.5.3.1.3, less the angle brackets

# The owner of a name owns every version with dots, and nobody else can register one:
# support.google.com/mail/answer/7436150. Tags and googlemail.com: Gmail Help 22370, as others quote
# it; the edition that could be read (2012) tells of other senders only.
_GMAIL = frozenset({"gmail.com", "googlemail.com"})
# "Addresses using your username on all Yandex domains are linked to you when you register":
# yandex.com/support/id/authorization/email.html.
_YANDEX_ENDS = (
    *("ru", "com", "by", "kz", "ua", "uz", "com.tr", "com.ge", "com.am", "co.il"),
    *("az", "kg", "lt", "lv", "md", "tj", "tm", "ee", "fr"),
)
_YANDEX = frozenset({"ya.ru", "narod.ru"} | {f"yandex.{end}" for end in _YANDEX_ENDS})
# The characters . _ - "are treated as transparent", so that none of the variations "can be used for
# a different account": proton.me/support/change-username. Tags, and the four domains, which an
# account may have or not: proton.me/support/addresses-and-aliases.
_PROTON = frozenset({"proton.me", "protonmail.com", "protonmail.ch", "pm.me"})
_PROTON_TRANSPARENT = str.maketrans("", "", "._-")
# Tags, and anything@name.fastmail.com for name@fastmail.com: fastmail.help/hc/articles/
# 360060591053. A hyphen there stands for an underscore (fastmail.com/blog/two-address-resolving-
# additions), as names have no hyphens (fastmail.help/hc/articles/360060590533). The domains are
# those of fastmail.com/about/ourdomains, as Delta Chat's list of providers has them (2022).
_FASTMAIL_DOMAINS = """
    123mail.org 150mail.com 150ml.com 16mail.com 2-mail.com 4email.net 50mail.com airpost.net
    allmail.net bestmail.us cluemail.com elitemail.org emailcorner.net emailengine.net
    emailengine.org emailgroups.net emailplus.org emailuser.net eml.cc f-m.fm fast-email.com
    fast-mail.org fastem.com fastemail.us fastemailer.com fastest.cc fastimap.com fastmail.cn
    fastmail.co.uk fastmail.com fastmail.com.au fastmail.de fastmail.es fastmail.fm fastmail.fr
    fastmail.im fastmail.in fastmail.jp fastmail.mx fastmail.net fastmail.nl fastmail.org
    fastmail.se fastmail.to fastmail.tw fastmail.uk fastmail.us fastmailbox.net
    fastmessaging.com fea.st fmail.co.uk fmailbox.com fmgirl.com fmguy.com ftml.net h-mail.us
    hailmail.net imap-mail.com imap.cc imapmail.org inoutbox.com internet-e-mail.com
    internet-mail.org internetemails.net internetmailing.net jetemail.net justemail.net
    letterboxes.org mail-central.com mail-page.com mailandftp.com mailas.com mailbolt.com
    mailc.net mailcan.com mailforce.net mailftp.com mailhaven.com mailingaddress.org mailite.com
    mailmight.com mailnew.com mailsent.net mailservice.ms mailup.net mailworks.org ml1.net mm.st
    myfastmail.com mymacmail.com nospammail.net ownmail.net petml.com postinbox.com postpro.net
    proinbox.com promessage.com realemail.net reallyfast.biz reallyfast.info rushpost.com
    sent.as sent.at sent.com speedpost.net speedymail.org ssl-mail.com swift-mail.com
    the-fastest.net the-quickest.com theinternetemail.com veryfast.biz veryspeedy.net
    warpmail.net xsmail.com yepmail.net your-mail.com
"""
_FASTMAIL = frozenset(_FASTMAIL_DOMAINS.split())
# A tag is dropped when no mailbox has the whole name: learn.microsoft.com/exchange/
# recipients-in-exchange-online/plus-addressing-in-exchange-online. hotmail.com is not outlook.com.
_TAGGED = frozenset({"outlook.com", "hotmail.com", "live.com", "msn.com"})
# No page of Apple's says that a tag is dropped (support.apple.com/HT202316 has aliases only): as
# with domains below, one for the number of emails and two signers.
_APPLE = frozenset({"icloud.com", "me.com", "mac.com"})
# Domains on which one account has the same name, unless it gave one up. Apple: support.apple.com/
# 118230; Proton as above. No page says that the name is never another person's elsewhere, so these
# are one for the number of emails and two signers.
_ONE_INBOX = dict.fromkeys(_PROTON, "proton.me") | dict.fromkeys(
    ("me.com", "mac.com"), "icloud.com"
)


class AddressInvalid(ValueError):
    """Not an address that email can be sent to."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address as typed, for delivery, with its keys.

    `key` is its canonical form; `mailbox` is equal for every spelling that reaches the same
    mailbox. `mailbox_hash` is a keyed hash of its inbox, under which emails are counted.
    """

    email: str
    key: str
    mailbox: str
    mailbox_hash: str

    @property
    def domain(self) -> str:
        """The mail domain of the mailbox."""
        return self.mailbox.rpartition("@")[2]


_FULL_WIDTH = str.maketrans("＠＜＞", "@<>")
_IN_ANGLE_BRACKETS = re.compile(r"[^<>]*<([^<>]*)>")
_IN_MARKDOWN_LINK = re.compile(r"\[[^\[\]]*\]\(([^()]*)\)")
_PUNCTUATION = " \t.,;:/。，；：、"
_BRACKETS_AND_QUOTES = "<>()[]'\"“”„«»‘’"


def tidy_address(text: str) -> str:
    """Return the address in what a person typed or pasted, without what programs put around it.

    Those are white space and invisible signs, `mailto:`, a Markdown link, a name with angle
    brackets, brackets and quotes, a spreadsheet's apostrophe, and the punctuation or slash after
    it. What is no address comes back without any.
    """
    text = tidy(text)
    if not text.isascii():
        text = _without_invisible(text.translate(_FULL_WIDTH))
    text = text.rstrip(_PUNCTUATION)
    if match := _IN_MARKDOWN_LINK.fullmatch(text) or _IN_ANGLE_BRACKETS.fullmatch(text):
        text = match.group(1).strip()
    text = text.lstrip(_BRACKETS_AND_QUOTES).rstrip(_BRACKETS_AND_QUOTES + _PUNCTUATION)
    if text[:7].lower() == "mailto:":
        text = unquote(text[7:].partition("?")[0]).strip()
    return text


def _without_invisible(text: str) -> str:
    """Remove what nobody sees; in an address beyond ASCII joiners stay, and overrides anywhere."""
    text = "".join(
        sign
        for sign in text
        if sign in "\u200c\u200d\u202d\u202e"
        or (unicodedata.category(sign) != "Cf" and not "\ufe00" <= sign <= "\ufe0f")
    ).strip()
    ascii_text = text.replace("\u200c", "").replace("\u200d", "")
    return ascii_text if ascii_text.isascii() else text


def parse_address(text: str, hash_mailbox: Callable[[str], str]) -> Address:
    """Parse an address as a person typed it; `hash_mailbox` makes the keyed hash of a mailbox.

    `tidy_address` is applied first. Raises: AddressInvalid by RFC 5321 and 5322 as email-validator
    reads them, without quoted names and address literals.
    """
    try:
        parsed = validate_email(tidy_address(text), check_deliverability=False)
    except EmailNotValidError as error:
        raise AddressInvalid from error
    domain = parsed.ascii_domain.lower()
    local = _normalise_local(parsed.local_part)
    if not local or "@" in local or len(local) + 1 + len(domain) > MAX_ADDRESS_LENGTH:
        raise AddressInvalid  # NFKC expands one character to up to eighteen, or to an @
    key = f"{local}@{domain}"
    mailbox = derive_mailbox(key)
    return Address(
        email=f"{parsed.local_part}@{parsed.ascii_domain}",
        key=key,
        mailbox=mailbox,
        mailbox_hash=hash_mailbox(inbox(mailbox)),
    )


def _normalise_local(local: str) -> str:
    """Apply NFKC and lower the case; `casefold` would turn ß into ss and merge two people."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", local).lower())


def derive_mailbox(key: str) -> str:
    """Return the mailbox of an address in canonical form. A mailbox is its own mailbox."""
    local, _, domain = key.rpartition("@")
    name = local.partition("+")[0] or local
    if domain in _GMAIL:
        return f"{name.replace('.', '') or local}@gmail.com"
    if domain in _YANDEX:
        return f"{name}@yandex.ru"
    if domain in _PROTON:
        return f"{name.translate(_PROTON_TRANSPARENT) or local}@{domain}"
    if domain in _TAGGED or domain in _FASTMAIL:
        return f"{name}@{domain}"
    user, _, parent = domain.partition(".")
    while "." in parent:
        if parent in _FASTMAIL:
            return f"{user.replace('-', '_')}@{parent}"
        label, _, parent = parent.partition(".")
        user = f"{user}.{label}"
    return key


def inbox(mailbox: str) -> str:
    """Return the mailbox with which one shares its emails, as far as that is known, or itself."""
    local, _, domain = mailbox.rpartition("@")
    if domain in _APPLE:
        local = local.partition("+")[0] or local
    return f"{local}@{_ONE_INBOX.get(domain, domain)}"


def inbox_hashes(key: str, tokens: Tokens) -> set[str]:
    """Return the hashes under which the owner of an address may have refused email.

    Under every secret key, and by the rules of today and those of earlier releases.
    """
    mailbox = derive_mailbox(key)
    return {
        hashed for name in (inbox(mailbox), mailbox, key) for hashed in tokens.mailbox_hashes(name)
    }


def mailboxes_of(key: str) -> set[str]:
    """Return the mailbox of an address by the rules of today and by those of earlier releases.

    They give the same person's signatures: a changed rule made the mailboxes one.
    """
    mailbox = derive_mailbox(key)
    local, _, domain = key.rpartition("@")
    without_tag = f"{local.partition('+')[0]}@{domain}"
    return {mailbox, key, without_tag if derive_mailbox(without_tag) == mailbox else key}
