"""What organisers may do: sign in, moderate, review bursts, download signatures.

`web` and `cli` use it. What changes something is recorded in the audit trail, in the
same transaction. Begin with `permissions` (who may do what), then `access` (invitations, sign-in).
"""
