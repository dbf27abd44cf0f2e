import io
import random
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dam.core.errors import DecodeError
from dam.media.documents.minhash import INDEXED_PERMUTATIONS
from dam.media.sample import Sample
from dam.models import DocumentComponent, DocumentFingerprintComponent, DocumentTextComponent
from dam.models.document_index_row import DocumentIndexRow
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.similar.methods import document as similar_documents
from dam.services.similar.methods.document import find_similar, similar_pairs
from tests.media.documents import docx, made, pdf
from tests.services.conftest import ingest_all


def words(seed: int, count: int = 400) -> list[str]:
    source = random.Random(seed)
    return [f"word{source.randrange(3000)}" for _ in range(count)]


def edited(text: list[str], rate: float) -> list[str]:
    source = random.Random(7)
    return [f"edit{source.randrange(3000)}" if source.random() < rate else word for word in text]


def plain(text: str) -> Sample:
    return Sample(lambda: io.BytesIO(text.encode()), "text/plain")


def keys_in(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(DocumentIndexRow)) or 0


def test_an_edited_text_is_found_whatever_its_format(each_library: Library, tmp_path: Path) -> None:
    text = words(1)
    (tmp_path / "same.txt").write_text(" ".join(text))
    (tmp_path / "near.docx").write_bytes(docx(" ".join(edited(text, 0.01))))
    (tmp_path / "far.md").write_text(" ".join(edited(text, 0.2)))
    paragraphs = [text[start : start + 20] for start in range(0, 400, 20)]
    (tmp_path / "moved.txt").write_text("\n\n".join(" ".join(some) for some in reversed(paragraphs)))
    for number in range(20):
        (tmp_path / f"other{number}.txt").write_text(" ".join(words(100 + number)))
    ids = {Path(outcome.path).name: outcome.entity_id for outcome in ingest_all(each_library, tmp_path)}
    with each_library.read() as session:
        found = find_similar(session, plain(" ".join(text)))
        assert [match.entity_id for match in found] == [
            ids[name] for name in ("same.txt", "near.docx", "moved.txt", "far.md")
        ]
        assert found[0].score == 1
        assert 0.15 <= found[3].score < 0.5
        assert found[2].reason == f"about {found[2].score:.0%} of the phrases of both texts are the same"
        assert find_similar(session, plain(" ".join(text)), limit=2) == found[:2]
        pairs = {(pair.entity_a, pair.entity_b): pair.score for pair in similar_pairs(session)}
    wanted = sorted(ids[name] or 0 for name in ("same.txt", "moved.txt", "near.docx"))
    assert sorted(pairs) == [(wanted[0], wanted[1]), (wanted[0], wanted[2]), (wanted[1], wanted[2])]
    assert all(score >= 0.5 for score in pairs.values())


def test_equal_texts_are_paired_with_the_first(library: Library, tmp_path: Path) -> None:
    text = " ".join(words(1))
    for number in range(4):
        (tmp_path / f"{number}.txt").write_text(text + "\n" * number)
    ids = [outcome.entity_id for outcome in ingest_all(library, tmp_path)]
    with library.read() as session:
        pairs = list(similar_pairs(session))
    assert [(pair.entity_a, pair.entity_b, pair.score) for pair in pairs] == [(ids[0], other, 1) for other in ids[1:]]


def test_what_many_share_is_no_reason(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similar_documents, "MAX_CANDIDATES_OF_KEY", 3)
    licence = words(1, 150)
    for number in range(12):
        (tmp_path / f"{number}.txt").write_text(" ".join(licence + words(100 + number, 300)))
    ids = [outcome.entity_id for outcome in ingest_all(library, tmp_path)]
    with library.read() as session:
        found = find_similar(session, plain((tmp_path / "11.txt").read_text()))
        assert list(similar_pairs(session)) == []
    assert (found[0].entity_id, found[0].score) == (ids[sorted(map(str, range(12))).index("11")], 1)


def test_nothing_in_an_empty_library_or_for_a_text_without_words(library: Library) -> None:
    with library.read() as session:
        assert find_similar(session, plain("a few words")) == []
        assert find_similar(session, plain("…")) == []
        assert list(similar_pairs(session)) == []
        with pytest.raises(DecodeError):
            find_similar(session, Sample(lambda: io.BytesIO(b"%PDF-1.7"), "application/pdf"))


def test_short_texts_match_only_when_equal(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("To be or not to be")
    (tmp_path / "b.txt").write_text("To be or not to see")
    [first, _] = ingest_all(library, tmp_path)
    with library.read() as session:
        [match] = find_similar(session, plain("to be, or not to be!"))
    assert (match.entity_id, match.score) == (first.entity_id, 1)


def test_the_index_goes_with_its_entity(each_library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(" ".join(words(1)))
    [outcome] = ingest_all(each_library, tmp_path)
    with each_library.write() as session:
        assert keys_in(session) == INDEXED_PERMUTATIONS
        ecs.delete_entity(session, outcome.entity_id or 0)
        session.flush()
        assert keys_in(session) == 0
        assert find_similar(session, plain(" ".join(words(1)))) == []


def test_what_cannot_be_read_costs_its_text_only(library: Library, tmp_path: Path) -> None:
    (tmp_path / "half.pdf").write_bytes(made("rivers.pdf")[:9000])
    (tmp_path / "locked.pdf").write_bytes(made("locked.pdf"))
    (tmp_path / "old.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    (tmp_path / "scan.pdf").write_bytes(pdf(["", ""]))
    (tmp_path / "whole.pdf").write_bytes(pdf(["a page of text"]))
    half, locked, old, scan, whole = ingest_all(library, tmp_path)
    assert [outcome.status.value for outcome in (half, locked, old, scan, whole)] == ["added"] * 5
    assert "cannot be decoded as PDF" in str(half.error)
    assert [outcome.error for outcome in (locked, old, scan, whole)] == [None] * 4
    with library.read() as session:

        def said(entity_id: int | None) -> DocumentComponent | None:
            return ecs.get_component(session, entity_id or 0, DocumentComponent)

        assert said(half.entity_id) is None
        assert ecs.values_of(said(locked.entity_id) or DocumentComponent())["encrypted"]
        assert [(one.pages, one.has_text) for one in map(said, (scan.entity_id, whole.entity_id)) if one] == [
            (2, False),
            (1, True),
        ]
        for kind in (DocumentTextComponent, DocumentFingerprintComponent):
            assert list(session.scalars(select(kind.entity_id))) == [whole.entity_id]
