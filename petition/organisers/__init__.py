"""What organisers may do: sign in, read figures, moderate, review bursts, download signatures.

Only doors and `operations` use it. Every action is recorded in the audit trail.
Begin with `access` and `permissions`.
"""
