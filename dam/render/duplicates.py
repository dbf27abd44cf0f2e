"""Groups of duplicates on stdout: as text, as JSON, or as paths."""

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from dam.media.images.transforms import Transform
from dam.render.assets import Sources, origin
from dam.render.facts import summary
from dam.render.find_similar import score
from dam.render.json_output import write_document
from dam.render.text import counted, human_size, line, note, safe
from dam.services.catalogue.assets import Asset
from dam.services.duplicates.groups import Duplicates, Group, Member
from dam.services.duplicates.removable import Removable


def duplicates(found: Duplicates, sources: Sources, *, as_json: bool) -> None:
    """Write groups of duplicates, and a summary; the text has the `sources` of their assets."""
    for group in found.groups:
        if as_json:
            _document(group)
        else:
            _text(group, sources)
    members = [member.asset.size for group in found.groups for member in group.members]
    if as_json:
        write_document(summary={"groups": len(found.groups), "duplicates": len(members), "bytes": sum(members)})
    told = f"{counted(len(members), 'duplicate')} in {counted(len(found.groups), 'group')}"
    note(f"{told} ({human_size(sum(members))})")


def _document(group: Group) -> None:
    write_document(keeper=_keys(group.keeper), members=[_keys(member.asset) | _how(member) for member in group.members])


def _keys(asset: Asset) -> dict[str, Any]:
    return dict(vars(asset))  # `asdict` also copies the values: ten times as slow


def _how(member: Member) -> dict[str, Any]:
    match = member.match
    return {
        "reason": match.reason.value,
        "distances": dict(match.distances),
        "difference": None if match.difference is None else round(match.difference, 4),
        "transform": match.transform.value,
        "score": round(match.similarity.score, 4) if match.similarity else None,
        "method": match.similarity.method if match.similarity else None,
        "explanation": match.similarity.reason if match.similarity else None,
    }


def _text(group: Group, sources: Sources) -> None:
    line(f"keep     {_about(group.keeper)}")
    line(f"         {origin(group.keeper, sources)}")
    for member in group.members:
        line(f"{member.match.reason.value:<7}  {_about(member.asset)}")
        line(f"         {origin(member.asset, sources)}")
        if remark := _remark(member):
            line(f"         {remark}")
    line()


def _about(asset: Asset) -> str:
    return f"entity {asset.entity_id}  {summary(asset)}"


def _remark(member: Member) -> str:
    match = member.match
    transform = [] if match.transform is Transform.NONE else [match.transform.value]
    if match.similarity:
        return f"score {score(match.similarity.score, match.similarity.method)}: {safe(match.similarity.reason)}"
    away = [f"{name} {bits}" for name, bits in match.distances.items() if bits is not None]
    differs = [f"{', '.join(away)} of 64 bits differ (Hamming distance)"] if match.reason == "similar" and away else []
    return ", ".join([*transform, *differs])


def paths(found: Iterable[Removable]) -> int:
    """Write paths, each ending with NUL; return the number of groups of which none may be removed."""
    sys.stdout.flush()
    problems = 0
    for each in found:
        if each.problem:
            problems += 1
            note(f"entity {each.keeper.entity_id}: none of its duplicates is listed: {safe(each.problem)}")
        sys.stdout.buffer.write(b"".join(os.fsencode(path) + b"\0" for path in each.paths))
    sys.stdout.buffer.flush()
    return problems


def unread(failures: Mapping[int, str]) -> None:
    """Report the assets whose pixels could not be compared."""
    for entity_id, reason in failures.items():
        note(f"entity {entity_id}: its pixels could not be compared: {safe(reason)}")
