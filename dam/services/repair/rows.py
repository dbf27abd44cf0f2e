"""Put back the rows that differ from the manifest, which has the last values that a command wrote."""

from collections import Counter
from collections.abc import Iterator, Sequence

from sqlalchemy import delete
from sqlalchemy.orm import Session

from dam.services.components import ecs
from dam.services.library import Library
from dam.services.manifest import snapshot
from dam.services.manifest.kept_tables import KEPT_TABLES, kept_models, table_of
from dam.services.repair.adopt import RepairOperation
from dam.services.repair.outcome import Action, Repair, Result
from dam.services.verify.manifest import manifest_findings
from dam.services.verify.row_sums import RowSums
from dam.services.verify.rows import Difference, differences

MAX_DIFFERENCES = 10_000
"""Maximum number of rows in a repair: a database with more is to be made again, by `rebuild-db`."""
TOO_MANY = (
    f"more than {MAX_DIFFERENCES:,} rows differ from the manifest: move the database away, then dam-cli rebuild-db"
)


def repair_rows(library: Library, operation: RepairOperation, *, dry_run: bool) -> Iterator[Repair]:
    """Put back rows that were altered or lost. A row that the manifest lacks, and that replaces none, goes there."""
    sums = RowSums()
    if next(manifest_findings(library, sums), None):
        return  # which then is written again from the database
    found = []
    for each in differences(library, sums):
        found.append(each)
        if len(found) > MAX_DIFFERENCES:
            yield Repair(Action.DATABASE, Result.LEFT, TOO_MANY)
            return
    lost = Counter(each.model for each in found if each.found is None)
    kept = [each for each in found if each.expected is None and each.model not in lost]
    wrong = [each for each in found if each.expected is None and each.model in lost]
    altered = [each for each in found if each.expected is not None]
    if found and not dry_run:
        _put_back(library, operation, wrong, altered)
        if kept:
            with library.write() as session:
                snapshot.request(session)
            library.manifest_writer.is_current = False
            library.manifest_writer.catch_up()
    result = Result.PLANNED if dry_run else Result.DONE
    for each in (*altered, *wrong):
        yield Repair(Action.DATABASE, result, f"{each.detail}: as in the manifest again", entity_id=each.entity_id)
    for each in kept:
        yield Repair(Action.MANIFEST, result, f"{each.detail}: it is written there", entity_id=each.entity_id)


def _put_back(
    library: Library, operation: RepairOperation, wrong: Sequence[Difference], altered: Sequence[Difference]
) -> None:
    """Delete the rows whose keys have changed, and write those of the manifest, in one transaction.

    The changes of components are in the journal. The journal itself and the mirrors are as the manifest has them.
    """

    def work(session: Session) -> None:
        recorder = operation.recorder(session)
        for model in reversed(list(kept_models().values())):
            rows = [each.found for each in wrong if each.model is model and each.found]
            if model.__tablename__ in KEPT_TABLES:
                table = table_of(model)
                session.execute(delete(table).where(table.c.id.in_([row["id"] for row in rows])))
            elif rows:
                recorder.delete_keys(model, rows)
        for model in kept_models().values():
            rows = [each.expected for each in altered if each.model is model and each.expected]
            if model.__tablename__ in KEPT_TABLES:
                ecs.put_rows(session, model, rows)
            else:
                for row in rows:  # they may have different columns
                    recorder.put(model, [row])
        operation.note(recorder)

    library.write_again(work)
