"""Pages on which organisers write a petition: its texts, its settings, a new one.

They hand what was typed to `petitions.editing`, as a petition's file does. Begin with `texts`.
"""
