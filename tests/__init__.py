"""The tests: real databases, a real SMTP server, a real browser, the time passed in."""
