"""The organisers' tab “News”: write, publish, correct, take down, email.

Only `web.organisers` imports it. Begin with `writing`.
"""

from petition.web.organisers.news import mailing, writing

__all__ = ["mailing", "writing"]
