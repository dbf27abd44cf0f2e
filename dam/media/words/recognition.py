"""Read words in pictures with RapidOCR: models of PaddleOCR, which are in its wheel, run by ONNX Runtime."""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dam.core.errors import DecodeError
from dam.media.obstacle import Obstacle

if TYPE_CHECKING:
    from PIL.Image import Image

EXTRA_HINT = "pip install 'dam[ocr]'"
MIN_CONFIDENCE = 0.8
"""Minimum confidence of a line; what looks like letters in a photograph has less, see doc/media_images.md."""
MIN_LETTERS = 2
"""Minimum number of letters and digits of a line."""
MAX_SIDE = 4000
"""Maximum length of the longer side in pixels; larger pictures are reduced."""
MAX_LINES = 2000
"""Maximum number of lines of a picture."""

_MODELS = {
    "Det.model_path": "PP-OCRv6_det_small.onnx",
    "Cls.model_path": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "Rec.model_path": "PP-OCRv6_rec_small.onnx",
}
_MODULES = ("rapidocr", "onnxruntime", "cv2", "numpy", "PIL")


@dataclass(frozen=True)
class Line:
    """A line of words, and where it is, as fractions of the picture."""

    text: str
    confidence: float
    """0 to 1."""
    page: int
    """Page of a document, from 0."""
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Words:
    """The lines that were read in a picture or document, from top to bottom."""

    lines: tuple[Line, ...] = ()
    is_cut: bool = False
    """Whether pages were left out."""

    @property
    def text(self) -> str:
        """The lines."""
        return "\n".join(line.text for line in self.lines)

    @property
    def confidence(self) -> float:
        """The mean confidence of the characters; 0 without words."""
        length = sum(len(line.text) for line in self.lines)
        return sum(line.confidence * len(line.text) for line in self.lines) / length if length else 0.0


def obstacle_of_words(_media_type: str) -> Obstacle | None:
    """Return why words cannot be read here, or None if they can."""
    if all(find_spec(name) for name in _MODULES):
        return None
    return Obstacle(f"reading words in pictures needs {EXTRA_HINT}", "ocr")


def read_picture(picture: "Image", page: int = 0) -> tuple[Line, ...]:
    """Return the lines of words in a picture.

    Raises:
        DecodeError: the library cannot process the picture.

    """
    import numpy as np  # noqa: PLC0415  an optional library

    picture = picture.convert("RGB")
    if max(picture.size) > MAX_SIDE:
        picture.thumbnail((MAX_SIDE, MAX_SIDE))
    try:
        found = _engine()(np.asarray(picture)[:, :, ::-1])  # as OpenCV orders the channels
    except Exception as exc:
        raise DecodeError(f"words cannot be read: {str(exc) or type(exc).__name__}") from exc
    if found.boxes is None or found.txts is None:
        return ()
    read = zip(found.boxes, found.txts, found.scores, strict=True)
    lines = (_line(*each, page, picture.size) for each in read if _is_likely(each[1], each[2]))
    return tuple(lines)[:MAX_LINES]


def _is_likely(text: str, confidence: float) -> bool:
    return confidence >= MIN_CONFIDENCE and sum(map(str.isalnum, text)) >= MIN_LETTERS


def _line(box: Any, text: str, confidence: float, page: int, size: tuple[int, int]) -> Line:
    left, top = (max(0.0, float(box[:, axis].min())) / size[axis] for axis in (0, 1))
    right, bottom = (min(1.0, float(box[:, axis].max()) / size[axis]) for axis in (0, 1))
    place = (round(number, 4) for number in (left, top, right - left, bottom - top))
    return Line(" ".join(text.split()), round(float(confidence), 3), page, *place)


@cache
def _engine() -> Any:
    """Return the engine. It is given its models by path: otherwise it would download what it misses."""
    import rapidocr  # noqa: PLC0415  an optional library

    models = Path(rapidocr.__file__).parent / "models"
    paths = {option: str(models / name) for option, name in _MODELS.items()}
    missing = [path for path in paths.values() if not Path(path).is_file()]
    if missing:
        raise DecodeError(f"the installed rapidocr has no {Path(missing[0]).name}: {EXTRA_HINT} -U")
    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}  # of each worker
    return rapidocr.RapidOCR(params={"Global.log_level": "critical", **paths, **threads})
