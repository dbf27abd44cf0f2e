"""Thumbnails on stdout: their paths."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from dam.render.json_output import path_keys, write_document
from dam.render.text import line, safe

if TYPE_CHECKING:
    from dam.services.thumbnails import Thumbnail


def thumbnail(made: "Thumbnail", *, as_json: bool) -> None:
    """Write the path of a thumbnail."""
    if as_json:
        write_document(**(asdict(made) | path_keys(made.path)))
    else:
        line(safe(made.path))
