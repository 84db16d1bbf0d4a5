"""The site in a real browser: Chromium, on the site as it is served, with its mail worker."""
