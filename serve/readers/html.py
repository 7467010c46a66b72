"""HTML: the main text of a page, without menus and the like, by Resiliparse (extra ``formats``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from aikind.errors import DocumentError, MissingExtraError
from aikind.records import Document
from aikind.serve.readers.base import ReadOptions, read_whole, whole
from aikind.serve.readers.encodings import decode

__all__ = ["read_html"]

_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-z][^\s/>]*)", re.IGNORECASE)
# Elements without an end, or whose end may be left out.
_UNCLOSED = frozenset(
    [
        "area",
        "base",
        "body",
        "br",
        "col",
        "colgroup",
        "dd",
        "dt",
        "embed",
        "head",
        "hr",
        "html",
        "img",
        "input",
        "li",
        "link",
        "meta",
        "optgroup",
        "option",
        "p",
        "param",
        "rp",
        "rt",
        "source",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "track",
        "wbr",
    ]
)
_DEEPEST = 2_000
_DATES = ('meta[property="article:published_time"]', 'meta[name="date"]', 'meta[itemprop="datePublished"]')


def read_html(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """Yield the page's main text as one document, or all its visible text where no part of it stands out.

    Raises:
        MissingExtraError: Resiliparse is not installed.
        DocumentError: The page holds no text.
    """
    try:
        from resiliparse.extract.html2text import extract_plain_text
        from resiliparse.parse.html import HTMLTree
    except ImportError as error:
        raise MissingExtraError("reading HTML", "formats") from error
    raw = read_whole(file, options)
    declared = _CHARSET.search(raw[:4096])
    page, encoding = decode(raw, declared.group(1).decode("ascii", "replace") if declared else None)
    # The parser takes no half of a surrogate pair, and a page may well spell one out.
    tree = HTMLTree.parse(page.encode("utf-8", "replace").decode())
    text = ""
    for main in (False,) if _nested_too_deep(page) else (True, False):
        text = text.strip() or extract_plain_text(tree, main_content=main, alt_texts=False, comments=False).strip()
    if not text:
        raise DocumentError("the page holds no text")
    facts = {"title": tree.title, "date": _date(tree)}
    yield whole(text, name, options, facts, encoding)


def _nested_too_deep(page: str) -> bool:
    """Whether looking for the main text would take minutes: its time grows with the square of the depth."""
    depth = 0
    for match in _TAG.finditer(page):
        if match.group(2).lower() not in _UNCLOSED:
            depth = max(0, depth - 1) if match.group(1) else depth + 1
            if depth > _DEEPEST:
                return True
    return False


def _date(tree: Any) -> str | None:
    for selector in _DATES if tree.head is not None else ():
        element = tree.head.query_selector(selector)
        if element is not None and (content := element.getattr("content")):
            return str(content)
    return None
