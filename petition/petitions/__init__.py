"""A petition and what its pages show: state, texts, goals, supporters, updates, sums, share links.

Signatures are another package's. Doors, `signatures` and `organisers` may use this one.
Begin with `queries` (reading) and `lifecycle` (states).
"""
