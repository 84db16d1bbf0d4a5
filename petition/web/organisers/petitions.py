"""The petitions within reach: list and figures."""

from pathlib import Path

from flask import current_app, g, render_template

from petition.abuse import proxy_headers
from petition.organisers import burst_review, moderation, permissions
from petition.petitions import queries, statistics, visits
from petition.web.organisers.guard import pages


@pages.get("/")
def dashboard() -> str:
    """List the petitions within the organiser's reach, and what is wrong with the proxy."""
    petitions = [
        petition
        for petition in queries.list_petitions(g.language)
        if permissions.reaches(g.organiser, petition.id)
    ]
    problems = proxy_headers.find_problems(Path(current_app.instance_path))
    return render_template("organisers/dashboard.html", petitions=petitions, problems=problems)


@pages.get("/p/<slug>")
def petition(slug: str) -> str:
    """Show one petition with its figures."""
    petition_id = g.petition_id
    return render_template(
        "organisers/petition.html",
        petition=queries.get_petition(slug, g.language, drafts=True),
        numbers=statistics.get_statistics(petition_id),
        bursts=burst_review.list_bursts(petition_id),
        channels=visits.channel_totals(petition_id),
        comments_waiting=moderation.count_waiting(petition_id),
    )
