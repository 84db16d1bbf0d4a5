"""The petitions within reach: list and figures."""

from pathlib import Path
from typing import Any

from flask import Response, current_app, flash, g, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response as AnyResponse
from wtforms import BooleanField, SelectField
from wtforms.fields import SelectChoice

from petition.abuse import proxy_headers
from petition.core.clock import now
from petition.core.errors import PetitionNotFound
from petition.models.enums import PUBLIC_STATES, Role
from petition.organisers import permissions
from petition.organisers.overview import attention, figures_file, morning, site_problems
from petition.organisers.overview.attention import Attention, AttentionKind
from petition.organisers.overview.figures import get_figures
from petition.petitions import lifecycle, queries, sums
from petition.web.organisers.forms import OrganiserForm
from petition.web.organisers.guard import pages
from petition.web.support.memo import forget
from petition.web.support.responses import see_other


class FeatureForm(OrganiserForm):
    """Which petition the first page of the site is: its slug, or "" as the settings say."""

    slug = SelectField(_("The first page of the site shows"), validate_choice=False)

    def __init__(self, petitions: list[queries.PetitionSummary], **options: Any) -> None:
        super().__init__(**options)
        public = [one for one in petitions if one.state in PUBLIC_STATES]
        as_set = SelectChoice(
            "", _("The only open petition, or the list, or what the settings say")
        )
        self.slug.choices = [as_set, *(SelectChoice(one.slug, one.title) for one in public)]


class EmailsForm(OrganiserForm):
    """Which emails an organiser wants."""

    morning = BooleanField(_("Send me an email in the morning"))


@pages.get("/")
def dashboard() -> str:
    """List the petitions within the organiser's reach, each with the one thing to be done."""
    petitions = [
        petition
        for petition in queries.list_petitions(g.language)
        if permissions.reaches(g.organiser, petition.id)
    ]
    ids = [petition.id for petition in petitions]
    problems = proxy_headers.find_problems(Path(current_app.instance_path))
    return render_template(
        "organisers/dashboard.html",
        petitions=petitions,
        today=sums.count_on(ids, now().date()),
        found=_find_attention(ids),
        problems=problems if g.organiser.role == Role.ADMIN else [],
        backup_failed=AttentionKind.BACKUP in site_problems.find(Path(current_app.instance_path))
        and g.organiser.role == Role.ADMIN,
        form=EmailsForm(data={"morning": g.organiser.morning_email}),
        feature_form=FeatureForm(
            petitions,
            data={"slug": next((one.slug for one in petitions if one.featured_at), "")},
            formdata=None,
        ),
    )


@pages.post("/featured")
def feature() -> AnyResponse:
    """Choose which petition the first page of the site is."""
    form = FeatureForm(queries.list_petitions(g.language, states=PUBLIC_STATES))
    slug = form.slug.data or ""
    if slug not in {choice.value for choice in form.slug.choices}:
        raise PetitionNotFound
    lifecycle.feature(slug or None, organiser_id=g.organiser.id, now=now())
    forget()
    current_app.extensions["page_cache"].clear()
    flash(str(_("Saved. The first page of the site shows it.")))
    return see_other(url_for("organisers.dashboard"))


@pages.post("/emails")
def choose_emails() -> AnyResponse:
    """Remember which emails the organiser wants."""
    wanted = EmailsForm().morning.data
    morning.choose(g.organiser.id, wanted=wanted, now=now())
    said = _("You get it from tomorrow on.") if wanted else _("You get no email in the morning.")
    flash(str(said))
    return see_other(url_for("organisers.dashboard"))


@pages.get("/p/<slug>")
def petition(slug: str) -> str:
    """Show one petition with its figures."""
    petition_id = g.petition_id
    return render_template(
        "organisers/petition.html",
        petition=queries.get_petition(slug, g.language, drafts=True),
        figures=get_figures(petition_id, now=now()),
        found=_find_attention([petition_id]).get(petition_id),
    )


@pages.get("/p/<slug>/figures.csv")
def figures_csv(slug: str) -> Response:
    """Send the figures as a file: sums alone, so viewers may have it. It is not recorded."""
    at = now()
    content = figures_file.read_csv(g.petition_id, g.organiser.csv_separator, now=at)
    filename = f"{slug}-figures-{at:%Y-%m-%d}.csv"
    return Response(
        content,
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def _find_attention(petition_ids: list[int]) -> dict[int, Attention]:
    languages = current_app.config["LANGUAGES"]
    return attention.find_for_petitions(g.organiser, petition_ids, languages, now=now())
