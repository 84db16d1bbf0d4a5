"""Running the site: the supervisor of its processes, scheduled tasks, retention.

Only `cli` may use it. Begin with `supervisor`, which starts the processes, and `scheduler`, which
lists the tasks of the mail worker.
"""
