"""Conditions on tags by their place in a hierarchy."""

from sqlalchemy import ColumnElement, or_

from dam.core.folding import folded
from dam.models.tag_component import TagComponent


def is_at_or_below(tag: str) -> ColumnElement[bool]:
    """Return the condition that a row of `component_tag` has a tag, or one below it: `place/italy` is below `place`."""
    return or_(TagComponent.tag_key == folded(tag.strip()), is_below(tag))


def is_below(tag: str) -> ColumnElement[bool]:
    """Return the condition that a row of `component_tag` has a tag below another."""
    key, base = TagComponent.tag_key, folded(tag.strip())
    return (key >= f"{base}/") & (key < f"{base}0")  # "0" follows "/"
