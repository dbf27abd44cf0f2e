"""Words in pictures, and languages."""

import io
import socket

import pytest
from PIL import Image

from dam.core.errors import DecodeError
from dam.media.sample import Sample
from dam.media.words import recognition
from dam.media.words.language import is_prose, language_of
from tests.media.documents import pdf
from tests.media.pages import LINES, page, scan
from tests.media.pictures import saved

TEXTS = {
    "de": "Der Fluss entspringt in den Hügeln oberhalb der Stadt und mündet in einen See.",
    "en": "The river rises in the hills above the town and ends in a lake.",
    "es": "El río nace en las colinas que están sobre la ciudad y termina en un lago.",
    "fr": "La rivière prend sa source dans les collines au-dessus de la ville et finit dans un lac.",
    "it": "Il fiume nasce sulle colline sopra la città e finisce in un lago tranquillo.",
    "ja": "川は町の上の丘から流れ出て、庭のそばを三十マイル流れ、湖に注ぐ。静かな湖の岸には古い家が並んでいる。",
}


def sample(data: bytes, media_type: str) -> Sample:
    return Sample(lambda: io.BytesIO(data), media_type)


@pytest.mark.parametrize("code", TEXTS)
def test_languages(code: str) -> None:
    found = language_of(TEXTS[code])
    assert found is not None
    assert found.code == code
    assert 0.6 <= found.confidence <= 1


@pytest.mark.parametrize("text", ["", "Where rivers begin", "1 2 3 4 5 6 7 8 9 10 " * 20])
def test_no_language_of_what_says_too_little(text: str) -> None:
    assert language_of(text) is None


def test_programs_are_no_prose() -> None:
    assert [name for name in ("text/plain", "text/markdown", "text/x-python", "text/csv") if is_prose(name)] == [
        "text/plain",
        "text/markdown",
    ]


@pytest.mark.sweep
class TestWords:
    def test_of_an_image(self) -> None:
        words = sample(saved(page(LINES), "PNG"), "image/png").words
        assert words.text == "\n".join(LINES)
        assert words.confidence > 0.9
        first = words.lines[0]
        assert 0.02 < first.left < 0.06
        assert 0.1 < first.top < 0.2
        assert 0.4 < first.width < 1
        assert (first.page, words.is_cut) == (0, False)

    def test_of_a_picture_without_words(self) -> None:
        gradient = Image.linear_gradient("L").resize((600, 400))
        assert sample(saved(gradient, "PNG"), "image/png").words == recognition.Words()

    def test_of_pages_without_text(self) -> None:
        words = sample(scan(LINES[:1], LINES[1:]), "application/pdf").words
        assert words.text == "\n".join(LINES)
        assert [line.page for line in words.lines] == [0, 1, 1]
        assert sample(pdf(["a page that has text of its own"]), "application/pdf").words == recognition.Words()

    def test_nothing_is_fetched(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise AssertionError("it connects")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        recognition._engine.cache_clear()
        assert sample(saved(page(LINES), "PNG"), "image/png").words.lines

    def test_a_model_that_is_missing_is_not_fetched(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(recognition._MODELS, "Rec.model_path", "missing.onnx")
        recognition._engine.cache_clear()
        with pytest.raises(DecodeError, match=r"has no missing\.onnx"):
            recognition.read_picture(page(LINES))
        recognition._engine.cache_clear()

    def test_a_broken_pdf_is_an_error(self) -> None:
        with pytest.raises(DecodeError, match="cannot be decoded as PDF"):
            _ = sample(b"%PDF-1.4 broken", "application/pdf").words
