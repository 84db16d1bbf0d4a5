"""Composes and sends emails, and reads bounces.

Only the command line uses it; use cases enqueue emails in the `outbox` instead.
Begin with `worker`, then `compose`.
"""
