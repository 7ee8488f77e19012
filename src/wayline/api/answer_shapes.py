"""JSON Schemas of the main answers, as `/openapi.json` gives them: what an answer has at least.

What comes with a step's type (`fields`, `votes`, `callback_url`) is the type's own, so a step instance is open to more.
"""

from __future__ import annotations

from typing import Any

from wayline.core.calendar_definition import WEEKDAYS
from wayline.core.cloud_event import EVERYTHING, TEST_TYPE, TYPES
from wayline.core.inbox.state import TASK_STATES
from wayline.core.rule import TRIGGERS
from wayline.core.ticket import STATUSES, TICKET_TYPES

Shape = dict[str, Any]
_TEXT: Shape = {"type": "string"}
_ID: Shape = {"type": "string", "format": "uuid"}
_AT: Shape = {"type": "string", "format": "date-time"}
_NUMBER: Shape = {"type": "integer", "minimum": 0}
_FLAG: Shape = {"type": "boolean"}
_MAP: Shape = {"type": "object"}


def one(name: str) -> Shape:
    """The answer that is one thing of surface 000."""
    return _record(data=_ref(name))


def page(name: str) -> Shape:
    """The answer that is a page of a list of surface 000."""
    return _record(data=_list(_ref(name)), meta=_ref("Page"))


def one_in_pages(name: str) -> Shape:
    """The answer that is one thing of surface 000 with a page of what belongs to it."""
    return _record(data=_ref(name), meta=_ref("Page"))


def bare(name: str) -> Shape:
    """The answer that is one thing, as surface 002 gives it."""
    return _ref(name)


def sliced(name: str) -> Shape:
    """The answer that is a slice of a list of surface 002."""
    return _record(data=_list(_ref(name)), meta=_record(pagination=_ref("Slice")))


def listed_after(name: str) -> Shape:
    """The answer that is a list of surface 001."""
    return _record(has_more=_FLAG, data=_list(_ref(name)))


def several(name: str) -> Shape:
    """The answer that is all there is of something."""
    return _record(data=_list(_ref(name)))


def holding(**parts: str | list[str] | bool | int) -> Shape:
    """The answer of surface 004 that holds things by name: one, a list of them, a flag or a number."""
    return _record(**{name: _part(part) for name, part in parts.items()})


def _part(part: str | list[str] | bool | int) -> Shape:
    if isinstance(part, list):
        return _list(_ref(part[0]))
    if isinstance(part, str):
        return _ref(part)
    return _FLAG if isinstance(part, bool) else _NUMBER


def several_bare(name: str) -> Shape:
    """The answer that is a bare list, as surface 004 has one."""
    return _list(_ref(name))


def either(*names: str) -> Shape:
    """The answer that is one of these things of surface 002."""
    return {"anyOf": [_ref(name) for name in names]}


def _ref(name: str) -> Shape:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Shape) -> Shape:
    return {"type": "array", "items": items}


def _maybe(shape: Shape) -> Shape:
    return {"anyOf": [shape, {"type": "null"}]} if "$ref" in shape else {**shape, "type": [shape["type"], "null"]}


def _words(*words: str) -> Shape:
    return {"type": "string", "enum": list(words)}


def _record(**properties: Shape) -> Shape:
    return {"type": "object", "required": list(properties), "properties": properties}


_TEMPLATE_HEAD = _record(
    id=_ID,
    name=_TEXT,
    description=_maybe(_TEXT),
    kind=_TEXT,
    trigger=_MAP,
    trigger_type=_words("ticket_type", "ticket_type+subtype", "manual"),
    ticket_type=_maybe(_TEXT),
    trigger_subtype=_maybe(_TEXT),
    is_active=_FLAG,
    status=_words("draft", "published", "archived"),
    version=_NUMBER,
    revision=_NUMBER,
    step_count=_NUMBER,
    active_instances=_NUMBER,
    has_draft=_FLAG,
    created_by=_maybe(_ID),
    created_at=_AT,
    updated_at=_AT,
)
_SCRIPT_HEAD: dict[str, Shape] = {
    "id": _ID,
    "name": _TEXT,
    "description": _maybe(_TEXT),
    "version": _NUMBER,
    "created_by": _maybe(_ID),
    "created_at": _AT,
    "updated_at": _AT,
}
_TICKET = _record(
    id=_ID,
    number=_TEXT,
    type=_words(*TICKET_TYPES),
    subtype=_maybe(_TEXT),
    title=_TEXT,
    description=_maybe(_TEXT),
    status=_words(*STATUSES),
    priority=_words("P1", "P2", "P3", "P4"),
    category=_TEXT,
    queue=_TEXT,
    group=_maybe(_ID),
    group_name=_maybe(_TEXT),
    assignee=_maybe(_ID),
    assignee_name=_maybe(_TEXT),
    requester=_maybe(_ID),
    requester_name=_maybe(_TEXT),
    tags=_list(_TEXT),
    custom=_MAP,
    links=_list(_MAP),
    resolution_category=_maybe(_TEXT),
    created_at=_AT,
    updated_at=_AT,
)
_WEBHOOK = _record(
    id=_ID,
    name=_TEXT,
    url=_TEXT,
    events=_list(_words(EVERYTHING, *TYPES)),
    enabled=_FLAG,
    status=_words("active", "disabled"),
    disabled_reason=_maybe(_TEXT),
    failing_since=_maybe(_AT),
    created_by=_maybe(_ID),
    created_at=_AT,
    updated_at=_AT,
)

