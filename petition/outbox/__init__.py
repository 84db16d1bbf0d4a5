"""Emails that wait in the database: put in by use cases, claimed and settled by the mail worker.

Use cases enqueue, in the transaction of what causes the email; only `mail` claims and settles.
Begin with `enqueue`, then `delivery`.
"""
