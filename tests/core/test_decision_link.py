"""A decision link says what it was sealed with, and nobody without the key can make one or change one."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from wayline.core.decision_link import DecisionLink, opened, sealed

KEY = b"a key for tests alone"
LINK = DecisionLink(
    tenant_id="0b6c8f8e-0000-4000-8000-000000000001",
    run_id="0b6c8f8e-0000-4000-8000-000000000002",
    approval_id="0b6c8f8e-0000-5000-8000-000000000003",
    user_id="0b6c8f8e-0000-4000-8000-000000000004",
    ends_at=datetime(2026, 12, 21, 9, 30, tzinfo=UTC),
)
uuids = st.uuids(version=4).map(str)


@given(uuids, uuids, uuids, uuids, st.datetimes(datetime(2020, 1, 1), datetime(2500, 1, 1), timezones=st.just(UTC)))
def test_what_is_sealed_is_opened(tenant: str, run: str, approval: str, user: str, ends_at: datetime) -> None:
    link = DecisionLink(tenant, run, approval, user, ends_at.replace(microsecond=0))
    token = sealed(KEY, link)
    assert re.fullmatch(r"[A-Za-z0-9_-]{136}", token)
    assert opened(KEY, token) == link


def test_a_link_changed_anywhere_is_none() -> None:
    token = sealed(KEY, LINK)
    for place, sign in enumerate(token):
        for other in {"A", "B", "_"} - {sign}:
            assert opened(KEY, token[:place] + other + token[place + 1 :]) is None


def test_another_key_opens_nothing() -> None:
    assert opened(b"another key", sealed(KEY, LINK)) is None


def test_each_part_is_sealed() -> None:
    """Two links that differ in one part have different seals: none of them can be put under the other's."""
    other = str(uuid.UUID(int=7))
    parts = ("tenant_id", "run_id", "approval_id", "user_id")
    changed = [msgspec.structs.replace(LINK, **{part: other}) for part in parts]
    later = msgspec.structs.replace(LINK, ends_at=LINK.ends_at + timedelta(seconds=1))
    seals = {sealed(KEY, link)[-43:] for link in (LINK, later, *changed)}
    assert len(seals) == 6


def test_what_is_no_token_is_none() -> None:
    token = sealed(KEY, LINK)
    for other in ("", "x", token + "=", token[:-1], token + "A", " " + token[1:], "é" * 136, "%" * 136, "A" * 136):
        assert opened(KEY, other) is None
