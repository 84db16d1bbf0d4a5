"""Who may do what: one table of actions and roles, and which petitions an organiser reaches."""

from enum import StrEnum

from petition.models import Organiser
from petition.models.enums import Role


class Action(StrEnum):
    """What an organiser does; every closed route declares one."""

    SIGN_OUT = "sign_out"
    LIST_PETITIONS = "list_petitions"
    SEE_FIGURES = "see_figures"
    PREVIEW = "preview"
    REVIEW_COMMENTS = "review_comments"
    REVIEW_NAMES = "review_names"
    REVIEW_BURSTS = "review_bursts"
    REVIEW_SIGNATURES = "review_signatures"
    DOWNLOAD = "download"
    SEE_AUDIT_TRAIL = "see_audit_trail"


_ALL = frozenset(Role)
_EDITORS = frozenset({Role.ADMIN, Role.EDITOR})

ROLES: dict[Action, frozenset[Role]] = {
    Action.SIGN_OUT: _ALL,
    Action.LIST_PETITIONS: _ALL,
    Action.SEE_FIGURES: _ALL,
    Action.PREVIEW: _ALL,
    Action.REVIEW_COMMENTS: _EDITORS,
    Action.REVIEW_NAMES: _EDITORS,
    Action.REVIEW_BURSTS: _EDITORS,
    Action.REVIEW_SIGNATURES: _EDITORS,
    Action.DOWNLOAD: _EDITORS,
    Action.SEE_AUDIT_TRAIL: _EDITORS,
}


def may(organiser: Organiser, action: Action) -> bool:
    """Return whether the organiser's role allows an action on petitions within reach."""
    return organiser.role in ROLES[action]


def reaches(organiser: Organiser, petition_id: int) -> bool:
    """Return whether a petition is within the organiser's reach.

    That is the petition of the invitation, or all when it names none. Admins are invited for all;
    those of earlier releases may have one.
    """
    return organiser.petition_id in (None, petition_id)
