"""An activation's id is a name-based UUID of its run and place, so that whoever knows both can tell it."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from wayline.core.run import activation_id


@given(run=st.uuids(), position=st.integers(-1, 10**9))
def test_the_id_is_the_version_5_uuid_of_the_run_and_the_position(run: uuid.UUID, position: int) -> None:
    assert activation_id(str(run), position) == str(uuid.uuid5(run, f"activation:{position}"))
