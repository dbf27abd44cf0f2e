"""What to take of a folder: patterns, hidden files, links, and file systems."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dam.core.errors import UsageError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


@dataclass(frozen=True)
class Selection:
    """Which entries of a folder are taken. Patterns are written as in a .gitignore file, relative to that folder.

    A file is taken if no `exclude` pattern matches it or a folder that it is in, and, where there are `include`
    patterns, one of them does.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    hidden: bool = True
    """Whether names that begin with a dot are taken."""
    follow_links: bool = False
    """Whether a symbolic link in a folder stands for what it points to."""
    one_file_system: bool = False
    """Whether to stay out of folders on which another file system is mounted."""

    def takes_folder(self, path: str, name: str) -> bool:
        """Tell whether to go into a folder, by its path relative to the folder that was named."""
        return self._takes_name(name) and not (self.exclude and self._excluded.match_file(f"{path}/"))

    def takes_file(self, path: str, name: str) -> bool:
        """Tell whether to take a file, by its path relative to the folder that was named."""
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
"""All files, hidden ones too; links are not followed."""


def _compiled(patterns: Sequence[str]) -> "GitIgnoreSpec":
    from pathspec import GitIgnoreSpec  # noqa: PLC0415  needed only where there are patterns

    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as exc:
        raise UsageError(f"a pattern cannot be understood: {exc}") from exc
