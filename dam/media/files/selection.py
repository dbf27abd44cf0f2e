"""Select entries of a folder: patterns, hidden files, symbolic links, mounted file systems."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dam.core.errors import UsageError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


@dataclass(frozen=True)
class Selection:
    """Rules that select entries of a folder. Patterns have the syntax of .gitignore, relative to that folder.

    A file is selected if no `exclude` pattern matches the file or a folder above it, and if an `include` pattern
    matches the file. Without `include` patterns, all files match.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    hidden: bool = True
    """Whether names that begin with a dot are selected."""
    follow_links: bool = False
    """Whether symbolic links inside a folder are followed."""
    one_file_system: bool = False
    """Whether mount points of other file systems are skipped."""

    def takes_folder(self, path: str, name: str) -> bool:
        """Return whether to descend into a folder; `path` is relative to the root of the walk.

        Raises:
            UsageError: a pattern is invalid.

        """
        return self._takes_name(name) and not (self.exclude and self._excluded.match_file(f"{path}/"))

    def takes_file(self, path: str, name: str) -> bool:
        """Return whether a file is selected; `path` is relative to the root of the walk.

        Raises:
            UsageError: a pattern is invalid.

        """
        if not self._takes_name(name) or (self.exclude and self._excluded.match_file(path)):
            return False
        return not self.include or self._included.match_file(path)

    def _takes_name(self, name: str) -> bool:
        return self.hidden or not name.startswith(".")

    @cached_property
    def _excluded(self) -> "GitIgnoreSpec":
        return _compiled(self.exclude)

    @cached_property
    def _included(self) -> "GitIgnoreSpec":
        return _compiled(self.include)


EVERYTHING = Selection()
"""All files, including hidden ones. Symbolic links are not followed."""


def _compiled(patterns: Sequence[str]) -> "GitIgnoreSpec":
    from pathspec import GitIgnoreSpec  # noqa: PLC0415  needed only with patterns

    try:
        # more than two asterisks mean one, and each would double the time of the regular expression
        return GitIgnoreSpec.from_lines(re.sub(r"\*{3,}", "*", pattern) for pattern in patterns)
    except ValueError as exc:
        raise UsageError(f"invalid pattern: {exc}") from exc
