"""The doors of the web: what wraps every request, and which pages there are."""

from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from petition.core import config
from petition.web import organisers
from petition.web.middleware import headers, language, page_cache, visits
from petition.web.pages import (
    confirmation,
    dev_mail,
    embassy,
    embed,
    health,
    notices,
    self_service,
    share,
    supporters,
    updates,
)
from petition.web.pages import petition as petition_page
from petition.web.support import assets, errors, image_cache, memo, template_globals


def register(app: Flask) -> None:
    """Add all pages, and the layers before them: kept pages, then static files, then Flask."""
    app.extensions["image_cache"] = image_cache.ImageCache(Path(app.instance_path) / "artwork")
    app.extensions["memo"] = memo.Memo()
    language.prepare(app)
    headers.prepare(app)
    errors.prepare(app)
    template_globals.prepare(app)
    app.session_interface = organisers.OrganiserSession()
    app.register_blueprint(petition_page.pages)
    app.register_blueprint(confirmation.pages)
    app.register_blueprint(self_service.pages)
    for room in (supporters, embed, embassy, updates, notices, share):
        app.register_blueprint(room.pages)
    app.register_blueprint(organisers.pages)
    app.register_blueprint(health.pages)
    if config.is_local(app.config) and not app.config["MAIL_SERVER"]:
        app.register_blueprint(dev_mail.pages)
    if app.config["TRUSTED_PROXIES"]:
        hops = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    files = assets.publish(app)
    static = WhiteNoise(
        app.wsgi_app,
        root=str(files),
        prefix="static/",
        immutable_file_test=lambda _path, _url: True,
        allow_all_origins=False,
    )
    secure = urlsplit(config.site_url(app.config)).scheme == "https"
    dressed = headers.SecurityHeaders(static, secure=secure)
    pages = page_cache.PageCache(
        dressed, languages=tuple(app.config["LANGUAGES"]), hosts=app.config["TRUSTED_HOSTS"]
    )
    app.extensions["page_cache"] = pages
    counted = visits.VisitCounter(pages, app)
    app.extensions["visits"] = counted
    app.wsgi_app = counted  # type: ignore[method-assign]
