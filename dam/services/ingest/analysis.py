"""Run the current systems on the content of a file. Pure: returns rows and failures."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from dam.core.errors import TOO_MUCH_MEMORY, DamError, DecodeError, is_out_of_memory
from dam.media.kinds import kind_of
from dam.media.sample import Sample
from dam.services.catalogue.source_paths import storable
from dam.services.ingest.storable_values import storable_values
from dam.systems.system import RowTable, obstacles, system_set, systems_for


@dataclass(frozen=True)
class Failure:
    """The failure of a system, with the reason."""

    system: str
    version: int
    reason: str


@dataclass
class Analysis:
    """The results of the systems for one content. Picklable."""

    system_set: str
    """The set of systems that have run, in the form of `dam.systems.system.system_set`."""
    ran: list[str] = field(default_factory=list)
    """The names of the systems that ran in this analysis."""
    rows: list[tuple[RowTable, dict[str, Any]]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    obstacle: str | None = None
    """Why a system cannot run on this installation, if so."""

    @property
    def error(self) -> str | None:
        """The reasons of all failures, in one line."""
        return "; ".join(dict.fromkeys(failure.reason for failure in self.failures)) or None

    @property
    def weight(self) -> int:
        """The total length of the text and bytes in all rows."""
        return sum(len(value) for _, values in self.rows for value in values.values() if isinstance(value, str | bytes))


def give_up(media_type: str, reason: str, seen: AbstractSet[str]) -> Analysis:
    """Return an analysis in which every due system has failed for the same reason."""
    kind = kind_of(media_type)
    labels = {system.label for system in systems_for(kind)}
    failures = [
        Failure(system.name, system.version, reason) for system in systems_for(kind) if system.label not in seen
    ]
    return Analysis(system_set(kind, labels), [failure.system for failure in failures], failures=failures)


def analyse(sample: Sample, seen: AbstractSet[str] = frozenset()) -> Analysis:
    """Run the systems for this kind of sample, except those whose label is in `seen`.

    Raises:
        DamError, OSError: the store or the disk fails.

    """
    systems = systems_for(sample.kind)
    due = [system for system in systems if system.label not in seen]
    done = {system.label for system in systems} & seen
    hindered = obstacles(sample.media_type, due)
    due = [system for system in due if system.name not in hindered]
    labels = done | {system.label for system in due}
    analysis = Analysis(system_set(sample.kind, labels), obstacle=next(map(str, hindered.values()), None))
    for system in due:
        analysis.ran.append(system.name)
        try:
            rows = [(table := system.table_of(row), storable_values(table, row)) for row in system(sample)]
        except DecodeError as exc:
            analysis.failures.append(Failure(system.name, system.version, storable(str(exc))))
        except (DamError, OSError):  # an error of the store or the disk, not of the content
            raise
        except Exception as exc:  # noqa: BLE001  an error in the system, or malformed content: do not stop the run
            reason = TOO_MUCH_MEMORY if is_out_of_memory(exc) else f"failed with {type(exc).__name__}: {exc}"
            analysis.failures.append(Failure(system.name, system.version, storable(reason)))
        else:
            analysis.rows += rows
    return analysis