_EXECUTION_STATUS = _words("draft", "active", "paused", "completed", "failed", "archived")
_EXECUTION_EVENT = _record(
    event=_TEXT,
    timestamp=_NUMBER,
    detail=_TEXT,
    seq=_NUMBER,
    step=_maybe(_TEXT),
    actor=_maybe(_TEXT),
    data=_MAP,
)
_EXECUTION = _record(
    id=_TEXT,
    name=_TEXT,
    status=_EXECUTION_STATUS,
    trigger_type=_words("automatic", "manual", "scheduled", "event_based"),
    task_queue=_TEXT,
    template_id=_maybe(_ID),
    template_version=_maybe(_NUMBER),
    ticket_id=_maybe(_ID),
    owner=_maybe(_TEXT),
    input=_MAP,
    output={},
    failure=_maybe(_MAP),
    compensation=_maybe(_MAP),
    current_step=_maybe(_TEXT),
    waiting_for=_list(_MAP),
    start_at=_maybe(_NUMBER),
    schedule=_maybe(_MAP),
    next_id=_maybe(_TEXT),
    created_at=_NUMBER,
    started_at=_maybe(_NUMBER),
    completed_at=_maybe(_NUMBER),
    timeline=_list(_ref("ExecutionEvent")),
    timeline_total=_NUMBER,
)
_SNAPSHOT_HEAD = _record(
    snapshot=_NUMBER, step_id=_maybe(_TEXT), name=_TEXT, outcome=_maybe(_TEXT), at=_AT, by=_maybe(_ID)
)

