"""What letters are written on: the site's address and keys, the words, and what a letter about a
signature is about.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from petition.abuse.email_domains import MailDomains
from petition.core.errors import EmailRefused, EmailWithheld
from petition.core.tokens import DISOWN, SELF_SERVICE, Purpose, Tokens
from petition.database.base import db
from petition.mail.smtp import came_later
from petition.models import AlternateEntry, Email, Petition, PetitionText, Signature
from petition.models.enums import EmailState
from petition.outbox import suppression
from petition.signatures.entries import EntryRef

# Renders the templates of an email, by its name, in a language: subject, text and HTML.
Render = Callable[[str, str, Mapping[str, object]], tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class MailContext:
    """What every letter needs of the site: its address, its keys, how long a confirmation link
    works and an unconfirmed entry is kept, and who knows which domains take mail.
    """

    site_url: str
    tokens: Tokens
    confirm_days: int
    purge_days: int
    render: Render
    mail_domains: MailDomains | None = None

    def link(self, page: str, purpose: Purpose, *ids: int, now: datetime) -> str:
        """Return the address of a page with a fresh token for it."""
        return f"{self.site_url}/{page}/{self.tokens.make(purpose, *ids, now=now)}"


@dataclass(frozen=True, slots=True)
class EmailContent:
    """What a letter is filled with."""

    to: str
    language: str
    template: str
    values: dict[str, Any]
    mailbox_key: str = ""
    address_key: str = ""
    has_code: bool = False


def message_key(email_id: int, keys: Tokens) -> str:
    """Return what stands for a letter in its Message-ID: its number, with a proof that we wrote
    it.
    """
    return f"{email_id:x}-{keys.keyed_hash('message', str(email_id))[:20]}"


def check_mailbox(
    letter: Email, words: EmailContent, stationery: MailContext, now: datetime
) -> None:
    """Raise Withheld when the owner of a mailbox wants no mail or mail to it has come back by a
    report, and Undeliverable when none could leave, or when the report was about the same entry.
    """
    keys = stationery.tokens
    bounce = suppression.find_reason(
        keys.keyed_hashes("address", words.address_key), keys.mailbox_hashes(words.mailbox_key)
    )
    # A server that answers by a report takes the mail at first. A refusal at once, which it would
    # not give, tells whoever types somebody's address that it was used here before; one that was
    # given in the dialogue would be given to anybody.
    if bounce == "" or (bounce and came_later(bounce) and not _has_come_back(letter)):
        raise EmailWithheld
    if bounce:
        raise EmailRefused(bounce)
    domain = words.mailbox_key.rpartition("@")[2]
    if stationery.mail_domains and not stationery.mail_domains.takes_mail(domain, now=now):
        raise EmailRefused("550 5.1.2")  # as a server says it of such a domain


def _has_come_back(letter: Email) -> bool:
    """Say whether a letter about the same entry has come back, as its page has told."""
    mine = (Email.signature_id == letter.signature_id) & (Email.entry == letter.entry)
    refused = select(Email.id).where(mine, Email.state == EmailState.REFUSED)
    return db.session.scalar(refused.limit(1)) is not None


@dataclass(frozen=True, slots=True)
class SignatureContext:
    """What a letter about a signature needs; `kept` is the entry that it is about."""

    email_id: int
    kept: EntryRef
    signature: Signature
    petition: Petition
    text: PetitionText
    entry: Signature | AlternateEntry

    def words(
        self, template: str, stationery: MailContext, now: datetime, **values: object
    ) -> EmailContent:
        """Return the words of a letter to the address that was typed, with the links at its
        foot.
        """
        link, signature_id = stationery.link, self.kept.signature_id
        common = {
            "title": self.text.title,
            "target": self.text.target,
            "organiser": self.text.organiser,
            "my_page": link("my", SELF_SERVICE, signature_id, now=now),
            "not_me": link("not-me", DISOWN, self.email_id, now=now),
        }
        return EmailContent(
            self.entry.email,
            self.entry.language,
            template,
            common | values,
            self.signature.mailbox_key,
            self.entry.address_key,
        )


def get_signature_context(letter: Email, *, standing: bool = False) -> SignatureContext | None:
    """Return what a letter is about, or None when that is no longer kept: its own entry, or the one
    that is `standing` for the signature now.
    """
    row = db.session.execute(_SIGNED, {"signature": letter.signature_id}).first()
    if row is None:
        return None
    signature, petition, text = row
    kept = EntryRef(signature.id, signature.entry if standing else letter.entry or signature.entry)
    if kept.entry == signature.entry:
        return SignatureContext(letter.id, kept, signature, petition, text, signature)
    attempt = db.session.scalar(
        select(AlternateEntry)
        .where(AlternateEntry.signature_id == kept.signature_id, AlternateEntry.entry == kept.entry)
        .execution_options(populate_existing=True)
    )
    if attempt is None:
        return None
    return SignatureContext(letter.id, kept, signature, petition, text, attempt)


_SIGNED = (
    select(Signature, Petition, PetitionText)
    .join(Petition, Petition.id == Signature.petition_id)
    .join(PetitionText, Signature.stands_under(PetitionText))
    .where(Signature.id == bindparam("signature"))
    .execution_options(populate_existing=True)
)
