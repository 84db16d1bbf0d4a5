"""The doors of the web: what wraps every request, and which pages there are."""

from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from petition import config
from petition.web import (
    assets,
    company,
    dev,
    drawings,
    elsewhere,
    embassy,
    failures,
    headers,
    health,
    kept,
    language,
    mine,
    news,
    notices,
    organiser,
    passing,
    public,
    remembered,
    signer,
    visits,
    words,
)


def register(app: Flask) -> None:
    """Add all pages, and the layers before them: kept pages, then static files, then Flask."""
    app.extensions["drawings"] = drawings.Drawings(Path(app.instance_path) / "artwork")
    app.extensions["remembered"] = remembered.Memory()
    language.prepare(app)
    headers.prepare(app)
    failures.prepare(app)
    words.prepare(app)
    app.session_interface = organiser.SessionForOrganisers()
    app.register_blueprint(public.pages)
    app.register_blueprint(signer.pages)
    app.register_blueprint(mine.pages)
    for room in (company, elsewhere, embassy, news, notices, passing):
        app.register_blueprint(room.pages)
    app.register_blueprint(organiser.pages)
    app.register_blueprint(health.pages)
    if config.is_local(app.config) and not app.config["MAIL_SERVER"]:
        app.register_blueprint(dev.pages)
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
    dressed = headers.Dressed(static, secure=secure)
    pages = kept.Kept(
        dressed, languages=tuple(app.config["LANGUAGES"]), hosts=app.config["TRUSTED_HOSTS"]
    )
    app.extensions["kept"] = pages
    counted = visits.Counted(pages, app)
    app.extensions["visits"] = counted
    app.wsgi_app = counted  # type: ignore[method-assign]
