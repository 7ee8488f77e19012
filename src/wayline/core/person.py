"""A person's fields, as they may be written. Pure: who exists already is asked of the store.

`read_fields` gives every bad field at once, so that a form is corrected in one go.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from email_validator import EmailNotValidError, validate_email

from wayline.core.calendar_definition import known_timezones
from wayline.core.names import storable
from wayline.core.refusals import Issue

ROLES = ("requester", "agent", "manager", "admin")
MAX_NAME_CHARS = 200
MAX_EMAIL_CHARS = 254
MAX_LABELS = 50
MAX_LABEL_CHARS = 100
MIN_PASSWORD_CHARS = 8
MAX_PASSWORD_CHARS = 1_000
DEFAULTS: Mapping[str, Any] = {
    "role": "requester",
    "manager_id": None,
    "labels": [],
    "active": True,
    "timezone": "UTC",
    "locale": "en",
}
_LOCALE = re.compile(r"\A[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,4}\Z")
# Domains that lead nowhere in the world, and yet in a company's own network; the checker knows no way to allow them.
_OWN_NETWORK = re.compile(r"@([a-z0-9-]+\.)*(localhost|local|lan|internal|test)\Z", re.IGNORECASE)
_UUID = re.compile(r"\A[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\Z")


class _Bad(ValueError):
    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def read_fields(fields: Mapping[str, Any], *, creating: bool) -> tuple[dict[str, Any], list[Issue]]:
    """The good fields in the form they are kept in, and an issue for each bad one.

    Creating, `email` is required, the name is by default what stands before its @, and the rest is DEFAULTS.
    """
    found: dict[str, Any] = {}
    issues: list[Issue] = []
    for name, value in fields.items():
        try:
            found[name] = _reader_of(name)(value)
        except _Bad as bad:
            issues.append(Issue(name, str(bad), bad.code))
    if creating:
        if "email" not in fields:
            issues.append(Issue("email", "email is required.", "required"))
        found = {**DEFAULTS, "name": str(found.get("email", "")).partition("@")[0], **found}
    return found, issues


def read_email(value: Any) -> str:
    """An address in lower case, as people are looked up by it; ValueError for what is none.

    Addresses of a company's own network (`ana@desk.local`) are taken too.
    """
    if not isinstance(value, str) or len(value) > MAX_EMAIL_CHARS:
        raise _Bad("An e-mail address is expected.", "not_an_email")
    address = unicodedata.normalize("NFC", value.strip())
    try:
        validate_email(_OWN_NETWORK.sub("@desk.example", address), check_deliverability=False)
    except EmailNotValidError as error:
        raise _Bad("An e-mail address is expected.", "not_an_email") from error
    return address.lower()


def _reader_of(name: str) -> Callable[[Any], Any]:
    reader = _READERS.get(name)
    if reader is None:
        raise _Bad(f"{ascii(name)[1:-1]} cannot be set on a person.", "unknown_field")
    return reader


def _read_name(value: Any) -> str:
    if not isinstance(value, str) or not storable(value) or not 1 <= len(value.strip()) <= MAX_NAME_CHARS:
        raise _Bad(f"name is a text of 1 to {MAX_NAME_CHARS} characters.", "not_a_name")
    return value.strip()


def _read_role(value: Any) -> str:
    if value not in ROLES:
        raise _Bad(f"role is one of {', '.join(ROLES)}.", "unknown_role")
    return str(value)


def _read_manager(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _UUID.match(value):
        raise _Bad("manager_id is the id of a person.", "unknown_user")
    return value.lower()


def _read_labels(value: Any) -> list[str]:
    words = isinstance(value, list) and all(
        isinstance(label, str) and storable(label) and 1 <= len(label.strip()) <= MAX_LABEL_CHARS for label in value
    )
    if not words or len(value) > MAX_LABELS:
        raise _Bad(f"labels is a list of at most {MAX_LABELS} words.", "not_labels")
    return list(dict.fromkeys(label.strip() for label in value))


def _read_active(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Bad("active is true or false.", "not_a_boolean")
    return value


def _read_timezone(value: Any) -> str:
    if not isinstance(value, str) or value not in known_timezones():
        raise _Bad("timezone is the name of an IANA time zone, such as Europe/Berlin.", "unknown_timezone")
    return value


def _read_locale(value: Any) -> str:
    if not isinstance(value, str) or not _LOCALE.match(value):
        raise _Bad("locale is a language tag, such as en or de-AT.", "not_a_locale")
    return value


def _read_password(value: Any) -> str:
    if not isinstance(value, str) or not MIN_PASSWORD_CHARS <= len(value) <= MAX_PASSWORD_CHARS:
        raise _Bad(f"A password has at least {MIN_PASSWORD_CHARS} characters.", "weak_password")
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise _Bad("The password contains characters that no text has.", "weak_password")
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    "email": read_email,
    "name": _read_name,
    "role": _read_role,
    "manager_id": _read_manager,
    "labels": _read_labels,
    "active": _read_active,
    "timezone": _read_timezone,
    "locale": _read_locale,
    "password": _read_password,
}
