"""Compile each URL rule once for the applications of all tests.

Werkzeug compiles two functions for each of about a hundred rules: nine tenths of `create_app`.
"""

from collections.abc import Hashable
from typing import ClassVar

from werkzeug.routing import Rule


class CompiledRule(Rule):
    """A rule that takes over what the same rule of an earlier application was compiled to."""

    _earlier: ClassVar[dict[Hashable, Rule]] = {}

    def compile(self) -> None:
        """Compile the rule, unless it has been for the same view, methods and languages."""
        languages = ""
        if "<language:" in self.rule:
            languages = self.get_converter("language", "language", (), {}).regex
        text = self.map.converters["default"]
        key = (self.rule, self.endpoint, frozenset(self.methods or ()), languages, text)
        if key in self._earlier:
            vars(self).update(vars(self._earlier[key]) | {"map": self.map})
        else:
            super().compile()
            self._earlier[key] = self
