"""Repair what can be repaired of the database: its indexes, and rows that refer to rows that do not exist."""

from collections.abc import Iterator

from sqlalchemy import delete, text

from dam.core.database import DAMAGE_HINT
from dam.core.errors import MalformedDatabaseError
from dam.models import all_models
from dam.models.base_class import Base
from dam.services import full_text
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.repair.adopt import RepairOperation
from dam.services.repair.outcome import Action, Repair, Result
from dam.services.repair.rows import repair_rows
from dam.services.verify.database import database_findings, refers_to_none, schema_damage


def repair_database(library: Library, operation: RepairOperation, *, content: bool, dry_run: bool) -> Iterator[Repair]:
    """Rebuild the indexes, also those of words, and delete rows that refer to none, where the database's checks fail.

    With `content`, rows that differ from the manifest are put back before: others may refer to them.

    Raises:
        MalformedDatabaseError: the schema itself is damaged.

    """
    with library.peek() as connection:
        if damage := schema_damage(connection):
            raise MalformedDatabaseError(f"{'; '.join(damage)}: {DAMAGE_HINT}")
    found = [finding.detail for finding in database_findings(library)]
    if found and not dry_run:
        with library.write() as session:
            if library.engine.dialect.name == "sqlite":
                session.execute(text("REINDEX"))
                full_text.rebuild(session.connection())
            else:
                full_text.make_indexes(session.connection())
    if content:
        yield from repair_rows(library, operation, dry_run=dry_run)
    if not found:
        return
    if dry_run:
        yield from (Repair(Action.DATABASE, Result.PLANNED, detail) for detail in found)
        return
    yield from _orphaned_rows(library, operation)
    left = [finding.detail for finding in database_findings(library)]
    yield from (Repair(Action.DATABASE, Result.DONE, detail) for detail in found if detail not in left)
    yield from (Repair(Action.DATABASE, Result.LEFT, f"{detail}: {DAMAGE_HINT}") for detail in left)


def beyond_repair(error: MalformedDatabaseError) -> Repair:
    """Return the report on a database that cannot be read any further."""
    return Repair(Action.DATABASE, Result.LEFT, str(error))


def _orphaned_rows(library: Library, operation: RepairOperation) -> Iterator[Repair]:
    """Delete the rows whose foreign keys refer to no row; those of assets are recorded in the journal."""
    models = {model.__tablename__: model for model in all_models().values() if hasattr(model, "__tablename__")}
    for table in reversed(Base.metadata.sorted_tables):  # rows before those that they refer to
        for key in table.foreign_key_constraints:
            with library.write() as session:
                where = refers_to_none(key)
                if "entity_id" in table.c:
                    recorder = operation.recorder(session)
                    count = len(recorder.delete(models[table.name], where))
                    operation.note(recorder)
                else:
                    count = len(
                        session.execute(delete(ecs.table_of(models[table.name])).where(where).returning(1)).all()
                    )
            if count:
                detail = (
                    f"{count} rows of {table.name} that referred to no row of {key.referred_table.name} are deleted"
                )
                yield Repair(Action.DATABASE, Result.DONE, detail)
