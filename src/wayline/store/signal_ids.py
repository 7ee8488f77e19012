"""Which signals have come to a run already, of those that came with an id."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from wayline.store.tables import signal_ids

_known = sa.select(signal_ids.c.run_id, signal_ids.c.signal_id).where(
    signal_ids.c.run_id.in_(sa.bindparam("run_ids", expanding=True)),
    signal_ids.c.signal_id.in_(sa.bindparam("ids", expanding=True)),
)


def known(connection: sa.Connection, named: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """(run, signal id) of those among these that have come before."""
    by = {"run_ids": [run_id for run_id, _ in named], "ids": [signal_id for _, signal_id in named]}
    return {(row[0], row[1]) for row in connection.execute(_known, by)}
