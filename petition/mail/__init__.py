"""Composing and sending emails: the context and texts of each kind, SMTP, bounces, the worker.

Only `operations` and the command line use it; use cases put emails in the `outbox` instead.
Begin with `worker`, then `compose`.
"""
