"""Anything in any place of a request: part 2 of 4."""

from tests.fuzz.requests import anything_in_any_place

PART = (1, 4)
test_anything_in_any_place = anything_in_any_place
