"""The page at ``/``: paste a text, see its labels and the sentences that carried them."""

from __future__ import annotations

import secrets
from functools import lru_cache

from starlette.responses import Response

from aikind.label_set import LabelSet
from aikind.serve.pages import colours, render_page

__all__ = ["front_page"]

_NONCE = "NONCE"


def front_page(label_set: LabelSet) -> Response:
    """The page for a model with these labels. It runs its own script and style and talks to this server, whatever a text holds."""
    nonce = secrets.token_urlsafe(16)
    policy = f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; img-src data:; "
    headers = {"Content-Security-Policy": policy + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
    return Response(_drawn(label_set).replace(_NONCE, nonce), headers={**headers, "Referrer-Policy": "no-referrer"}, media_type="text/html")


@lru_cache(maxsize=1)
def _drawn(label_set: LabelSet) -> str:
    classes = colours(label_set)
    of_sets = {"+".join(labels): classes[label_set.kind(labels)] for labels in label_set.combinations}
    return render_page("service.html", nonce=_NONCE, classes=classes | of_sets)
