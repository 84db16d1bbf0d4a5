"""News that organisers write: drafts, publishing, corrections, and mailings to who asked for it.

Only `web` and the mail worker call it. Begin with `writing`, then `mailings`.
"""
