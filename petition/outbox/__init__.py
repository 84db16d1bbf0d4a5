"""Emails that wait in the database until the mail worker sends them.

Use cases enqueue, in the transaction of what causes the email; only `mail` claims and settles.
Begin with `enqueue`, then `delivery`.
"""
