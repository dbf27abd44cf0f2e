"""MinHash fingerprint of a document's text, and its keys in the inverted index."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.document_fingerprint_component import DocumentFingerprintComponent
from dam.models.document_index_row import DocumentIndexRow
from dam.systems.system import Row, system


@system(kinds={Kind.DOCUMENT}, produces=DocumentFingerprintComponent, version=2, index=DocumentIndexRow)
def document_fingerprint(sample: Sample) -> list[Row]:
    """MinHash of the text, and its keys in the index; none for a text without words."""
    from dam.media.documents.minhash import index_keys, to_bytes  # noqa: PLC0415  needs numpy

    found = sample.document_fingerprint
    if found is None:
        return []
    rows: list[Row] = [DocumentFingerprintComponent(minhash=to_bytes(found))]
    return rows + [{"key": key} for key in index_keys(found).tolist()]
