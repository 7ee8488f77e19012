"""A callback's token names one visit, and only who has the key can make one."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wayline.core.callback_token import callback_token, visit_of

KEY = b"a key for tests alone"
RUN = "0b6c8f8e-0000-4000-8000-000000000002"
TOKEN = callback_token(KEY, run_id=RUN, position=3)


@given(st.uuids(), st.integers(min_value=0, max_value=2**32 - 1))
def test_a_token_leads_back_to_its_visit(run: uuid.UUID, position: int) -> None:
    assert visit_of(KEY, callback_token(KEY, run_id=str(run), position=position)) == (str(run), position)


def test_another_key_made_no_such_token() -> None:
    assert visit_of(b"another key", TOKEN) is None


@pytest.mark.parametrize("place", range(len(TOKEN)))
def test_a_token_with_one_letter_changed_is_none(place: int) -> None:
    other = "B" if TOKEN[place] == "A" else "A"
    assert visit_of(KEY, TOKEN[:place] + other + TOKEN[place + 1 :]) is None


@pytest.mark.parametrize("written", ["", "x", "é", TOKEN[:-4], TOKEN + "AAAA", TOKEN + "=", TOKEN + "\n"], ids=ascii)
def test_what_is_no_token_leads_nowhere(written: str) -> None:
    assert visit_of(KEY, written) is None
