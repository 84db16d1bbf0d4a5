"""Rules against abuse: rate limits, challenges, networks and Tor, mail domains, bursts.

Use cases call the rules inside their transaction; what a form tells of its sender is passed in.
Begin with `rate_limits`, then `bursts` and `burst_detection`.
"""