SHAPES: dict[str, Shape] = {
    "Page": _record(total=_NUMBER, page=_NUMBER, limit=_NUMBER, total_pages=_NUMBER),
    "Problem": _record(
        severity=_words("error", "warning"), code=_TEXT, message=_TEXT, path=_TEXT, step_id=_maybe(_TEXT)
    ),
    "TemplateHead": _TEMPLATE_HEAD,
    "Template": {
        "allOf": [
            _ref("TemplateHead"),
            _record(task_queue={}, definition=_MAP, draft=_maybe(_MAP), problems=_list(_ref("Problem"))),
        ]
    },
    "Checked": _record(problems=_list(_ref("Problem")), states_explored=_NUMBER, sound=_FLAG),
    "StepInstance": _record(
        id=_maybe(_ID),
        step_id=_TEXT,
        name=_TEXT,
        type=_TEXT,
        status=_words("pending", "active", "completed", "skipped", "timed_out", "failed", "cancelled"),
        outcome=_maybe(_TEXT),
        assigned_to=_maybe(_ID),
        assigned_group=_maybe(_ID),
        candidates=_list(_ID),
        due_at=_maybe(_AT),
        overdue=_FLAG,
        started_at=_maybe(_AT),
        completed_at=_maybe(_AT),
        completed_by=_maybe(_ID),
    ),
    "Instance": _record(
        id=_ID,
        template_id=_ID,
        template_name=_TEXT,
        template_version=_NUMBER,
        ticket_id=_maybe(_ID),
        status=_words("running", "paused", "completed", "failed", "cancelled"),
        progress=_record(completed=_NUMBER, total=_NUMBER, percent={"type": "integer", "minimum": 0, "maximum": 100}),
        current_steps=_list(_TEXT),
        variables=_MAP,
        failure=_maybe(_record(reason=_TEXT, step_id=_maybe(_TEXT), message=_TEXT)),
        started_at=_maybe(_AT),
        completed_at=_maybe(_AT),
        step_instances=_list(_ref("StepInstance")),
    ),
    "InstancesOfTicket": _record(active=_list(_ref("Instance")), finished=_list(_ref("Instance"))),
    "Ticket": _TICKET,
    "TicketInFull": {
        "allOf": [
            _ref("Ticket"),
            _record(workflow_instances=_list(_ID), interventions=_list(_ref("InterventionOnTicket"))),
        ]
    },
    "InterventionOnTicket": _record(
        id=_ID,
        intervention_id=_NUMBER,
        intervention=_TEXT,
        uid=_TEXT,
        state=_words("waiting", "paused", "sending", "answered", "taken", "final", "failed", "cancelled"),
        item_id=_maybe(_ID),
        response_id=_maybe(_ID),
        submitted_by=_maybe(_ID),
        submitted_by_name=_maybe(_TEXT),
        submitted_at=_maybe(_AT),
        attempts=_NUMBER,
        next_attempt_at=_maybe(_AT),
        error=_maybe(_TEXT),
        can_resend=_FLAG,
        created_at=_AT,
    ),
    "Comment": _record(
        id=_ID,
        ticket_id=_ID,
        author_id=_maybe(_ID),
        author_name=_maybe(_TEXT),
        visibility=_words("public", "internal"),
        text=_TEXT,
        created_at=_AT,
    ),
    "Rule": _record(
        id=_TEXT,
        name=_TEXT,
        description=_maybe(_TEXT),
        trigger=_words(*TRIGGERS),
        conditions=_MAP,
        action=_MAP,
        actions=_list(_MAP),
        enabled=_FLAG,
        position=_NUMBER,
        stop=_FLAG,
        created_at=_NUMBER,
        updated_at=_NUMBER,
    ),
    "RuleClause": _record(clause=_TEXT, seen={}, holds=_FLAG),
    "RuleTrial": _record(
        ticket_id=_maybe(_ID),
        matched=_FLAG,
        clauses=_list(_ref("RuleClause")),
        would=_list(_record(action=_TEXT)),
    ),
    "RuleEvaluation": _record(
        id=_TEXT,
        event=_words(*TRIGGERS),
        event_id=_ID,
        ticket_id=_maybe(_ID),
        rule_id=_TEXT,
        rule_name=_TEXT,
        matched=_FLAG,
        clauses=_list(_ref("RuleClause")),
        reason=_TEXT,
        at=_NUMBER,
    ),
    "ScriptHead": _record(**_SCRIPT_HEAD),
    "Script": _record(**_SCRIPT_HEAD, text=_TEXT),
    "ScriptTrial": _record(
        result={},
        error=_maybe(_record(code=_TEXT, message=_TEXT, line=_maybe(_NUMBER), column=_maybe(_NUMBER))),
        log=_list(_TEXT),
        requests=_list(_record(**{"do": _TEXT, "with": _MAP})),
        used=_record(steps=_maybe(_NUMBER), cpu_ms=_maybe(_NUMBER)),
        limits=_record(steps=_NUMBER, cpu_ms=_NUMBER, memory_bytes=_NUMBER, requests=_NUMBER),
        parameters=_list(_TEXT),
    ),
    "ScriptRun": _record(
        id=_TEXT,
        script_id=_maybe(_ID),
        by=_record(kind=_words("rule", "run"), id=_ID, name=_TEXT),
        ticket_id=_maybe(_ID),
        status=_words("done", "failed"),
        result={},
        error=_maybe(_TEXT),
        log=_list(_TEXT),
        requests=_list(_record(**{"do": _TEXT, "with": _MAP, "became": _words("done", "refused")})),
        ended_at=_AT,
    ),
    "HookReceived": _record(accepted=_FLAG, event_id=_ID),
    "RuleToggled": _record(id=_TEXT, name=_TEXT, enabled=_FLAG, toggled_at=_NUMBER),
    "RuleDeleted": _record(id=_TEXT, deleted=_FLAG),
    # -- surface 002
    "RunStep": _record(
        id=_maybe(_ID),
        step_id=_TEXT,
        name=_TEXT,
        type=_TEXT,
        status=_words("pending", "active", "completed", "skipped", "timed_out", "failed", "cancelled"),
        attempt=_NUMBER,
        max_attempts=_NUMBER,
        next_retry_at=_maybe(_AT),
        started_at=_maybe(_AT),
        completed_at=_maybe(_AT),
        output=_maybe(_MAP),
        error=_maybe(_TEXT),
    ),
    "Approval": _record(
        id=_ID,
        step_id=_TEXT,
        status=_words("pending", "approved", "rejected", "cancelled"),
        approvers=_list(_ID),
        rule={},
        votes=_list(
            _record(
                by=_ID, on_behalf_of=_maybe(_ID), decision=_words("approved", "rejected"), comment=_maybe(_TEXT), at=_AT
            )
        ),
        overridden=_FLAG,
        due_at=_maybe(_AT),
    ),
    "Run": _record(
        id=_ID,
        status=_words("pending", "running", "waiting_approval", "paused", "completed", "failed", "cancelled"),
        template=_record(id=_ID, name=_TEXT, version=_NUMBER),
        trigger_type=_words("api", "ticket", "rule", "manual", "schedule", "signal", "webhook"),
        input=_MAP,
        output={},
        owner=_maybe(_ID),
        ticket_id=_maybe(_ID),
        current_steps=_list(_TEXT),
        steps=_list(_ref("RunStep")),
        approvals=_list(_ref("Approval")),
        failure=_maybe(_record(reason=_TEXT, step_id=_maybe(_TEXT), message=_TEXT)),
        compensation=_maybe(_record(state=_words("running", "completed", "failed"), done=_NUMBER, total=_NUMBER)),
        runner=_record(state=_words("active", "hibernating"), heartbeat_at=_AT),
        incident=_maybe(
            _record(id=_ID, code=_TEXT, message=_TEXT, step_id=_maybe(_TEXT), times=_NUMBER, first_at=_AT, last_at=_AT)
        ),
        created_at=_AT,
        started_at=_maybe(_AT),
        completed_at=_maybe(_AT),
    ),
    "RunInFull": {"allOf": [_ref("Run"), _record(events=_list(_ref("RunEvent")), events_total=_NUMBER)]},
    "SnapshotHead": _SNAPSHOT_HEAD,
    "Snapshot": {
        "allOf": [
            _ref("SnapshotHead"),
            _record(variables=_MAP, output=_MAP, completed_steps=_list(_TEXT), current_steps=_list(_TEXT)),
        ]
    },
    "RollBackPreview": _record(
        snapshot=_NUMBER,
        at=_AT,
        goes_on_at=_list(_TEXT),
        withdrawn=_list(_record(id=_ID, step_id=_TEXT, name=_TEXT, is_work=_FLAG)),
        votes=_list(_record(step_id=_TEXT, voter=_ID, decision=_words("approved", "rejected"), at=_AT)),
        forgotten=_list(
            _record(
                step_id=_TEXT,
                name=_TEXT,
                outcome=_maybe(_TEXT),
                completed_at=_AT,
                completed_by=_maybe(_ID),
                fields=_list(_TEXT),
            )
        ),
        cannot_be_undone=_list(_record(step_id=_TEXT, name=_TEXT, what=_TEXT, at=_maybe(_AT), compensate=_FLAG)),
    ),
    "RunEvent": _record(
        seq=_NUMBER, event=_TEXT, at=_AT, step_id=_maybe(_TEXT), actor=_maybe(_ID), detail=_TEXT, data=_MAP
    ),
    "ChatChannel": _record(
        id=_ID,
        name=_TEXT,
        service=_TEXT,
        url=_TEXT,
        is_default=_FLAG,
        tried_at=_maybe(_AT),
        error=_maybe(_TEXT),
        created_by=_maybe(_ID),
        created_at=_AT,
        updated_at=_AT,
    ),
    "UserQueryPreview": _record(
        count=_NUMBER,
        users=_list(_record(id=_ID, name=_TEXT, email=_TEXT)),
        description=_TEXT,
        warnings=_list(_record(message=_TEXT, position=_NUMBER, line=_NUMBER, column=_NUMBER)),
    ),
    "PushKey": _record(key=_TEXT),
    "PushSubscription": _record(id=_ID, host=_TEXT, label=_maybe(_TEXT), expires_at=_maybe(_AT), created_at=_AT),
    "Issue": _record(path=_TEXT, message=_TEXT, code=_TEXT),
    "Slice": _record(total_count=_NUMBER, limit=_NUMBER, offset=_NUMBER, has_more=_FLAG),
    "Queue": _record(
        id=_NUMBER,
        name=_TEXT,
        builtin=_FLAG,
        ticket_count=_NUMBER,
        open_count=_NUMBER,
        outgoing_mailbox_id=_maybe(_NUMBER),
    ),
    "QueueManager": _record(user_id=_ID, name=_TEXT, email=_TEXT),
    "Mailbox": _record(id=_NUMBER, name=_TEXT, address=_TEXT),
    "ResolutionCategory": _record(id=_NUMBER, name=_TEXT, colour=_TEXT, position=_NUMBER, in_use=_FLAG),
    "Escalation": _record(
        id=_NUMBER,
        minutes=_NUMBER,
        action=_words("notify", "email"),
        recipient=_words("assignee", "address"),
        email=_maybe(_TEXT),
        repeat_minutes=_maybe(_NUMBER),
        queue_id=_maybe(_NUMBER),
        priority=_maybe(_TEXT),
        group=_maybe(_ID),
    ),
    "Intervention": _record(
        id=_NUMBER,
        name=_TEXT,
        title=_TEXT,
        queue_name=_TEXT,
        fields=_list(_MAP),
        texts=_record(private=_maybe(_TEXT), public=_maybe(_TEXT), final=_maybe(_TEXT)),
        labels=_list(_TEXT),
        remote_enabled=_FLAG,
        remote_epilog_url=_maybe(_TEXT),
        remote_timeout_seconds=_NUMBER,
        remote_name=_maybe(_TEXT),
        has_token=_FLAG,
        notify_inbox_managers=_FLAG,
        create_urgent=_FLAG,
    ),
    "RemoteToken": _record(
        intervention_id=_NUMBER, remote_name=_TEXT, token=_maybe(_TEXT), signing_secret=_maybe(_TEXT)
    ),
    "TicketAskedFor": _record(ticket_id=_ID, ticket_number=_TEXT, uid=_TEXT),
    "IdempotencyKey": _record(idempotency_key=_TEXT),
    "BusinessHours": _record(
        mode=_words("simple", "per_day", "always"),
        timezone=_TEXT,
        **{f"{day}_enabled": _FLAG for day in WEEKDAYS},
        simple_start=_NUMBER,
        simple_end=_NUMBER,
        days=_MAP,
        holidays=_MAP,
    ),
    "Webhook": _WEBHOOK,
    "NewWebhookShown": {"allOf": [_ref("Webhook"), _record(secret=_maybe(_TEXT))]},
    "WebhookEvent": _record(type=_words(*TYPES), description=_TEXT),
    "WebhookDelivery": _record(
        id=_ID,
        webhook_id=_ID,
        subject_id=_ID,
        seq=_NUMBER,
        type=_words(*TYPES, TEST_TYPE),
        status=_words("pending", "delivered", "failed"),
        attempts=_NUMBER,
        created_at=_AT,
        next_attempt_at=_maybe(_AT),
        attempted_at=_maybe(_AT),
        response_status=_maybe(_NUMBER),
        response_body=_maybe(_TEXT),
        error=_maybe(_TEXT),
        duration_ms=_maybe(_NUMBER),
    ),
    # -- refusals, an envelope a surface
    "Error": _record(
        error={
            **_record(code=_TEXT, message=_TEXT),
            "properties": {
                "code": _TEXT,
                "message": _TEXT,
                "details": {"type": "object", "properties": {"issues": _list(_ref("Issue"))}},
            },
        }
    ),
    "ExecutionError": _record(
        success={"const": False},
        error=_record(code=_TEXT, message=_TEXT, details=_MAP, requestId=_TEXT, timestamp=_NUMBER, path=_TEXT),
    ),
    "RunError": _record(
        data={"type": "null"},
        errors=_list(
            {
                **_record(code=_TEXT, message=_TEXT, field=_maybe(_TEXT)),
                "properties": {"code": _TEXT, "message": _TEXT, "field": _maybe(_TEXT), "details": _MAP},
            }
        ),
        meta=_record(request_id=_TEXT, timestamp=_AT),
    ),
    "AdministrationError": {
        "type": "object",
        "required": ["message"],
        "properties": {"message": _TEXT, "errors": {"type": "object", "additionalProperties": _list(_TEXT)}},
    },
}
_ENTRY_FACE = {
    "id": _ID,
    "kind": _words("entry"),
    "status": _words("active", "retired", "unreached"),
    "title": _TEXT,
    "label": _maybe(_TEXT),
    "label_style": _maybe(_words("danger", "success", "info", "dark", "warning")),
    "subtitle": _maybe(_TEXT),
    "icon": _maybe(_TEXT),
    "summary_title": _maybe(_TEXT),
    "summary": _maybe(_TEXT),
    "task": _words(*TASK_STATES),
    "paths": _list(_record(label=_TEXT, step=_TEXT, icon=_maybe(_TEXT), disabled=_FLAG)),
    "due_at": _maybe(_AT),
    "locked_by": _maybe(_MAP),
    "run": _MAP,
    "step_id": _maybe(_TEXT),
}
_DISPATCH = {
    "id": _ID,
    "template": _MAP,
    "title": _TEXT,
    "to": {"anyOf": [_TEXT, _list(_TEXT)]},
    "attributes": _MAP,
    "due_at": _maybe(_AT),
    "sender": _maybe(_MAP),
    "sent_by": _words("person", "script"),
    "sent_at": _AT,
    "status": _words("active", "retired"),
    "run": _MAP,
    "counts": _record(total=_NUMBER, active=_NUMBER, retired=_NUMBER, unreached=_NUMBER, tasks=_MAP),
}
_RECIPIENT = {
    "id": _ID,
    "user": _MAP,
    "status": _words("active", "retired", "unreached"),
    "task": _words(*TASK_STATES),
    "locked_by": _maybe(_MAP),
    "step_id": _maybe(_TEXT),
    "label": _maybe(_TEXT),
}
SHAPES |= {
    "InboxEntry": _record(**_ENTRY_FACE),
    "ChosenEntry": _record(**_ENTRY_FACE, behaviors=_list(_MAP)),
    "Dispatch": _record(**_DISPATCH),
    "SendableTemplate": _record(id=_ID, name=_TEXT, description=_maybe(_TEXT), variables=_MAP),
    "SentDispatch": _record(dispatch=_record(**_DISPATCH, data=_MAP), run=_MAP, entries=_list(_record(**_RECIPIENT))),
    "DispatchInFull": _record(**_DISPATCH, data=_MAP, recipients=_list(_record(**_RECIPIENT, changed_at=_AT))),
}
SHAPES |= {
    "Execution": _EXECUTION,
    "Progress": _record(
        id=_TEXT,
        status=_EXECUTION_STATUS,
        current_step=_maybe(_TEXT),
        steps_completed=_NUMBER,
        steps_total=_NUMBER,
        started_at=_maybe(_NUMBER),
        elapsed_seconds=_NUMBER,
    ),
    "SignalAccepted": _record(
        id=_TEXT,
        signal_name=_TEXT,
        accepted=_FLAG,
        repeated=_FLAG,
        status=_EXECUTION_STATUS,
        current_step=_maybe(_TEXT),
    ),
    "ExecutionCancelled": _record(
        id=_TEXT, status=_EXECUTION_STATUS, cancelled_at=_NUMBER, timeline=_list(_ref("ExecutionEvent"))
    ),
    "ExecutionEvent": _EXECUTION_EVENT,
    "TaskQueue": _record(
        name=_TEXT,
        depth=_NUMBER,
        workers=_NUMBER,
        oldest_waiting_at=_maybe(_NUMBER),
        oldest_waiting_seconds=_maybe(_NUMBER),
    ),
    "JobQueue": _record(
        name=_TEXT, waiting=_NUMBER, active=_NUMBER, delayed=_NUMBER, failed=_NUMBER, completed=_NUMBER
    ),
    "FailedJob": _record(
        id=_TEXT,
        queue=_TEXT,
        task_queue=_TEXT,
        workflow_id=_maybe(_TEXT),
        attempts=_NUMBER,
        error=_maybe(_TEXT),
        created_at=_NUMBER,
        failed_at=_maybe(_NUMBER),
    ),
    "JobsRetried": _record(name=_TEXT, retried=_NUMBER, has_more=_FLAG),
    "CallbackReceived": _record(
        run_id=_ID,
        step_id=_TEXT,
        status=_TEXT,
        output=_maybe(_MAP),
        received_at=_maybe(_AT),
    ),
}
ERRORS = {"000": "Error", "001": "ExecutionError", "002": "RunError", "004": "AdministrationError"}
"""Which of them a surface refuses in, by its number (`problems.surface_of`)."""
