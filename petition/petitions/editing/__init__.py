"""Writing a petition: its file, the same content in the browser, versions of its texts.

The file and the browser write through `replacement`, after the same checks in `petition_file`.
Begin with `content`, a stored petition as its file has it, then `texts`.
"""
