"""Scripts: kept under a name for rules and templates to run, and tried out with made-up parameters."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wayline.actions.script.runner import LIMITS, PARAMS_BYTES_MAX, Ran
from wayline.api.administration import ADMIN
from wayline.api.administration_conventions import READ, WRITE, Asked, write
from wayline.api.answer_shapes import one, page
from wayline.api.endpoint import Call, Paging, Resource, page_of
from wayline.api.problems import data, issue, json
from wayline.api.template_calls import WRITERS as READERS
from wayline.api.template_calls import if_match
from wayline.core.refusals import not_found
from wayline.core.script import PARAMETER_PATTERN, PARAMETERS, REQUESTS_MAX
from wayline.core.script_definition import Description, ScriptDefinition, ScriptName, ScriptText
from wayline.engine import script_keeping as keeping
from wayline.engine.door import Transaction
from wayline.engine.script_keeping import Given
from wayline.store.scripts import ScriptRun, StoredScript, list_runs, list_scripts, read_script

resource = Resource("Scripts")


Params = dict[Annotated[str, StringConstraints(pattern=PARAMETER_PATTERN)], Any]


class ScriptChanges(Asked):
    """What is left out stays."""

    name: ScriptName = ""
    description: Description = None
    text: ScriptText = ""


class ScriptList(Paging):
    """The list is by name."""

    sort: Literal["name"] = "name"
    order: Literal["asc", "desc"] = "asc"


class Trial(Asked):
    """What the script is told: any of userId, from, to, payload, entity, rule and step, and names of one's own. With a
    `text` that one is tried, and not the one that is kept."""

    params: Params = Field(default_factory=dict)
    text: ScriptText | None = None


@resource.endpoint("GET", "/scripts", ability=READ, roles=READERS, query=ScriptList, answer=page("ScriptHead"))
async def list_all_scripts(call: Call) -> Response:
    """The desk's scripts, by name, without their texts."""
    query: ScriptList = call.query
    found, total = await call.read(
        list_scripts,
        tenant_id=call.caller.tenant_id,
        q=query.q,
        descending=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    return json(page_of([_head(script) for script in found], total, query))


@resource.endpoint(
    "POST",
    "/scripts",
    ability=WRITE,
    roles=ADMIN,
    body=ScriptDefinition,
    answer=one("Script"),
    status=201,
    refusals=(400, 409, 429),
)
async def create_script(call: Call) -> Response:
    """A new script. A text that cannot be read is refused, and the line named."""
    body: ScriptDefinition = call.body
    await run_in_threadpool(keeping.require_script, body.text)
    given = Given(name=body.name, description=body.description, text=body.text)

    def change(tx: Transaction) -> StoredScript:
        return keeping.create(tx, tenant_id=call.caller.tenant_id, actor=call.caller.actor, given=given)

    return await write(call, change, lambda script: _shown(script, 201))


@resource.endpoint("GET", "/scripts/{id}", ability=READ, roles=READERS, answer=one("Script"), refusals=(404,))
async def get_script(call: Call) -> Response:
    """One script. Its `ETag` is its version, for `If-Match` to name."""
    return _shown(await _script(call))


@resource.endpoint(
    "PUT",
    "/scripts/{id}",
    ability=WRITE,
    roles=ADMIN,
    body=ScriptChanges,
    answer=one("Script"),
    refusals=(400, 404, 409, 429),
)
async def update_script(call: Call) -> Response:
    """Change a script; what has it run from now on runs the new text. One that is in use keeps its name. With
    `If-Match: <version>` it is refused when somebody has changed it since."""
    script_id, seen = call.id("id", "Script"), if_match(call)
    given: dict[str, Any] = call.body.model_dump(exclude_unset=True)
    if "description" in given:
        given["description"] = given["description"] or ""
    if "text" in given:
        await run_in_threadpool(keeping.require_script, given["text"])

    def change(tx: Transaction) -> StoredScript:
        return keeping.change(
            tx,
            tenant_id=call.caller.tenant_id,
            actor=call.caller.actor,
            script_id=script_id,
            given=Given(**given),
            seen=seen,
        )

    return await write(call, change, _shown)


@resource.endpoint("DELETE", "/scripts/{id}", ability=WRITE, roles=ADMIN, status=204, refusals=(404, 409))
async def delete_script(call: Call) -> Response:
    """Remove a script that no rule and no published template runs: 409 says which do."""
    script_id = call.id("id", "Script")

    def change(tx: Transaction) -> None:
        keeping.remove(tx, tenant_id=call.caller.tenant_id, actor=call.caller.actor, script_id=script_id)

    return await write(call, change, lambda _: Response(status_code=204))


@resource.endpoint(
    "POST",
    "/scripts/{id}/run",
    ability=READ,
    roles=READERS,
    body=Trial,
    answer=one("ScriptTrial"),
    refusals=(400, 404, 429),
)
async def run_script(call: Call) -> Response:
    """Try the script with made-up parameters: its result, what it logs, and what it would ask for. Nothing of that is
    done. A script that fails is an answer too, with its `error` and the line."""
    body: Trial = call.body
    script = await _script(call)
    if len(msgspec.json.encode(body.params)) > PARAMS_BYTES_MAX:
        raise issue("params", f"Parameters have at most {PARAMS_BYTES_MAX // 1024} KiB.", "too_long")
    ran = await run_in_threadpool(keeping.tried, body.text if body.text is not None else script.text, body.params)
    return data(_trial(ran))


@resource.endpoint(
    "GET", "/scripts/{id}/runs", ability=READ, roles=READERS, query=Paging, answer=page("ScriptRun"), refusals=(404,)
)
async def list_script_runs(call: Call) -> Response:
    """How it ended each time that a rule or a run had it run, the newest first, with what became of its requests. Kept
    for a month; counted up to 10,000."""
    query: Paging = call.query
    script = await _script(call)
    found, total = await call.read(
        list_runs, tenant_id=call.caller.tenant_id, script_id=script.id, limit=query.limit, offset=query.offset
    )
    return json(page_of([run_shown(run) for run in found], total, query))


# -- what is shown ---------------------------------------------------------------------------------


async def _script(call: Call) -> StoredScript:
    script_id = call.id("id", "Script")
    found = await call.read_one(read_script, tenant_id=call.caller.tenant_id, script_id=script_id)
    if found is None:
        raise not_found("Script")
    return found


def _head(script: StoredScript) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(script).items() if name != "text"}


