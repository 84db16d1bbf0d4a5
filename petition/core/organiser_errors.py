"""Named errors of what organisers do. They carry values, no sentences."""

from dataclasses import dataclass
from datetime import datetime

from petition.core.errors import PetitionError


class DownloadNotFound(PetitionError):
    """There is no such file, or another organiser asked for it."""


class DownloadGone(PetitionError):
    """A file was deleted after its time, or is not written."""


class HandoverLinkUsed(PetitionError):
    """The link to a pack was used before, or a newer one was made."""


class HandoverChanged(PetitionError):
    """Another organiser has changed what became of a pack since the form was opened."""


class SignInLinkUsed(PetitionError):
    """A sign-in link was used before."""


class OrganiserNotFound(PetitionError):
    """There is no organiser with this address."""


class OrganiserExists(PetitionError):
    """An organiser with this address exists already."""


class LastAdmin(PetitionError):
    """Without this organiser nobody could manage the people of the petition, or of the site."""


@dataclass(eq=False)
class RoleChanged(PetitionError):
    """An organiser's role is not the one that was shown: it is `role` now.

    `by` is the address of who changed it; None is the command line or somebody who has left.
    """

    role: str
    by: str | None


class PermissionDenied(PetitionError):
    """The organiser's role does not allow this action."""


class SecondFactorMissing(PetitionError):
    """The organiser has no second factor that is on, or none that waits for its first code."""


class SheetChanged(PetitionError):
    """Somebody else has changed or removed a paper sheet since its form was opened."""


class SheetLabelTaken(PetitionError):
    """Another paper sheet of the petition has this label."""


class SignInTooOld(PetitionError):
    """A second factor can be set up only soon after signing in."""


class UndoTooLate(PetitionError):
    """What an organiser did can no longer be undone: that was possible for 30 days."""


class OrganisationsChanged(PetitionError):
    """Somebody else has joined or parted spellings of organisations since they were shown."""


class UpdateChanged(PetitionError):
    """Somebody else has changed an update since its form was opened."""


@dataclass(eq=False)
class NoteRequired(PetitionError):
    """A published update was corrected without a note, in these `languages`."""

    languages: tuple[str, ...]


class UpdateNotReady(PetitionError):
    """An update is not public, or its text was not emailed to an organiser as a test."""


@dataclass(eq=False)
class MailingTooSoon(PetitionError):
    """Another update of the petition was emailed within three days; `until` is their end."""

    until: datetime
