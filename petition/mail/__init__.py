"""Composes and sends emails, and reads bounces.

Only `operations` and the command line use it; use cases enqueue emails in the `outbox` instead.
Begin with `worker`, then `compose`.
"""
