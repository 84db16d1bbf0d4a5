"""The link for the target: a page with a button, which sends the pack once."""

from pathlib import Path

from flask import Response, current_app, render_template

from petition.core import tokens
from petition.core.clock import now
from petition.core.organiser_errors import HandoverLinkUsed
from petition.organisers.handover import jobs, packs
from petition.petitions import queries
from petition.web.middleware.language import LocalizedBlueprint, set_language
from petition.web.support.tokens import read_token

pages = LocalizedBlueprint("handed_over", __name__)


@pages.get("/handover/<token>")
def show(token: str) -> str:
    """Show what the link is for, and a button. Nothing changes."""
    pack = packs.get_linked(*read_token(tokens.HANDOVER, token))
    set_language(pack.language)
    petition = queries.get_petition(queries.get_slug(pack.petition_id), pack.language, drafts=True)
    return render_template("handover/show.html", pack=pack, text=petition.text, token=token)


@pages.post("/handover/<token>")
def fetch(token: str) -> Response:
    """Send the pack, once; the organisers see when."""
    handover_id, serial = read_token(tokens.HANDOVER, token)
    pack = packs.get_linked(handover_id, serial)
    path = Path(current_app.instance_path) / jobs.FOLDER / f"{pack.download_id}.pdf"
    if not path.exists():
        raise HandoverLinkUsed
    packs.use_link(handover_id, serial, now=now())
    slug = queries.get_slug(pack.petition_id)
    name = f"{slug}-{pack.made_at:%Y-%m-%d}.pdf"
    return Response(
        jobs.read_path(path),
        mimetype="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(path.stat().st_size),
            "Cache-Control": "no-store",
        },
    )
