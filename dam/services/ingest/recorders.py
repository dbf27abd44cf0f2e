"""The operations of an ingest: the tags that it adds, and the assets that it restores from the trash or replaces."""

from dataclasses import dataclass
from typing import Self

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from dam.models.operation import Operation
from dam.services.components.operations import Recorder

IMPORT, RESTORE, REPLACE = "import", "restore", "replace"


@dataclass(frozen=True)
class Recorders:
    """What records the changes of one transaction of an ingest."""

    imports: Recorder
    restores: Recorder
    replacements: Recorder
    restores_all: bool = False
    """Whether also files that have not changed bring their assets back from the trash: those that are moved."""

    @classmethod
    def of(cls, session: Session) -> Self:
        """Return recorders of operations of their own."""
        return cls(Recorder(session, IMPORT), Recorder(session, RESTORE), Recorder(session, REPLACE))


class IngestOperations:
    """The operations of one ingest, which all its transactions add to: at most one of each kind."""

    def __init__(self, *, restores_all: bool = False) -> None:
        self._restores_all = restores_all
        self._ids: dict[str, int | None] = {}
        self._current: list[Recorder] = []

    def recorders(self, session: Session) -> Recorders:
        """Return the recorders for a transaction; its last attempt counts."""
        imports, restores, replacements = (
            Recorder(session, kind, operation_id=self._unless_undone(session, self._ids.get(kind)))
            for kind in (IMPORT, RESTORE, REPLACE)
        )
        self._current = [imports, restores, replacements]
        return Recorders(imports, restores, replacements, self._restores_all)

    def note_commit(self) -> None:
        """Keep the operations of the transaction that has just been committed."""
        self._ids = {recorder.kind: recorder.operation_id for recorder in self._current}

    def _unless_undone(self, session: Session, operation_id: int | None) -> int | None:
        """Return an operation; None if it has been undone while the ingest runs: what follows is another one."""
        is_undone = exists(select(Operation.id).where(Operation.undoes_id == operation_id))
        return None if operation_id is None or session.scalar(select(is_undone)) else operation_id
