"""What every call about templates has in common: who writes, which template, what is wrong with it, how it looks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wayline.api.endpoint import Call
from wayline.api.problems import issue, json
from wayline.core.check import Checked
from wayline.engine import publishing
from wayline.engine.door import Change, Transaction
from wayline.engine.publishing import Author, WholeTemplate, look_at
from wayline.engine.tenant_facts import TenantFacts
from wayline.store.templates import StoredTemplate

WRITERS = ("manager", "admin")
DEFAULT_TASK_QUEUE = "itsm-workflows"


def author(call: Call) -> Author:
    """The caller as the one who writes."""
    return Author(tenant_id=call.caller.tenant_id, actor=call.caller.actor)


def change(call: Call, write: Callable[[Transaction], WholeTemplate]) -> Change:
    """The write as the door takes it."""
    return Change(tenant_id=call.caller.tenant_id, actor=call.caller.actor, write=write)


async def template_of(call: Call) -> WholeTemplate:
    """The template in the path."""
    return await call.read(look_at, tenant_id=call.caller.tenant_id, template_id=call.id("id", "Template"))


async def facts_of(call: Call) -> TenantFacts:
    """What is known of the caller's tenant."""
    tenant_id = call.caller.tenant_id
    return (await call.read(call.wayline.door.tenants.current, {tenant_id}))[tenant_id]


async def checked_here(call: Call, definition: dict[str, Any], *, template_id: str | None = None) -> Checked:
    """What is wrong with a definition at the caller's desk, found off the event loop."""
    facts = await facts_of(call)
    return await run_in_threadpool(publishing.checked_for, facts, definition, template_id=template_id)


def if_match(call: Call) -> int | None:
    """The revision the caller says it saw; None when it says nothing, or `*`."""
    written = call.request.headers.get("if-match")
    if written is None or written.strip() == "*":
        return None
    found = re.fullmatch(r'\s*(?:W/)?(?:"(\d{1,9})"|(\d{1,9}))\s*', written)
    if found is None:
        raise issue("If-Match", "If-Match is the revision that was read.", "not_a_revision")
    return int(found[1] or found[2])


def head(template: StoredTemplate, active_instances: int) -> dict[str, Any]:
    """A template as lists show it."""
    trigger: dict[str, Any] = {"type": template.trigger_type.partition("+")[0]}
    if template.ticket_type is not None:
        trigger["ticket_type"] = template.ticket_type
    if template.trigger_subtype is not None:
        trigger["subtype"] = template.trigger_subtype
    return {
        "id": template.id,
        "name": template.name,
        "description": template.description,
        "kind": template.kind,
        "trigger": trigger,
        "trigger_type": template.trigger_type,
        "ticket_type": template.ticket_type,
        "trigger_subtype": template.trigger_subtype,
        "is_active": template.is_active,
        "status": template.status,
        "version": template.version,
        "revision": template.revision,
        "step_count": template.step_count,
        "active_instances": active_instances,
        "has_draft": template.draft is not None,
        "created_by": template.created_by,
        "created_at": template.created_at,
        "updated_at": template.updated_at,
    }


def shown(whole: WholeTemplate, checked: Checked, *, status: int = 200) -> Response:
    """A template in full; `checked` is of what it shows as its definition."""
    detail = head(whole.template, whole.active_instances) | {
        "task_queue": task_queue(whole),
        "definition": whole.working,
        "draft": whole.template.draft,
        "problems": checked.problems,
    }
    return json({"data": detail}, status, headers=etag(whole.template))


def task_queue(whole: WholeTemplate) -> Any:
    """The task queue as written, else the usual one."""
    return whole.working.get("task_queue", DEFAULT_TASK_QUEUE)


def checked_view(checked: Checked) -> dict[str, Any]:
    """What checking came to."""
    return {"problems": checked.problems, "states_explored": checked.states_explored, "sound": checked.sound}


def etag(template: StoredTemplate) -> dict[str, str]:
    """The header that tells the revision, for `If-Match` to name."""
    return {"ETag": f'"{template.revision}"'}
