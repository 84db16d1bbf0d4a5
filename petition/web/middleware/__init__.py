"""What wraps every request: language, response headers, the page cache, the counting of visits.

Everything in `web` may use it; it imports no page and no `support`. Begin with `language`.
"""
