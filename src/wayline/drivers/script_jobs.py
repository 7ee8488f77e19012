"""What is particular about jobs that run scripts: a saved text is read when it is run, and the tickets that are asked
for are found before the door is told, so that it can hold them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.actions.script.performer import ScriptFailed
from wayline.core.action import ActionFailed
from wayline.core.commands import FinishScript, ReportAction, ReportScript
from wayline.core.ticket import number_in
from wayline.drivers.database_access import DatabaseAccess
from wayline.engine.door import Transaction
from wayline.store.jobs import ClaimedJob
from wayline.store.scripts import insert_run, rules_run, script_called
from wayline.store.tickets import ids_named

QUEUE = "script"
ID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


class StoredScripts:
    """`actions.script.performer.ScriptBook` over the table."""

    def __init__(self, access: DatabaseAccess) -> None:
        self._access = access

    async def called(self, *, tenant_id: str, name: str) -> tuple[str, str] | None:
        found = await self._access.read(partial(script_called, tenant_id=tenant_id, name=name))
        return None if found is None else (found.id, found.text)


async def command_of(
    access: DatabaseAccess, job: ClaimedJob, output: dict[str, Any], report: ReportAction | None
) -> ReportScript | FinishScript:
    """What the door is told of a script that has ended well: `report` is the one that its run would get, None when a
    rule had it run."""
    asked, script_id = tuple(output["requests"]), output["script_id"]
    kept = {"result": output["result"], "log": output["log"]}
    origin = origin_of(job)
    ticket_ids = await access.read(partial(_tickets_of, tenant_id=job.tenant_id, asked=asked, origin=origin))
    if report is not None:
        fields = {name: getattr(report, name) for name in report.__struct_fields__}
        return ReportScript(**{**fields, "output": kept}, asked=asked, ticket_ids=ticket_ids, script_id=script_id)
    return FinishScript(
        tenant_id=job.tenant_id,
        job_id=job.id,
        claim_token=job.claim_token,
        origin=origin,
        output=kept,
        asked=asked,
        ticket_ids=ticket_ids,
        script_id=script_id,
    )


def failed_command_of(report: ReportAction, failure: ActionFailed) -> ReportAction:
    """The report of a script that has failed, with what is kept of it."""
    if not isinstance(failure, ScriptFailed):
        return report
    fields = {name: getattr(report, name) for name in report.__struct_fields__}
    return ReportScript(**{**fields, "output": {"log": list(failure.ran.log)}}, script_id=failure.script_id)


def origin_of(job: ClaimedJob) -> dict[str, Any]:
    """Of a rule's script: whose it is and what it is about."""
    found: dict[str, Any] = msgspec.msgpack.decode(job.action).get("origin") or {}
    return found


def keep_failed(transaction: Transaction, job: ClaimedJob, failure: ActionFailed) -> str:
    """Keep that a rule's script has failed for good; answers the sentence that tells it."""
    ran = failure.ran if isinstance(failure, ScriptFailed) else None
    origin = origin_of(job)
    ended = rules_run(
        job_id=job.id,
        script_id=failure.script_id if isinstance(failure, ScriptFailed) else None,
        origin=origin,
        status="failed",
        outcome={"error": str(failure), "log": list(ran.log) if ran is not None else []},
        at=transaction.at,
    )
    insert_run(transaction.connection, tenant_id=job.tenant_id, run=ended)
    return f"The script of rule “{origin['rule']['name']}” failed: {failure}"


def _tickets_of(
    connection: sa.Connection, *, tenant_id: str, asked: Iterable[dict[str, Any]], origin: dict[str, Any]
) -> tuple[str, ...]:
    """The ids of the tenant's tickets that the requests name, with the one that the script is about."""
    named = [request["with"].get("ticket") for request in asked] + [origin.get("ticket_id")]
    names = [name for name in named if isinstance(name, str)]
    ids = [name.lower() for name in names if ID.fullmatch(name)]
    numbers = [number for name in names if (number := number_in(name)) is not None]
    return ids_named(connection, tenant_id=tenant_id, ids=ids, numbers=numbers) if ids or numbers else ()
