"""The pages of single signatures: search, one whole, taking some out, joining organisations.

Only `web.organisers` registers them. Begin with `signatures`.
"""

from petition.web.organisers.review import one_signature, organisations, paper, removals, signatures

__all__ = ["one_signature", "organisations", "paper", "removals", "signatures"]
