"""What a worker process makes of a query."""

import pickle
from pathlib import Path

import pytest

from dam.core.errors import DecodeError
from dam.media.documents import document
from dam.services.processes.isolated import run_isolated
from dam.services.similar.features import FeatureRequest


def test_a_feature_is_a_property_of_the_sample_or_a_reader(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("a few words")
    request = FeatureRequest(str(file), 0, "text/plain", ("document_fingerprint", document.decode))
    features = run_isolated(request)
    assert features.decoded(document.decode).text == "a few words"
    assert features.document_fingerprint is not None


def test_a_feature_that_cannot_be_made_is_an_error_when_it_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(b"%PDF-1.7 and no more")
    features = pickle.loads(pickle.dumps(FeatureRequest(str(file), 0, "application/pdf", (document.decode,)).run()))
    with pytest.raises(DecodeError):
        features.decoded(document.decode)
