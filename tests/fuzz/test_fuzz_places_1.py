"""Anything in any place of a request: part 1 of 4."""

from tests.fuzz.requests import anything_in_any_place

PART = (0, 4)
test_anything_in_any_place = anything_in_any_place
