"""A signature's way: signed, verified by email, confirmed and counted, corrected, withdrawn.

One use case is one function and one transaction. Every package above may use it.
Begin with `signing`, then `verification` and `confirmation`; `entries` holds what was typed.
"""
