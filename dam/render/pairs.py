"""Pairs of assets on stdout: verdicts, links and explanations."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dam.render.facts import summary
from dam.render.json_output import write_document
from dam.render.text import counted, line, note, safe
from dam.services.catalogue.assets import Asset
from dam.services.catalogue.pairs import Pair
from dam.services.catalogue.verdict import Verdict

if TYPE_CHECKING:
    from dam.services.similar.explain import Explanation, Subject
    from dam.services.similar.links import Linked


def verdict(pair: Pair, given: Verdict | None, *, as_json: bool) -> None:
    """Write the verdict on a pair; None if it was removed."""
    if as_json:
        write_document(**_verdict(pair, given))
    else:
        line(f"entities {pair[0]} and {pair[1]}  {given or 'no verdict'}")


def verdicts(given: Iterable[tuple[Pair, Verdict]], *, as_json: bool) -> int:
    """Write one line or document per verdict; return their number."""
    count = 0
    for pair, word in given:
        verdict(pair, word, as_json=as_json)
        count += 1
    return count


def _verdict(pair: Pair, given: Verdict | None) -> dict[str, Any]:
    return {"entity_id": pair[0], "other_entity_id": pair[1], "verdict": given}


def explanation(found: "Explanation", assets: Mapping[int, Asset], *, as_json: bool) -> None:
    """Write the hashes, distances and measures of a pair, and the decision; `assets` are those of the two, by id."""
    from dam.media.images.small_luma import MAX_DIFFERENCE, MIN_INFORMATION  # noqa: PLC0415  needs the image extra

    if as_json:
        write_document(
            subjects=[_subject(subject) for subject in found.subjects],
            distances=dict(found.distances),
            thresholds=dict(found.thresholds),
            transform=found.transform,
            difference=found.difference,
            same_picture=MAX_DIFFERENCE,
            information_needed=MIN_INFORMATION,
            verdict=found.verdict,
            judgement=found.judgement,
            reason=found.reason,
        )
        return
    one, other = found.subjects
    line(f"{'':<12}{'A':>18}{'B':>18}{'distance':>14}{'limit':>8}")
    for name, away in found.distances.items():
        limit, bits = found.thresholds.get(name, "unused"), "-" if away is None else f"{away} of 64 bits"
        line(f"{name:<12}{one.hashes.get(name, '-'):>18}{other.hashes.get(name, '-'):>18}{bits:>14}{limit:>8}")
    line(f"{'information':<12}{_known(one.information):>18}{_known(other.information):>18}{'':>14}{MIN_INFORMATION:>8}")
    line(f"{'luma':<12}{'':>36}{_known(found.difference, 3):>14}{MAX_DIFFERENCE:>8}")
    for letter, subject in zip("AB", found.subjects, strict=True):
        line(f"{letter:<12}{safe(subject.name)}  {_place(subject)}")
        if asset := assets.get(subject.entity_id or 0):
            line(f"{'':<12}{safe(asset.names[0])}  {summary(asset)}")
    line(f"{'transform':<12}{found.transform}")
    line(f"{'verdict':<12}{found.verdict or 'none'}")
    line(f"{'judgement':<12}{found.judgement}: {safe(found.reason)}")


def _subject(subject: "Subject") -> dict[str, Any]:
    return {
        "name": subject.name,
        "entity_id": subject.entity_id,
        "sha256": subject.sha256,
        "hashes": dict(subject.hashes),
        "information": subject.information,
    }


def _place(subject: "Subject") -> str:
    return "a file outside the library" if subject.entity_id is None else f"entity {subject.entity_id}"


def _known(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else str(value) if isinstance(value, int) else f"{value:.{digits}f}"


REASONS = {"different": "the luma pictures differ", "plain": "too little detail", "unrelated": "verdict"}


def linked(result: "Linked", *, as_json: bool) -> None:
    """Write the result of link-similar."""
    if as_json:
        write_document(compared=result.compared, plain=result.plain, pairs=result.pairs, rejected=dict(result.rejected))
        return
    line(f"{counted(result.pairs, 'similar pair')} found by comparing {counted(result.compared, 'new image')}")
    if result.pairs:
        note("dam-cli show ASSET lists the pairs of an image, dam-cli find-duplicates all groups")
    if result.plain:
        note(f"{counted(result.plain, 'image')} skipped: too little detail")
    for reason, count in result.rejected.items():
        note(f"{counted(count, 'pair')} within the thresholds, but not similar: {REASONS[reason]}")
