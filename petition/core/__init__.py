"""Ground that everything stands on: settings, named errors, the clock, signed tokens, languages.

Anything may import it; it imports no other package of the site and no web framework.
Begin with `errors` (the rules that can be broken) and `config` (every setting).
"""
