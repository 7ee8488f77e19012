"""A thing's id on surface 001 is its UUID in other digits, and leads back to it."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wayline.core.public_ids import LENGTH, public_id, uuid_of

LOWEST = "00000000-0000-0000-0000-000000000000"
HIGHEST = "ffffffff-ffff-ffff-ffff-ffffffffffff"


@given(st.uuids())
def test_an_id_leads_back_to_its_uuid(value: uuid.UUID) -> None:
    written = public_id("wf", str(value))
    assert uuid_of("wf", written) == str(value)
    assert len(written) == len("wf_") + LENGTH


@given(st.uuids(), st.uuids())
def test_ids_sort_as_their_uuids_do(one: uuid.UUID, other: uuid.UUID) -> None:
    assert (public_id("wf", str(one)) < public_id("wf", str(other))) == (str(one) < str(other))


def test_the_lowest_and_the_highest_uuid_have_an_id() -> None:
    assert public_id("rule", LOWEST) == "rule_" + "0" * LENGTH
    assert uuid_of("rule", public_id("rule", HIGHEST)) == HIGHEST


def test_a_uuid_stands_for_itself() -> None:
    assert uuid_of("wf", HIGHEST.upper()) == HIGHEST


@pytest.mark.parametrize(
    "written",
    [
        "",
        "wf_",
        "wf_abc",
        "rule_0000000000000000000000",
        "wf_zzzzzzzzzzzzzzzzzzzzzz",
        "wf_00000000000000000000-0",
        "wf_wf_0000000000000000000000",
        "{ffffffff-ffff-ffff-ffff-ffffffffffff}",
        "ffffffffffffffffffffffffffffffff",
        "wf_٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣",
    ],
    ids=lambda written: ascii(written)[:30],
)
def test_what_is_no_id_stands_for_nothing(written: str) -> None:
    assert uuid_of("wf", written) is None
