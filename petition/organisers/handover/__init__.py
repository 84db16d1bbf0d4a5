"""What leaves the site: files of signatures, the jobs that write them, packs that are handed over.

Organisers' pages and the command line use it. Begin with `organisers/export.py`, the file itself.
"""
