"""The rules that can be broken, one class each. No HTTP and no sentences: the doors put those
on.
"""

from datetime import datetime, timedelta


class PetitionError(Exception):
    """A rule of the site was broken; the door that catches it knows the words."""


class SettingsError(PetitionError):
    """The settings are wrong; each argument is one line for the person who set them."""

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines


class PetitionFileInvalid(PetitionError):
    """A petition file does not say what a petition needs; the argument names what is missing."""


class PetitionNotFound(PetitionError):
    """No petition of that name is shown to the public."""


class PetitionNotOpen(PetitionError):
    """The petition takes no signatures now; `state` says which kind of not open."""

    def __init__(self, slug: str, state: str) -> None:
        super().__init__(slug, state)
        self.slug = slug
        self.state = state


class SlugTaken(PetitionError):
    """A petition with this address exists already."""


class TransitionNotAllowed(PetitionError):
    """A petition may not move between these states; the argument names both."""


class TokenInvalid(PetitionError):
    """A link that this site did not write, that was cut short, or that was written for another
    purpose.
    """


class TokenExpired(PetitionError):
    """A link of ours past its date; `ids` are what it was written for."""

    def __init__(self, ids: tuple[int, ...]) -> None:
        super().__init__()
        self.ids = ids


class SignatureGone(PetitionError):
    """The signature that a link was written for is no longer kept."""


class SignInLinkUsed(PetitionError):
    """A sign-in link that was used before."""


class OrganiserNotFound(PetitionError):
    """No organiser has this address."""


class OrganiserExists(PetitionError):
    """An organiser with this address exists already."""


class AdminOfOnePetition(PetitionError):
    """An admin reaches all petitions and is not invited to one of them."""


class PermissionDenied(PetitionError):
    """This organiser's role does not reach that far."""


class CrossSiteForm(PetitionError):
    """A form was sent from a page of another site."""


class EmailRefused(PetitionError):
    """The mail server refused this letter for good; the argument is the codes of its answer."""


class EmailDeferred(PetitionError):
    """The mail server asks to come back later with this letter."""


class MailServerUnreachable(PetitionError):
    """The mail server takes no mail at all now: no letter is to blame."""


class TooSoon(PetitionError):
    """It was asked for a moment ago; `until` is when it can be asked for again."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class CodeInvalid(PetitionError):
    """The six digits are not those of the mail, or have been guessed at too often."""


class ChallengeRequired(PetitionError):
    """So many forms came from one place that each one more takes an extra step."""


class RateLimited(PetitionError):
    """So many forms came from one place that no more are taken; `wait` is for how long."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(wait)
        self.wait = wait


class ChallengeFailed(PetitionError):
    """The extra step was not done; `wait` is what is left of its delay."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(wait)
        self.wait = wait


class BurstNotFound(PetitionError):
    """There is no such burst under this petition."""


class EmailWithheld(PetitionError):
    """This letter must not be mailed: its reader has had their most, or wants none."""


class PictureInvalid(PetitionError):
    """A picture that is not taken; the argument says why, after its name, in English."""


class ItemNotFound(PetitionError):
    """No such piece of news, picture or comment under this petition."""


class DisposableAddressRefused(PetitionError):
    """A throw-away address, under a petition that takes none."""
