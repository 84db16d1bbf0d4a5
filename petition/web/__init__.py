"""The web interface: public pages, organisers' pages, what they share, middleware, the server.

Only `create_app` and `cli` import it. Begin with `pages.petition` and `pages.sign`. It holds no
rules.
"""

from pathlib import Path

from flask import Flask
from whitenoise import WhiteNoise

from petition.abuse.proxy_headers import ProxyProblems
from petition.core import config
from petition.web import organisers
from petition.web.middleware import headers, language, page_cache, proxy, visits
from petition.web.pages import (
    confirmation,
    dev_mail,
    embassy,
    embed,
    handed_over,
    health,
    notices,
    pending,
    petition,
    self_service,
    share,
    sign,
    supporters,
    updates,
    versions,
)
from petition.web.support import assets, errors, image_cache, page_context, template_globals

BLUEPRINTS = (
    petition.pages,
    sign.pages,
    pending.pages,
    confirmation.pages,
    self_service.pages,
    supporters.pages,
    updates.pages,
    versions.pages,
    share.pages,
    embed.pages,
    embassy.pages,
    notices.pages,
    handed_over.pages,
    organisers.pages,
    health.pages,
)


def register(app: Flask) -> None:
    """Add the pages and the middleware to the application."""
    app.extensions["image_cache"] = image_cache.ImageCache(Path(app.instance_path) / "artwork")
    for module in (language, headers, errors, template_globals):
        module.init_app(app)
    app.session_interface = organisers.OrganiserSession()
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    if config.is_local(app.config) and not app.config["MAIL_SERVER"]:
        app.register_blueprint(dev_mail.pages)
    _add_middleware(app)


def _add_middleware(app: Flask) -> None:
    """Wrap the application, from the inside out. The page cache answers before all but visits."""
    wsgi = app.wsgi_app
    wsgi = proxy.ProxyHeaders(
        wsgi,
        hops=app.config["TRUSTED_PROXIES"],
        https=app.config["SESSION_COOKIE_SECURE"],
        problems=ProxyProblems(Path(app.instance_path)),
    )
    wsgi = WhiteNoise(
        wsgi,
        root=str(assets.publish(app)),
        prefix="static/",
        immutable_file_test=lambda _path, _url: True,
        allow_all_origins=False,
    )
    wsgi = headers.SecurityHeaders(wsgi, https=app.config["SESSION_COOKIE_SECURE"])
    wsgi = app.extensions["page_cache"] = page_cache.PageCache(
        wsgi, languages=tuple(app.config["LANGUAGES"]), hosts=app.config["TRUSTED_HOSTS"]
    )
    app.extensions["visits"] = visits.VisitCounter(
        wsgi, app, find_featured=page_context.find_featured_slug
    )
    app.wsgi_app = app.extensions["visits"]  # type: ignore[method-assign]
