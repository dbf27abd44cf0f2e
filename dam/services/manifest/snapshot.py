"""A snapshot: all rows of the kept tables, written to the manifest of a library that has none, or a damaged one.

It is written in pages, each a batch of its own. The row of the library remembers how far it is, so that a snapshot
that was killed goes on. What is changed meanwhile is in the manifest after the page that it concerns, or in the page.
"""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dam.models.library import LibraryIdentity
from dam.services.manifest.kept_tables import kept_models, table_of
from dam.services.manifest.lines import body
from dam.services.manifest.outbox import record, snapshot_progress

PAGE = 2000
BEGIN, END = "begin", "end"
DROPPED = "dropped"
"""Says that some batches before do not count any more: the database was put back to an earlier state."""


def request(session: Session) -> None:
    """Have the next command that writes take a snapshot, as when the manifest is damaged."""
    _note(session, "")


def write_page(session: Session, *, anew: bool) -> bool:
    """Record the next page of a snapshot; return whether it was the last. `anew`: begin with the first table."""
    models = kept_models()
    done = None if anew else snapshot_progress(session.connection())
    if not done:
        record(session, body({"snapshot": BEGIN}))
        name, last = next(iter(models)), 0
    else:
        name, last = done.split()[0], int(done.split()[1])
    table: Any = table_of(models[name])
    rows = session.execute(select(table).where(table.c.id > last).order_by(table.c.id).limit(PAGE)).mappings().all()
    record(session, *(body({"put": name, "row": dict(row)}) for row in rows))
    if rows:
        _note(session, f"{name} {rows[-1]['id']}")
        return False
    names = list(models)
    following = names.index(name) + 1
    if following < len(names):
        _note(session, f"{names[following]} 0")
        return False
    record(session, body({"snapshot": END}))
    _note(session, None)
    return True


def _note(session: Session, done: str | None) -> None:
    session.execute(update(LibraryIdentity).values(snapshot=done))
