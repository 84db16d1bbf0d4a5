"""Running the site: the supervisor of its processes, scheduled tasks, retention.

Only the command line uses it.
Begin with `supervisor` and `scheduler`.
"""
