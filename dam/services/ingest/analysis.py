"""What today's systems say of a file's content. Pure: content in, rows and failures out."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from dam.core.errors import TOO_MUCH_MEMORY, DamError, DecodeError
from dam.media.kinds import kind_of
from dam.media.sample import Sample
from dam.services.catalogue.ecs import values_of
from dam.services.catalogue.source_paths import storable
from dam.systems.system import RowTable, obstacles, system_set, systems_for


@dataclass(frozen=True)
class Failure:
    """A system that could not describe a content, and why."""

    system: str
    version: int
    reason: str


@dataclass
class Analysis:
    """What was found out: plain data, which can cross to another process."""

    system_set: str
    """The systems that have run by now, as `dam.systems.system.system_set` writes them."""
    ran: list[str] = field(default_factory=list)
    """The names of the systems that ran just now."""
    rows: list[tuple[RowTable, dict[str, Any]]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    obstacle: str | None = None
    """Why a system could not be run here, if one could not."""

    @property
    def error(self) -> str | None:
        """The reasons of the failures, in one line."""
        return "; ".join(dict.fromkeys(failure.reason for failure in self.failures)) or None

    @property
    def weight(self) -> int:
        """How long the texts and bytes of all rows are."""
        return sum(len(value) for _, values in self.rows for value in values.values() if isinstance(value, str | bytes))


def give_up(media_type: str, reason: str, seen: AbstractSet[str]) -> Analysis:
    """Record that no due system can describe a content, for a reason that is known from elsewhere."""
    kind = kind_of(media_type)
    labels = {system.label for system in systems_for(kind)}
    failures = [
        Failure(system.name, system.version, reason) for system in systems_for(kind) if system.label not in seen
    ]
    return Analysis(system_set(kind, labels), [failure.system for failure in failures], failures=failures)


def analyse(sample: Sample, seen: AbstractSet[str] = frozenset()) -> Analysis:
    """Run the systems for this kind of sample, but for those whose label is in `seen`."""
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
            rows = [(system.table_of(row), row if isinstance(row, dict) else values_of(row)) for row in system(sample)]
        except DecodeError as exc:
            analysis.failures.append(Failure(system.name, system.version, storable(str(exc))))
        except (DamError, OSError):  # the store or the disk: no fact about the content
            raise
        except MemoryError:
            analysis.failures.append(Failure(system.name, system.version, TOO_MUCH_MEMORY))
        except Exception as exc:  # noqa: BLE001  a fault of the system, or hostile content: the other files go on
            reason = f"failed with {type(exc).__name__}: {exc}"
            analysis.failures.append(Failure(system.name, system.version, storable(reason)))
        else:
            analysis.rows += rows
    return analysis
