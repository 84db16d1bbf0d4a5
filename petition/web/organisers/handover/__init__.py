"""The tab "Hand over": forms that ask for files, the files, what was handed over.

Begin with `tab`. What is sent at once, also by `flask export`, is in `organisers/downloads.py`.
"""
