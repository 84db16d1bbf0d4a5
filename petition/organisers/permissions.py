"""Who may do what: one table of actions and roles, and which petitions an organiser reaches."""

from enum import StrEnum

from petition.models import Organiser
from petition.models.enums import Role


class Action(StrEnum):
    """What an organiser does; every closed route declares one."""

    SIGN_OUT = "sign_out"
    MANAGE_ACCOUNT = "manage_account"
    LIST_PETITIONS = "list_petitions"
    CHOOSE_EMAILS = "choose_emails"
    SEE_FIGURES = "see_figures"
    PREVIEW = "preview"
    EDIT_TEXT = "edit_text"
    EDIT_SETTINGS = "edit_settings"
    CHANGE_STATE = "change_state"
    EDIT_NEWS = "edit_news"
    CREATE_PETITION = "create_petition"
    REVIEW_COMMENTS = "review_comments"
    REVIEW_NAMES = "review_names"
    REVIEW_BURSTS = "review_bursts"
    REVIEW_SIGNATURES = "review_signatures"
    DOWNLOAD = "download"
    SEE_AUDIT_TRAIL = "see_audit_trail"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_SITE_PEOPLE = "manage_site_people"
    FEATURE = "feature"


_ALL = frozenset(Role)
_EDITORS = frozenset({Role.ADMIN, Role.EDITOR})
_ADMINS = frozenset({Role.ADMIN})

ROLES: dict[Action, frozenset[Role]] = {
    Action.SIGN_OUT: _ALL,
    Action.MANAGE_ACCOUNT: _ALL,
    Action.LIST_PETITIONS: _ALL,
    Action.CHOOSE_EMAILS: _ALL,
    Action.SEE_FIGURES: _ALL,
    Action.PREVIEW: _ALL,
    Action.EDIT_TEXT: _EDITORS,
    Action.EDIT_SETTINGS: _EDITORS,
    Action.CHANGE_STATE: _EDITORS,
    Action.EDIT_NEWS: _EDITORS,
    Action.CREATE_PETITION: _EDITORS,
    Action.REVIEW_COMMENTS: _EDITORS,
    Action.REVIEW_NAMES: _EDITORS,
    Action.REVIEW_BURSTS: _EDITORS,
    Action.REVIEW_SIGNATURES: _EDITORS,
    Action.DOWNLOAD: _EDITORS,
    Action.SEE_AUDIT_TRAIL: _EDITORS,
    Action.MANAGE_PEOPLE: _ADMINS,
    Action.MANAGE_SITE_PEOPLE: _ADMINS,
    Action.FEATURE: _ADMINS,
}
# What is about no petition, or about all: only for organisers who reach all.
SITE_ACTIONS = frozenset({Action.MANAGE_SITE_PEOPLE, Action.CREATE_PETITION, Action.FEATURE})


def may(organiser: Organiser, action: Action) -> bool:
    """Return whether role and reach of the organiser allow an action on petitions within reach."""
    if action in SITE_ACTIONS and organiser.petition_id is not None:
        return False
    return organiser.role in ROLES[action]


def reaches(organiser: Organiser, petition_id: int) -> bool:
    """Return whether a petition is within the organiser's reach.

    That is the petition of the invitation, or all when it names none. An admin of one petition
    manages the people of that petition alone.
    """
    return organiser.petition_id in (None, petition_id)
