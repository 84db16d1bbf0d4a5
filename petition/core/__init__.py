"""Settings, named errors, the clock, signed tokens, languages, rules for text, atomic file writes.

Every package may use it. It imports no other package of the site and no web framework.
Begin with `errors` (the rules that can be broken) and `config` (every setting).
"""
