"""The petitions within reach: list and figures."""

from pathlib import Path

from flask import Response, current_app, flash, g, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response as AnyResponse
from wtforms import BooleanField

from petition.abuse import proxy_headers
from petition.core.clock import now
from petition.models.enums import Role
from petition.organisers import permissions
from petition.organisers.overview import attention, figures_file, morning, site_problems
from petition.organisers.overview.attention import Attention, AttentionKind
from petition.organisers.overview.figures import get_figures
from petition.petitions import queries, sums
from petition.web.organisers.forms import OrganiserForm
from petition.web.organisers.guard import pages
from petition.web.support.responses import see_other


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
    )


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
