"""Run the current systems on the content of a file. Pure: returns rows and failures."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from dam.core.errors import TOO_MUCH_MEMORY, DamError, DecodeError, is_out_of_memory
from dam.media.kinds import Kind, kind_of
from dam.media.sample import Sample
from dam.services.ingest.storable_values import storable_values
from dam.services.sources.source_paths import storable
from dam.systems.system import RowTable, System, obstacles, system_set, systems_for


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


def give_up(media_type: str, reason: str, seen: AbstractSet[str], asked: AbstractSet[str] = frozenset()) -> Analysis:
    """Return an analysis in which every due system has failed for the same reason."""
    kind = kind_of(media_type)
    due, done = _due(kind, seen, asked)
    failures = [Failure(system.name, system.version, reason) for system in due]
    labels = done | {system.label for system in due}
    return Analysis(system_set(kind, labels), [failure.system for failure in failures], failures=failures)


def _due(kind: Kind, seen: AbstractSet[str], asked: AbstractSet[str]) -> tuple[list[System], set[str]]:
    """Return the systems to run, and the labels of those that have run. `asked` are names of some run on request."""
    systems = systems_for(kind, on_request=True)
    wanted = [system for system in systems if not system.on_request or system.name in asked]
    due = [system for system in wanted if system.label not in seen]
    return due, {system.label for system in systems if system.label in seen}


def analyse(sample: Sample, seen: AbstractSet[str] = frozenset(), asked: AbstractSet[str] = frozenset()) -> Analysis:
    """Run the systems for this kind of sample, except those whose label is in `seen`.

    Systems that run on request run if their name is in `asked`.

    Raises:
        DamError, OSError: the store or the disk fails.

    """
    due, done = _due(sample.kind, seen, asked)
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
