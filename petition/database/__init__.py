"""How the site reads and writes: the declarative base, the one way to commit, counters.

Everything above may use it; it knows no table but its own counters.
Begin with `transactions.transaction`, the only place that commits.
"""
