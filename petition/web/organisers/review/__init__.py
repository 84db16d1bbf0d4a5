"""The pages of single signatures: search, one signature whole, taking some out of the count.

Only `web.organisers` registers them. Begin with `signatures`.
"""

from petition.web.organisers.review import one_signature, paper, removals, signatures

__all__ = ["one_signature", "paper", "removals", "signatures"]
