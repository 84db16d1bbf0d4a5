"""Rules against abuse: rate limits, challenges, networks and Tor, mail domains, bursts.

Use cases call the rules inside their transaction; `web` passes in what it knows of the sender.
Begin with `rate_limits`, then `bursts` and `burst_detection`.
"""
