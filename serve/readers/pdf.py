"""PDF: the text of all pages, by PDFium (extra ``formats``)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

from aikind.errors import DocumentError, MissingExtraError
from aikind.records import Document
from aikind.serve.readers.base import ReadOptions, seekable, too_large, whole

__all__ = ["read_pdf"]

_one_at_a_time = threading.Lock()  # PDFium may not be called from two threads


def read_pdf(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """Yield the text of all pages as one document.

    Raises:
        MissingExtraError: pypdfium2 is not installed.
        DocumentError: The file is damaged, locked, or holds no text.
    """
    try:
        import pypdfium2
    except ImportError as error:
        raise MissingExtraError("reading PDF", "formats") from error
    with seekable(file) as source, _one_at_a_time:
        try:
            pdf = pypdfium2.PdfDocument(source)
        except pypdfium2.PdfiumError as error:
            locked = "password" in str(error).lower()
            why = "the PDF is locked with a password; save it without one" if locked else "not a PDF, or a damaged one"
            raise DocumentError(why) from error
        try:
            text, pages = _text(pdf, options), len(pdf)
            properties = pdf.get_metadata_dict()
        except pypdfium2.PdfiumError as error:
            raise DocumentError(f"the PDF is damaged: {error}") from error
        finally:
            pdf.close()
    if not text.strip():
        raise DocumentError(f"no text in the PDF ({pages} pages); if it holds pictures of text, put it through OCR first")
    facts = {"title": properties.get("Title"), "date": properties.get("CreationDate")}
    yield whole(text, name, options, facts)


def _text(pdf: Any, options: ReadOptions) -> str:
    parts: list[str] = []
    size = 0
    for number in range(len(pdf)):
        page = pdf[number]
        content = page.get_textpage()
        # A hyphen at the end of a line comes as U+FFFE.
        parts.append(content.get_text_range().replace("\r\n", "\n").replace("\ufffe", ""))
        content.close()
        page.close()
        size += len(parts[-1])
        if size > options.max_bytes:
            raise DocumentError(f"its text is {too_large(options)}")
    return "\n\n".join(parts)
