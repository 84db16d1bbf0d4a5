"""PDF files of any length, written page by page, with text of every script that a font has.

fpdf2 keeps all pages in memory, here a number for each. `pack` lays out what is handed over, with
`shaping` (HarfBuzz, fonts) and `writer` (the file format).
"""
