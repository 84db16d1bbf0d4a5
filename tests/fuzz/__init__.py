"""Requests that hold anything at all; in files of about equal time, for the workers."""
