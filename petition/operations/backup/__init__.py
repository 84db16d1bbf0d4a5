"""Backups: one file with everything a site needs, and back again, on either database.

Only `cli` and the scheduler use it. Begin with `writing`, then `reading`, which checks a file, and
`restoring`. `journal` keeps what was erased since, so that a restore does not bring it back.
"""
