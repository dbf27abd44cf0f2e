"""The option that names tags: the same in every command."""

from collections.abc import Iterable
from typing import Annotated

import typer

from dam.commands.shared.completion import complete_tags

TAG_OPTIONS = ("-t", "--tag", "--tags")
"""`--tags` is how some commands called it before."""


TagsOption = Annotated[
    list[str] | None,
    typer.Option(
        *TAG_OPTIONS,
        metavar="TAG",
        help="A tag of these assets; repeatable, or comma-separated.",
        autocompletion=complete_tags,
    ),
]


def split_tags(values: Iterable[str] | None) -> list[str]:
    """Return the tags that an option was given, which may be comma-separated.

    Raises:
        UsageError: a tag is invalid.

    """
    from dam.services.tags.names import checked_tags

    return checked_tags(named_by(values))


def named_by(values: Iterable[str] | None) -> list[str]:
    """Return what `split_tags` does, unchecked."""
    return [tag for value in values or () for tag in value.split(",")]
