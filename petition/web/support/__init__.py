"""What pages share: forms, checks against abuse, the table of errors, template globals, caches.

Pages use it; it knows no page.
"""
