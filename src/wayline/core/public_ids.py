"""Ids as surface 001 writes them: a word for the kind of thing, and its UUID in base 62 (`wf_…`, `rule_…`, `usr_…`)."""

from __future__ import annotations

import string
import uuid
from typing import Literal

Prefix = Literal["wf", "rule", "usr"]
DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
# 62 to the power of 22 is the first above 2 to the power of 128. Always as long, so that ids sort as their UUIDs do.
LENGTH = 22
_VALUES = {digit: value for value, digit in enumerate(DIGITS)}


def public_id(prefix: Prefix, value: str) -> str:
    """The UUID (as text) as this surface writes it."""
    number = uuid.UUID(value).int
    digits = []
    for _ in range(LENGTH):
        number, digit = divmod(number, len(DIGITS))
        digits.append(DIGITS[digit])
    return f"{prefix}_{''.join(reversed(digits))}"


def uuid_of(prefix: Prefix, written: str) -> str | None:
    """The UUID (as text, lower case) that an id of this kind stands for; None for anything else. A UUID stands for
    itself, since the other surfaces show the same thing under it."""
    kind, separator, digits = written.rpartition("_")
    if not separator:
        return _canonical(written)
    if kind != prefix or len(digits) != LENGTH or not all(d in _VALUES for d in digits):
        return None
    number = 0
    for digit in digits:
        number = number * len(DIGITS) + _VALUES[digit]
    return str(uuid.UUID(int=number)) if number < 1 << 128 else None


def _canonical(written: str) -> str | None:
    """The usual spelling of a UUID; other spellings that Python reads (braces, no hyphens) are none of ours."""
    try:
        found = str(uuid.UUID(written))
    except ValueError:
        return None
    return found if found == written.lower() else None
