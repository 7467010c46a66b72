"""What one request may ask for, and how many of them may be there at once."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a request, and of the server.

    Attributes:
        body_bytes: Of a JSON body, and of one line of NDJSON.
        documents: In one JSON body.
        characters: Of one document, its title included.
        seconds: For the body of a request to come in, and again for its results; of NDJSON, for each line and each result.
        stream_documents: In one NDJSON body.
        stream_seconds: For one NDJSON request as a whole.
        requests: Accepted and not yet answered, at once; those beyond are refused with 503.
    """

    body_bytes: int = 8_000_000
    documents: int = 1_000
    characters: int = 200_000
    seconds: float = 60.0
    stream_documents: int = 100_000
    stream_seconds: float = 3_600.0
    requests: int = 64
