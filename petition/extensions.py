"""The Flask extensions, bound by `create_app`."""

from flask_mail import Mail
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect

from petition.database.base import UTCDateTime

__all__ = ["UTCDateTime", "csrf", "mail", "migrate"]  # landed migrations import UTCDateTime here

migrate = Migrate()
mail = Mail()
csrf = CSRFProtect()
