"""Pages of HTML that need nothing from outside themselves: one template each, and a style that they share."""

from __future__ import annotations

from typing import Any

from aikind.label_set import LabelSet

__all__ = ["colours", "render_page"]

_COLOURS = 6  # as many as style.html defines


def render_page(template: str, **values: Any) -> str:
    """Fill in a template of this folder. Every value is escaped; whatever is missing is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # it takes 0.1 s, and most runs draw no page

    environment = Environment(
        loader=PackageLoader(__name__, "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["number"] = lambda count: f"{count:,}"
    environment.filters["share"] = lambda part: f"{part:.1%}" if 0 < part < 0.1 else f"{part:.0%}"
    return environment.get_template(template).render(**values)


def colours(label_set: LabelSet) -> dict[str, str]:
    """CSS class of each kind, and with it of each label; the kind without labels is grey."""
    marked = (kind for kind in label_set.kinds if kind != label_set.none)
    return {**{kind: f"k{number % _COLOURS}" for number, kind in enumerate(marked)}, label_set.none: "kn"}
