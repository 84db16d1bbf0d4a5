"""The rules that can be broken, one class each. No HTTP and no sentences: the doors put those
on.
"""


class PetitionError(Exception):
    """A rule of the site was broken; the door that catches it knows the words."""


class SettingsError(PetitionError):
    """The settings are wrong; each argument is one line for the person who set them."""

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines


class ImportRefused(PetitionError):
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


class TokenForged(PetitionError):
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


class SignInSpent(PetitionError):
    """A sign-in link that was used before."""


class OrganiserUnknown(PetitionError):
    """No organiser has this address."""


class OrganiserExists(PetitionError):
    """An organiser with this address exists already."""


class NotAllowed(PetitionError):
    """This organiser's role does not reach that far."""


class CrossSite(PetitionError):
    """A form was sent from a page of another site."""


class Undeliverable(PetitionError):
    """The mail server refused this letter for good; the argument is its answer without the
    address.
    """


class Deferred(PetitionError):
    """The mail server asks to come back later with this letter."""


class Unreachable(PetitionError):
    """The mail server takes no mail at all now: no letter is to blame."""
