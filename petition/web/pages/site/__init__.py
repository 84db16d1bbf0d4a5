"""Pages about the site itself: notices, health, and emails while it is tried out.

Only `web` registers them. Begin with `notices`.
"""
