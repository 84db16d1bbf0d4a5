"""Tests of the running site in Chromium."""
