"""Settings, named errors, the clock, encrypted tokens, languages, rules for text, files.

Every package may use it. It imports no other package of the site and no web framework.
Begin with `errors` (the rules that can be broken) and `config` (every setting).
"""
