"""A petition site on Flask: one package for each subject, imports go down only.

`create_app` is the application factory. Begin with docs/walkthrough.md, a signature's way.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from petition import cli, extensions, web
from petition.abuse.networks import Networks, parse_networks
from petition.abuse.tor import EXITS_FILE, TorExits
from petition.core import config
from petition.core.errors import SettingsError
from petition.core.tokens import Tokens
from petition.database import engine
from petition.database.base import db
from petition.web.middleware import translations
from petition.web.middleware.body import MAX_BODY_BYTES
from petition.web.middleware.front import POSTGRESQL_THREADS, READERS, THREADS


def create_app(settings: Mapping[str, Any] | None = None, *, setup: bool = False) -> Flask:
    """Return the application, set up from environment and instance folder.

    `settings` are converted values and override both. An instance folder that the environment names
    is made with `setup` alone. Exits with a line for each invalid setting.
    """
    settings = settings or {}
    instance = Path(settings.get("INSTANCE_PATH") or config.instance_path())
    os.umask(0o077)  # whatever the site writes may hold personal data
    if not setup and "INSTANCE_PATH" not in settings:
        try:
            config.check_folder(instance)
        except SettingsError as error:
            raise SystemExit(str(error)) from None
    instance.mkdir(parents=True, exist_ok=True)
    app = Flask(
        __name__,
        instance_path=str(instance),
        template_folder=str(config.ROOT / "templates"),
        static_folder=None,  # `web.support.assets` serves files
    )
    try:
        app.config.from_mapping({**config.load(instance), **settings})
        app.config.from_mapping(_derived(app.config))
        translations.init_app(app)
    except SettingsError as error:
        raise SystemExit("\n".join(error.args)) from None
    keys = [key for key in (*app.config["SECRET_KEY_FALLBACKS"], app.config["SECRET_KEY"]) if key]
    app.extensions["tokens"] = Tokens(keys)
    app.extensions["networks"] = Networks(
        parse_networks(app.config["RATELIMIT_ALLOW"]),
        parse_networks(app.config["RATELIMIT_NEVER_REFUSE"]),
        TorExits(instance / EXITS_FILE),
    )
    db.init_app(app)
    with app.app_context():
        engine.configure(db.engine)
    extensions.migrate.init_app(app, db, directory=str(config.PACKAGE / "migrations"))
    extensions.mail.init_app(app)
    extensions.csrf.init_app(app)
    cli.register(app)
    web.register(app)
    return app


def _derived(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return Flask's settings: those that follow from ours, and constants."""
    site = urlsplit(config.site_url(values))
    secure = site.scheme == "https"
    # SQLite has nothing to roll back: reads begin no transaction, and `transaction` ends its own.
    # A connection that the server has closed is replaced before it is used.
    sqlite = values["SQLALCHEMY_DATABASE_URI"].startswith("sqlite")
    pool: dict[str, Any]
    pool = {"pool_reset_on_return": None} if sqlite else {"pool_pre_ping": True}
    pool["connect_args"] = engine.connect_arguments(values["SQLALCHEMY_DATABASE_URI"])
    if not sqlite or urlsplit(values["SQLALCHEMY_DATABASE_URI"]).path:  # in memory there is one
        # A connection for each thread, and some. The last used is used next, so few stay open.
        threads = READERS + (THREADS if sqlite else POSTGRESQL_THREADS)
        pool |= {"pool_size": threads, "max_overflow": 4, "pool_use_lifo": True}
    return {
        "MAIL_DEFAULT_SENDER": values["MAIL_DEFAULT_SENDER"] or f"petition@{site.hostname}",
        "MAIL_SUPPRESS_SEND": False,
        "MAX_CONTENT_LENGTH": MAX_BODY_BYTES,
        "MAX_FORM_MEMORY_SIZE": MAX_BODY_BYTES,
        "PERMANENT_SESSION_LIFETIME": 12 * 3600,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_NAME": "__Host-organiser" if secure else "organiser",
        "SESSION_COOKIE_SAMESITE": "Strict",
        "SESSION_COOKIE_SECURE": secure,
        # The cookie is sent anew with each page, so it lasts for twelve hours without use.
        "SESSION_REFRESH_EACH_REQUEST": True,
        # Errors with their parameters would log names.
        "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True, **pool},
        "TRUSTED_HOSTS": config.trusted_hosts(values),
        # Organisers' pages check the CSRF token. Public pages have no session to protect; `headers`
        # checks the origin of all forms, without a Referer.
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_SSL_STRICT": False,
        "WTF_CSRF_TIME_LIMIT": None,
    }
