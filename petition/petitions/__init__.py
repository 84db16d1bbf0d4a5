"""A petition and what its pages show: state, texts, goals, supporters, updates, sums, share links.

It reads signatures and changes none. Every package above may use it.
Begin with `queries` (reading) and `lifecycle` (states).
"""
