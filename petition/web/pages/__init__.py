"""The public pages, one module for each subject. They read the request and call one use case.

Only `web` registers them. Begin with `petition`, then `confirmation`.
"""
