"""Tests with real databases, a real SMTP server and a real browser."""
