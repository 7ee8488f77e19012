"""Counting what the store holds of a replayed log, in the terms in which the log itself is counted."""

from __future__ import annotations

from collections import Counter
from typing import Any

import sqlalchemy as sa

from wayline.cli.replaying.desk import Published
from wayline.eventlog.counts import Counts
from wayline.eventlog.route import Route
from wayline.store.replays import replayed_runs


def tally(
    connection: sa.Connection, *, tenant_id: str, published: Published, route: Route, unknown_id: str
) -> dict[str, Any]:
    """`Counts.as_json()` of every run of this version, and `runs: {status: n}`.

    Only steps that stand for activities count; a person is whoever completed one, the stand-in nobody.
    """
    counts = Counts()
    statuses: Counter[str] = Counter()
    for run in replayed_runs(
        connection, tenant_id=tenant_id, template_id=published.template_id, version=published.version
    ):
        statuses[run.status] += 1
        counts.add_case(
            (activity, None if who == unknown_id else who, at)
            for step_id, who, at in run.visits
            if (activity := route.activity_of(step_id)) is not None
        )
    return {**counts.as_json(), "runs": dict(sorted(statuses.items()))}
