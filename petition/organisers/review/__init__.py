"""What organisers do with signatures: search, look at one, take some out of the count.

Only `web` and `operations` use it. Begin with `search` and `invalidation`.
"""
