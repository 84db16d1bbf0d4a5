"""Sentences that depend on data: why an email came back, channel names, warnings to signers."""

import re

from flask import current_app, g
from flask_babel import force_locale
from flask_babel import gettext as _

from petition.core import i18n
from petition.mail.status_codes import NO_SMTPUTF8, is_mailbox_full
from petition.petitions import sharing
from petition.petitions.queries import PetitionView


def refusal_message(reason: str) -> str:
    """Explain the enhanced status code (RFC 3463) or SMTP code of a refusal."""
    if reason == NO_SMTPUTF8:
        return str(
            _("We cannot send emails to addresses with letters such as ü or я before the @.")
        )
    if is_mailbox_full(reason):
        return str(_("That mailbox is full."))
    found = re.search(r"\b[45]\.\d{1,3}\.\d{1,3}\b", reason)
    code = found.group() if found else reason
    if code in {"5.1.1", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}:
        return str(_("The email server there says that this mailbox does not exist."))
    if code == "5.1.2":
        return str(_("The part after the @ gets no emails. It probably has a typing mistake."))
    if code in {"5.6.7", "5.6.8", "5.6.9"}:
        return str(
            _("An email server on the way does not accept letters such as ü or я before the @.")
        )
    if code.startswith("5.7."):
        return str(
            _("The email server there does not accept our emails. Please try another address.")
        )
    return str(_("The email server there refused our email."))


def next_step(reason: str, address: str) -> str:
    """Return what a signer can do after a refusal."""
    if reason == NO_SMTPUTF8:
        return str(
            _(
                "No email was sent to %(address)s. You can enter another address below."
                " Everything else is still here.",
                address=address,
            )
        )
    return str(
        _(
            "Our email to %(address)s came back. Is the address right? You can correct"
            " it below. Everything else is still here.",
            address=address,
        )
    )


def channel_name(channel: str) -> str:
    """Return the name of a share channel, or its code if it has none."""
    translated = {
        "em": _("Email"),
        "cp": _("Copied link"),
        "ns": _("The phone’s share menu"),
        "qr": _("QR code and paper"),
        "eb": _("Other sites"),
        "nw": _("News"),
    }
    return sharing.NAMES.get(channel) or str(translated.get(channel, channel))


def share_text(petition: PetitionView) -> str:
    """Return the text before a shared link: the call to sign, the victory or the title."""
    if petition.victory:
        return petition.victory.sentence
    return petition.text.share if petition.takes_signatures else petition.text.title


def summary(petition: PetitionView) -> str:
    """Return the petition in one sentence, for previews: its lede, or the victory."""
    return petition.victory.sentence if petition.victory else petition.text.lede


def signer_warnings(petition: PetitionView) -> list[tuple[str, str, str]]:
    """Return the warning as (language, heading, text), first in the reader's language."""
    warnings = []
    languages = dict.fromkeys((g.language, *petition.regime_languages))
    for language in [code for code in languages if code in current_app.config["LANGUAGES"]]:
        with force_locale(language):
            country = i18n.countries(language)[petition.regime_country]
            heading = _("In %(country)s, or at risk there? Read this first", country=country)
            text = _(
                "Signing shows a political opinion, and that can be dangerous. Use an email"
                " address that does not show your name, and think about Tor or a VPN. Your name"
                " stays hidden unless you choose otherwise. The subject of our email does not name"
                " the petition. You can take your signature back at any time."
            )
            warnings.append((language, heading, text))
    return warnings
