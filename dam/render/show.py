"""One asset for people: what it is, when, where, by what, its tags, where it came from, its relatives."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from dam.render.assets import source_text
from dam.render.json_output import path_keys, with_times, write_document
from dam.render.portrait import Components, Row, Values, facts, first, problems, why_no_text
from dam.render.text import line, safe, short
from dam.services.catalogue.description import Description
from dam.services.catalogue.overview import ContentState, Overview
from dam.services.catalogue.pairs import Relative
from dam.services.components.ecs import shown_values

MAX_RELATIVES = 10


def show(found: Overview, *, everything: bool, as_json: bool) -> None:
    """Write an asset: the usual facts, or with `everything` each component."""
    described = found.description
    components = {
        name: [shown_values(component) for component in alike]
        for name, alike in groupby(described.components, key=lambda component: component.component_name())
    }
    if as_json:
        _document(found, components)
        return
    line(_heading(described, components))
    if everything:
        _components(components)
    else:
        _rows(facts(components))
    _rows(_whereabouts(found, components))
    _rows(_relations(found))
    if not everything:
        _rows(problems(components))


def _document(found: Overview, components: Components) -> None:
    described = found.description
    write_document(
        entity_id=described.entity_id,
        components={name: [with_times(values) for values in alike] for name, alike in components.items()},
        relatives=described.relatives,
        replaces=described.replaces,
        content=found.content.value,
        subjects=found.subjects,
        sources=[path_keys(source.path) | {"state": source.state.value} for source in found.sources],
    )


def _heading(described: Description, components: Components) -> str:
    name = first(components, "file_properties").get("original_filename", "")
    trashed = "in the trash" if "trashed" in components else ""
    newer = [f"replaced by entity {values['by_entity_id']}" for values in components.get("replaced", ())]
    return "  ".join(part for part in [f"entity {described.entity_id}", safe(name), trashed, *newer] if part)


def _rows(rows: Iterable[Row]) -> None:
    before = ""
    for label, text in rows:
        if text:
            line(f"  {label if label != before else '':<11} {text}")
            before = label


def _whereabouts(found: Overview, components: Components) -> Iterator[Row]:
    for source in found.sources:
        yield "from", source_text(source)
    told = {
        ContentState.STORED: "yes",
        ContentState.REFERENCED: "no: only the places above have it",
        ContentState.MISSING: "MISSING from the store: see dam-cli verify",
        ContentState.DAMAGED: "DAMAGED, its size is wrong: see dam-cli verify",
    }
    yield "stored", told[found.content]
    yield "sha256", first(components, "content_hash_sha256").get("hash_value")


def _relations(found: Overview) -> Iterator[Row]:
    for subject in found.subjects:
        yield "belongs to", _named(found, subject)
    for old in found.description.replaces:
        yield "replaces", _named(found, old)
    related = found.description.relatives
    for relative in related[:MAX_RELATIVES]:
        yield "relatives", f"{_named(found, relative.entity_id)}  {_relation(relative)}"
    if len(related) > MAX_RELATIVES:
        yield "relatives", f"… and {len(related) - MAX_RELATIVES:,} more: see --json"


def _named(found: Overview, entity_id: int) -> str:
    return f"entity {entity_id}  {safe(found.names.get(entity_id, ''))}".rstrip()


def _relation(relative: Relative) -> str:
    links = [
        f"{link.method} {link.distance} of 64 bits{'' if link.transform == 'none' else f' {link.transform}'}"
        for link in relative.links
    ]
    return ", ".join([*([f"verdict {relative.verdict}"] if relative.verdict else []), *links])


def _components(components: Components) -> None:
    for name, alike in components.items():
        for values in alike:
            line(f"  {name}: {_values(values)}")
            if values.get("has_text") is False:
                line(f"  note    no text: {why_no_text(values)}")


def _values(values: Values) -> str:
    return "  ".join(f"{key}={short(str(value))}" for key, value in values.items() if not isinstance(value, bytes))
