"""What pages share: forms, checks against abuse, error pages, responses, template globals, caches.

Pages and organisers' pages use it; it imports neither. Begin with `forms` and `errors`.
"""
