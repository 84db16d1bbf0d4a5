"""One error for each rule that can be broken. Their HTTP status and message are set in `web`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from petition.core.field_errors import FieldError


class PetitionError(Exception):
    """A rule of the site was broken: the base of all errors here."""


class SettingsError(PetitionError):
    """The settings are invalid; each argument is a line for the operator."""


class PetitionFileInvalid(PetitionError):
    """A petition is invalid; the argument names each wrong field and says why, as do `errors`."""

    def __init__(self, message: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(message)
        self.errors = errors


class PetitionUnfinished(PetitionError):
    """A petition lacks texts, so it cannot be open; the argument names the fields."""


class ReasonMissing(PetitionError):
    """People have signed the text: a change of it needs a reason. The argument names languages."""


class ChangedMeanwhile(PetitionError):
    """What a form changes was changed since the form was opened."""


class PetitionNotFound(PetitionError):
    """There is no public petition with this slug."""


@dataclass(eq=False)
class PetitionNotOpen(PetitionError):
    """The petition takes no signatures now; `state` is why."""

    slug: str
    state: str


class SlugTaken(PetitionError):
    """A petition with this slug exists already."""


class PetitionNotDraft(PetitionError):
    """Only drafts can be deleted; the argument is the state of the petition."""


class TransitionNotAllowed(PetitionError):
    """A petition may not move between these states; the argument names both."""


class TokenInvalid(PetitionError):
    """A token is not one of this site, is cut short, or was made for another purpose."""


@dataclass(eq=False)
class TokenExpired(PetitionError):
    """A valid token is past its lifetime; `ids` are those in it."""

    ids: tuple[int, ...]


class SignatureGone(PetitionError):
    """The signature of a link is no longer stored."""


class EntryMoved(PetitionError):
    """The entry of a pending page was moved to another address; `email_id` is the email to it."""

    def __init__(self, email_id: int) -> None:
        super().__init__()
        self.email_id = email_id


class CrossSiteForm(PetitionError):
    """A form was sent from a page of another site."""


class EmailRefused(PetitionError):
    """The mail server refused an email permanently; the argument is its reply codes."""


class EmailNotFirst(PetitionError):
    """An email waits for another one to the same mailbox that is due."""


class EmailDeferred(PetitionError):
    """The mail server refused an email temporarily."""


class EmailNotTried(PetitionError):
    """An email was not tried: its batch ended before, or the mail server cannot be reached."""


class EmailAwaitsAnswer(EmailNotTried):
    """The signer is asked whether an email's address is right."""


class EmailObsolete(PetitionError):
    """What an email is about was erased, or needs no email any more."""


class MailServerUnreachable(PetitionError):
    """The mail server accepts no email at all now."""


class ConnectionLost(MailServerUnreachable):
    """The connection broke while an email was sent: the mail server may have it."""


class SenderRefused(MailServerUnreachable):
    """The mail server refuses whatever we send: relaying, quota, credentials or sender."""


@dataclass(eq=False)
class TooSoon(PetitionError):
    """A request was repeated too soon; `until` is when it is allowed again."""

    until: datetime


class CodeInvalid(PetitionError):
    """A code is wrong or expired, or the tries of its mailbox are used up."""


class CodeTriesUsedUp(PetitionError):
    """Too many codes were tried for an entry."""


class ChallengeRequired(PetitionError):
    """A rate limit asks for a challenge before this form."""


@dataclass(eq=False)
class RateLimited(PetitionError):
    """A form takes a challenge of `level`; without one, it is accepted after `wait`."""

    wait: timedelta
    level: int


@dataclass(eq=False)
class ChallengeFailed(PetitionError):
    """A challenge was not solved; `wait` is the rest of its delay."""

    wait: timedelta


class BurstNotFound(PetitionError):
    """The petition has no such burst."""


class EmailWithheld(PetitionError):
    """An email must not be sent: its recipient has had the most allowed, or wants none."""


class PictureInvalid(PetitionError):
    """A picture is refused; the argument says why, in English, after its name."""


class ItemNotFound(PetitionError):
    """The petition has no such update, picture or comment."""


@dataclass(eq=False)
class MatchesChanged(PetitionError):
    """Other signatures match than an organiser was shown: now it is `number`."""

    number: int


class SignatureNotCounted(PetitionError):
    """An organiser has taken the signature of a link out of the count; `contact` can be asked."""

    def __init__(self, contact: str, language: str) -> None:
        super().__init__()
        self.contact, self.language = contact, language


class DisposableAddressRefused(PetitionError):
    """The petition accepts no disposable addresses."""


class AlreadyServed(PetitionError):
    """Another supervisor serves this instance folder; the argument names the folder."""


class PortUnavailable(PetitionError):
    """The port is taken or may not be used; the argument says which and why."""


class BackupInvalid(PetitionError):
    """A backup is damaged, cut off, encrypted for others or of another version; says which."""


class BackupRefused(PetitionError):
    """A backup cannot be written; the argument says why."""


class RestoreRefused(PetitionError):
    """Nothing can be restored into this instance; the argument says why."""
