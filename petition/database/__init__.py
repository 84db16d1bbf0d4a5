"""Access to the database: declarative base, transactions, compiled statements, counters.

Every package but `core` may use it. It knows no table but that of its counters.
Begin with `transactions.transaction`, the only place that commits.
"""
