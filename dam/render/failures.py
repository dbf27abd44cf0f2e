"""Recorded failures on stdout."""

from collections.abc import Iterable
from dataclasses import asdict

from dam.render.json_output import path_keys, write_document
from dam.render.text import counted, line, note, safe
from dam.services.catalogue.failures import RecordedFailure


def failures(remembered: Iterable[RecordedFailure], *, as_json: bool, forgotten: bool = False) -> int:
    """Write failures that are recorded or were just forgotten, one per line; return their number."""
    count = 0
    for count, failure in enumerate(remembered, start=1):  # noqa: B007  the last count is the result
        if as_json:
            about = asdict(failure)
            path = about.pop("path")
            write_document(**about, **(path_keys(path) if path is not None else {}))
        else:
            owner = "" if failure.entity_id is None else f"entity {failure.entity_id}  "
            line(f"{failure.problem:<11}  {owner}{safe(failure.name)}: {safe(failure.reason)}")
    if forgotten:
        note(f"{counted(count, 'failure')} forgotten")
    else:
        note(f"{counted(count, 'failure')} recorded{'; retry with: dam-cli failures --retry' if count else ''}")
    return count