def _shown(script: StoredScript, status: int = 200) -> Response:
    return json({"data": msgspec.structs.asdict(script)}, status, headers={"ETag": f'"{script.version}"'})


def _trial(ran: Ran) -> dict[str, Any]:
    error = None
    if ran.error is not None:
        error = {name: getattr(ran.error, name) for name in ("code", "message", "line", "column")}
    return {
        "result": ran.result,
        "error": error,
        "log": ran.log,
        "requests": ran.requests,
        "used": {"steps": ran.used.get("steps"), "cpu_ms": ran.used.get("cpu_ms")},
        "limits": {
            "steps": LIMITS.steps,
            "cpu_ms": LIMITS.cpu_s * 1000,
            "memory_bytes": LIMITS.memory_bytes,
            "requests": REQUESTS_MAX,
        },
        "parameters": PARAMETERS,
    }


def run_shown(run: ScriptRun) -> dict[str, Any]:
    """How a script ended, and what became of each of its requests."""
    outcome = run.outcome
    return {
        "id": run.id,
        "script_id": run.script_id,
        "by": {"kind": run.subject, "id": run.subject_id, "name": run.subject_name},
        "ticket_id": run.ticket_id,
        "status": run.status,
        "result": outcome.get("result"),
        "error": outcome.get("error"),
        "log": outcome.get("log") or [],
        "requests": outcome.get("requests") or [],
        "ended_at": run.ended_at,
    }
