"""Numbers in paths, for what is numbered per tenant."""

from __future__ import annotations

from wayline.api.endpoint import Call
from wayline.core.refusals import not_found

MAX_DIGITS = 9


def number_in_path(call: Call, what: str) -> int:
    """The number at `{id}`; anything else names a thing that does not exist."""
    written = call.path("id")
    if not (written.isascii() and written.isdigit() and len(written) <= MAX_DIGITS):
        raise not_found(what)
    return int(written)
