"""Dates as documents give them, in one form."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

__all__ = ["day_of", "iso_date"]

_PDF = re.compile(r"D:(\d{4})(\d{2})(\d{2})")


def iso_date(value: Any) -> str | None:
    """The day as ``YYYY-MM-DD``, or None where ``value`` is no date. Takes ISO 8601, the form of mail headers and that of PDF."""
    try:
        if isinstance(value, datetime):
            return value.date().isoformat()
        if isinstance(value, date):
            return value.isoformat()
        if not isinstance(value, str) or not 6 < len(value.strip()) < 64:
            return None
        if match := _PDF.match(value.strip()):
            return date(*map(int, match.groups())).isoformat()
        if value.strip()[:1].isdigit():
            return datetime.fromisoformat(value.strip()).date().isoformat()
        return parsedate_to_datetime(value.strip()).date().isoformat()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def day_of(seconds: float) -> str | None:
    """The day, in UTC, of a time in seconds since 1970."""
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return None
