"""What wraps every request: language, headers, the page cache, the counting of visits.

Everything in `web` may use it; it knows no page.
"""
