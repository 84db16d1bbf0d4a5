"""The public pages, one module for each subject: they read the request and call one use case.

Only `web` registers them. Begin with `petition`, then `sign` and `confirmation`.
"""
