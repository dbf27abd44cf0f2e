"""Render the first page of a PDF file with PDFium."""

from typing import TYPE_CHECKING

from dam.core.errors import DecodeError
from dam.media.documents.pdf import MAX_IN_MEMORY_BYTES

if TYPE_CHECKING:
    from PIL.Image import Image

    from dam.media.sample import Sample

MEDIA_TYPE = "application/pdf"


def first_page(sample: "Sample", size: int) -> "Image":
    """Return the first page, with a longer side of `size` pixels.

    Raises:
        DecodeError: the document has no pages, or the page cannot be rendered.

    """
    from pypdfium2 import PdfDocument, PdfiumError  # noqa: PLC0415  needs the documents extra

    with sample.open_content() as content:
        length = content.seek(0, 2)
        content.seek(0)
        try:
            with PdfDocument(content.read() if length <= MAX_IN_MEMORY_BYTES else content) as pdf:
                if not len(pdf):
                    raise DecodeError("the document has no pages")
                page = pdf[0]
                try:
                    longer = max(page.get_size())
                    if longer <= 0:
                        raise DecodeError("the first page has no size")
                    rendered: Image = page.render(scale=size / longer, draw_annots=True).to_pil().convert("RGB")
                    return rendered
                finally:
                    page.close()
        except (PdfiumError, ValueError, OverflowError) as exc:
            raise DecodeError(f"the first page cannot be rendered: {exc}") from exc
