"""Near-duplicate texts: recall and precision by kind and rate of edits, and the estimate against the true similarity.

    python tests/bench/quality_documents.py [--texts 2000] [--queries 100]

A library gets generated texts of 350 to 1,400 words; a third of them carry the same licence of 150 words. Each query is
one of them with edits: words replaced, deleted or inserted, paragraphs moved. Recall is the share of queries that find
their original; precision is the share of finds that are it, at the default least similarity and at that of pairs.
"""

import argparse
import io
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from dam.core.database import make_engine
from dam.media.documents.minhash import fingerprint, index_keys, shingles_of, similarity, to_bytes
from dam.media.sample import Sample
from dam.models.document_fingerprint_component import DocumentFingerprintComponent
from dam.models.document_index_row import DocumentIndexRow
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.setup import set_up
from dam.services.similar.methods.document import MIN_SIMILARITY, MIN_SIMILARITY_OF_PAIRS, find_similar
from dam.storage.local import LocalBlobStore
from tests.bench.texts import EDITS, Paragraphs, Writer, written

RATES = (0.01, 0.05, 0.1, 0.2, 0.3)


def fill(library: Library, texts: list[str]) -> list[int]:
    with library.write() as session:
        ids = ecs.add_entities(session, len(texts))
        prints = [fingerprint(text) for text in texts]
        both = [(entity_id, one) for entity_id, one in zip(ids, prints, strict=True) if one is not None]
        rows = [{"entity_id": entity_id, "minhash": to_bytes(one)} for entity_id, one in both]
        ecs.put_rows(session, DocumentFingerprintComponent, rows)
        keys = [{"entity_id": entity_id, "key": key} for entity_id, one in both for key in index_keys(one).tolist()]
        ecs.put_rows(session, DocumentIndexRow, keys)
    return ids


def true_similarity(one: str, other: str) -> float:
    first, second = shingles_of(one), shingles_of(other)
    return len(np.intersect1d(first, second)) / len(np.union1d(first, second))


def estimate(one: str, other: str) -> float:
    first, second = fingerprint(one), fingerprint(other)
    assert first is not None
    assert second is not None
    return float(similarity(first, second))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--queries", type=int, default=100)
    options = parser.parse_args()
    writer = Writer()
    licensed = [[writer.licence] if number % 3 == 0 else [] for number in range(options.texts)]
    originals = [licence + writer.text() for licence in licensed]
    with tempfile.TemporaryDirectory() as folder:
        engine, store = make_engine(f"sqlite:///{folder}/dam.sqlite3", 5), LocalBlobStore(Path(folder, "store"))
        library = Library(engine, store, set_up(engine, store).library_id)
        ids = fill(library, [written(text) for text in originals])
        print(
            f"{options.texts} texts, {options.queries} queries a line; "
            f"found at {MIN_SIMILARITY} and at {MIN_SIMILARITY_OF_PAIRS}"
        )
        print("edits            similarity      error            at the least        at that of pairs")
        print("                 true (mean)  mean    sd       recall  precision    recall  precision")
        for name, edit in EDITS.items():
            for rate in RATES:
                title = f"{name:9} {rate:4.0%}"
                report(library, ids, originals, writer, title, partial(edit, writer, rate), options.queries)
        store.close()
        engine.dispose()


def report(
    library: Library,
    ids: list[int],
    originals: list[Paragraphs],
    writer: Writer,
    title: str,
    edit: Callable[[Paragraphs], Paragraphs],
    queries: int,
) -> None:
    true: list[float] = []
    errors: list[float] = []
    counts = {MIN_SIMILARITY: [0, 0], MIN_SIMILARITY_OF_PAIRS: [0, 0]}
    for number in writer.random.sample(range(len(originals)), queries):
        original, query = written(originals[number]), written(edit(originals[number]))
        true.append(true_similarity(original, query))
        errors.append(estimate(original, query) - true[-1])
        with library.read() as session:
            found = find_similar(session, Sample(lambda: io.BytesIO(query.encode()), "text/plain"))  # noqa: B023
        for least, count in counts.items():
            near = [match.entity_id for match in found if match.score >= least]
            count[0] += ids[number] in near
            count[1] += len(near)
    figures = [f"{right / queries:6.2f}  {right / total if total else 1:9.3f}" for right, total in counts.values()]
    print(
        f"{title:16} {np.mean(true):11.3f} {np.mean(errors):+7.3f} {np.std(errors):6.3f}       {'    '.join(figures)}"
    )


if __name__ == "__main__":
    main()
