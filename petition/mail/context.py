"""What emails are composed from: settings of the site, and the signature an email is about."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import select

from petition.abuse.email_domains import is_known_mistyped
from petition.core.errors import EmailAwaitsAnswer, EmailRefused, EmailWithheld
from petition.core.tokens import DISOWN, SELF_SERVICE, Purpose, Tokens
from petition.database.base import db
from petition.mail.mx import MailDomains
from petition.mail.status_codes import is_from_report
from petition.models import AlternateEntry, Email, Petition, PetitionText, Signature
from petition.models.enums import EmailState
from petition.organisers.overview.attention import AttentionKind
from petition.outbox import suppression
from petition.signatures import entries
from petition.signatures.identity import AddressInvalid, inbox_hashes, parse_address

# Renders the templates of an email, by its name, in a language: subject, text and HTML.
Render = Callable[[str, str, Mapping[str, object]], tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class MailContext:
    """Settings and services that every email needs."""

    site_url: str
    sender: str
    tokens: Tokens
    confirm_days: int  # that a confirmation link works
    purge_days: int  # that an unconfirmed entry is kept
    render: Render
    mail_domains: MailDomains | None = None
    languages: tuple[str, ...] = ()  # of the site
    find_site_problems: Callable[[], Sequence[AttentionKind]] = list

    def link(self, page: str, purpose: Purpose, *ids: int, now: datetime) -> str:
        """Return the address of a page with a fresh token for it."""
        return f"{self.site_url}/{page}/{self.tokens.make(purpose, *ids, now=now)}"


@dataclass(frozen=True, slots=True)
class EmailContent:
    """Recipient, template and variables of an email; with a mailbox, it is checked first.

    Without a `sender_name`, the sender is that of the settings. The contact gets the replies.
    """

    to: str
    language: str
    template: str
    values: dict[str, Any]
    sender_name: str = ""
    contact: str = ""
    mailbox_key: str = ""
    address_key: str = ""
    has_code: bool = False
    unsubscribe: str = ""  # the address to which inboxes post
    at_most_once: bool = False

    @property
    def reply_to(self) -> str:
        """The contact, if it is an address that every mail server takes in a header, else ""."""
        return _reply_address(self.contact)


@lru_cache(maxsize=100)
def _reply_address(contact: str) -> str:
    try:
        address = parse_address(contact, str).email
    except AddressInvalid:
        return ""
    return address if address.isascii() else ""


def check_question(
    email: Email, content: EmailContent, context: MailContext, now: datetime
) -> None:
    """Raise EmailAwaitsAnswer while the signer is asked whether the address is right.

    If the DNS names a mail server for its domain, the doubt was wrong, and nothing waits.
    """
    if email.asked_until is None or email.asked_until <= now:
        return
    domain = content.mailbox_key.rpartition("@")[2]
    domains = None if is_known_mistyped(domain) else context.mail_domains
    if domains is None or not domains.has_mx(domain, now=now):
        raise EmailAwaitsAnswer


def check_mailbox(email: Email, content: EmailContent, context: MailContext, now: datetime) -> None:
    """Raise EmailWithheld or EmailRefused if no email may go to a mailbox.

    Withheld: its owner wants none, or one bounced by a delivery report. Refused: its domain takes
    none, the server refused it before, or the report was about the same entry.
    """
    tokens = context.tokens
    bounce = suppression.find_reason(
        tokens.keyed_hashes("address", content.address_key),
        inbox_hashes(content.address_key, tokens),
    )
    # A server that bounces by report accepts the email at first. If we refused at once, whoever
    # types the address would learn that it was used here. A refusal by the server itself is public.
    if bounce == "" or (bounce and is_from_report(bounce) and not _entry_has_bounced(email)):
        raise EmailWithheld
    if bounce:
        raise EmailRefused(bounce)
    domain = content.mailbox_key.rpartition("@")[2]
    if context.mail_domains and not context.mail_domains.takes_mail(domain, now=now):
        raise EmailRefused("550 5.1.2")  # what a server replies about such a domain


def _entry_has_bounced(email: Email) -> bool:
    """Return whether an email about the same entry was refused, as its pending page shows."""
    same_entry = (Email.signature_id == email.signature_id) & (Email.entry == email.entry)
    refused = select(Email.id).where(same_entry, Email.state == EmailState.REFUSED)
    return db.session.scalar(refused.limit(1)) is not None


@dataclass(frozen=True, slots=True)
class SignatureContext:
    """The signature, petition and entry that an email is about."""

    context: MailContext
    email_id: int
    signature: Signature
    petition: Petition
    text: PetitionText
    entry: Signature | AlternateEntry
    now: datetime

    def content(self, template: str, **values: object) -> EmailContent:
        """Return the content of an email to the entry's address, with the links of its footer."""
        # Signers of the country concerned are not asked to share, and get a neutral sender.
        countries = {self.signature.country, self.entry.country}
        at_risk = self.petition.regime_country in countries
        common = {
            "title": self.text.title,
            "target": self.text.target,
            "organiser": self.text.organiser,
            "at_risk": at_risk,
            "my_page": self.link("my", SELF_SERVICE, self.signature.id),
            "not_me": self.link("not-me", DISOWN, self.email_id),
        }
        return EmailContent(
            self.entry.email,
            self.entry.language,
            template,
            common | values,
            sender_name="" if at_risk else self.text.organiser,
            contact=self.petition.contact,
            mailbox_key=self.signature.mailbox_key,
            address_key=self.entry.address_key,
        )

    def link(self, page: str, purpose: Purpose, *ids: int) -> str:
        """Return the address of a page with a fresh token for it."""
        return self.context.link(page, purpose, *ids, now=self.now)

    @property
    def petition_link(self) -> str:
        """The address of the petition."""
        return f"{self.context.site_url}/p/{self.petition.slug}"


def get_signature_context(
    email: Email, context: MailContext, now: datetime, *, current: bool = False
) -> SignatureContext:
    """Return the context of an email's entry, or of the `current` one. Raises: SignatureGone."""
    number = None if current else email.entry
    signature, petition, text, entry = entries.get_entry(email.signature_id, number)
    return SignatureContext(context, email.id, signature, petition, text, entry, now)
