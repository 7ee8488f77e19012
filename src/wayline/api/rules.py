"""Automation rules of surface 001: what people write, the order rules are asked in, the addresses of webhook rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wayline.api.answer_shapes import listed_after
from wayline.api.endpoint import Call, Resource
from wayline.api.executions_conventions import (
    PageAfter,
    id_in_path,
    listed,
    not_in_list,
    seconds,
    starting_after,
)
from wayline.api.problems import json
from wayline.api.template_calls import WRITERS, author, facts_of
from wayline.core.public_ids import public_id, uuid_of
from wayline.core.refusals import Issue, invalid, not_found
from wayline.core.rule import ACTIONS_MAX, NAME_LENGTH_MAX, POSITION_MAX, TRIGGERS, Rule, TriggerWord, json_schema
from wayline.engine import rule_publishing
from wayline.engine.door import Change, Transaction
from wayline.engine.rule_publishing import RULES_MAX, doubts, hook_secret, merged, parsed
from wayline.engine.script_faults import rule_faults
from wayline.store.rules import StoredRule, list_rules, read_rule

HOOKS = "/v1/automation/hooks"
READ_ONLY = frozenset({"id", "created_at", "updated_at", "hook_url", "warnings"})
"""What a rule shows and nobody writes: sent back, it is passed over."""

resource = Resource("Automation rules", prefix="/v1/automation")
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_RULE, _TOGGLED, _DELETED = ({"$ref": f"#/components/schemas/Rule{of}"} for of in ("", "Toggled", "Deleted"))


def _shape(**schema: Any) -> Any:
    """A field that is judged with all the others, by `core.rule`; the schema is for readers of the API."""
    return Field(None, json_schema_extra=schema)


class RuleChanges(BaseModel):
    """Fields of a rule; what is left out stays as it is. The whole format is at `/v1/automation/rules/schema`."""

    model_config = ConfigDict(extra="allow")

    name: Any = _shape(type="string", minLength=1, maxLength=NAME_LENGTH_MAX)
    trigger: Any = _shape(type="string", enum=list(TRIGGERS))
    conditions: Any = _shape(type="object", description="All tickets when empty.")
    action: Any = _shape(type="object", description="Instead of `actions`, when it is one.")
    actions: Any = _shape(type="array", items={"type": "object"}, minItems=1, maxItems=ACTIONS_MAX)
    schedule: Any = _shape(type=["object", "null"], description="{cron, timezone} of a scheduled rule.")
    stop: Any = _shape(type="boolean", description="When it has fired, no later rule sees the event.")
    enabled: Any = _shape(type="boolean")
    position: Any = _shape(type="integer", minimum=0, maximum=POSITION_MAX)
    description: Any = _shape(type=["string", "null"])

    def given(self) -> dict[str, Any]:
        """What was written, unknown fields too."""
        return {name: value for name, value in self.model_dump(exclude_unset=True).items() if name not in READ_ONLY}


class NewRule(RuleChanges):
    """A rule: a name, a trigger and an action at least."""

    model_config = ConfigDict(json_schema_extra={"required": ["name", "trigger"]})


class RuleList(PageAfter):
    """Filters of the list."""

    trigger: TriggerWord | None = None
    enabled: bool | None = None


class Toggle(BaseModel):
    """Which way; the other one when it is left out."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool | None = None


class Order(BaseModel):
    """Ids of rules, first to last."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Annotated[str, Field(max_length=100)]] = Field(min_length=1, max_length=RULES_MAX)


# -- the list, and new ones (literal paths before ids) ---------------------------------------------


@resource.endpoint("GET", "/rules/schema", public=True)
async def get_rule_schema(call: Call) -> Response:
    """The JSON Schema of a rule, as editors fetch it; it is the whole answer."""
    return json(json_schema())


@resource.endpoint("GET", "/rules", ability="workflow:read", roles=WRITERS, query=RuleList, answer=listed_after("Rule"))
async def list_all_rules(call: Call) -> Response:
    """The rules, newest first. They are asked in the order of their `position`."""
    query: RuleList = call.query
    after = starting_after(query, "rule")
    found = await call.read(_page, tenant_id=call.caller.tenant_id, wanted=query, after=after)
    return listed([shown(rule) | _address(call, rule) for rule in found], query.limit)


def _page(connection: Any, *, tenant_id: str, wanted: RuleList, after: str | None) -> list[StoredRule]:
    before = read_rule(connection, tenant_id=tenant_id, rule_id=after) if after is not None else None
    if after is not None and before is None:
        raise not_in_list()
    return list_rules(
        connection,
        tenant_id=tenant_id,
        trigger=wanted.trigger,
        enabled=wanted.enabled,
        before=before,
        limit=wanted.limit + 1,
    )


@resource.endpoint(
    "POST",
    "/rules",
    ability="workflow:write",
    roles=WRITERS,
    body=NewRule,
    answer=_RULE,
    status=201,
    refusals=(409, 422),
)
async def create_rule(call: Call) -> Response:
    """Save a rule; it is asked from now on, after all others unless it names its `position`."""
    body: NewRule = call.body
    rule = _startable(call, parsed(body.given()))
    await _require_texts(body.given())
    tenant = await facts_of(call)
    rule_publishing.require_scripts(rule, tenant)
    warnings = doubts(rule, tenant)
    create = partial(rule_publishing.create, author=author(call), rule=rule, secret_key=call.wayline.secret_key)
    return await _answer(call, create, lambda rule: json(shown(rule, warnings), 201))


@resource.endpoint(
    "POST",
    "/rules/reorder",
    ability="workflow:write",
    roles=WRITERS,
    body=Order,
    answer=listed_after("Rule"),
)
async def reorder_rules(call: Call) -> Response:
    """Have these rules asked in this order, in the places they hold among them; all others stay where they are."""
    body: Order = call.body
    reorder = partial(rule_publishing.reorder, author=author(call), ids=_ids(body.ids))
    return await call.submit(
        _change(call, reorder), lambda rules: json({"has_more": False, "data": [shown(rule) for rule in rules]})
    )


def _ids(public: Sequence[str]) -> list[str]:
    """The ids as the store has them; refuses what is no rule's id, and what stands there twice."""
    found: dict[str, None] = {}
    issues: list[Issue] = []
    for place, name in enumerate(public):
        rule_id = uuid_of("rule", name)
        if rule_id is None:
            issues.append(Issue(f"ids[{place}]", "There is no such rule.", "unknown_rule"))
        elif rule_id in found:
            issues.append(Issue(f"ids[{place}]", "It stands here twice.", "twice"))
        else:
            found[rule_id] = None
    if issues:
        raise invalid(*issues)
    return list(found)


# -- one rule --------------------------------------------------------------------------------------


@resource.endpoint("GET", "/rules/{id}", ability="workflow:read", roles=WRITERS, answer=_RULE)
async def get_rule(call: Call) -> Response:
    """A rule, with its address when it is called by webhook, and what is doubtful about it."""
    rule_id = id_in_path(call, "rule", "Rule")
    stored = await call.read_one(read_rule, tenant_id=call.caller.tenant_id, rule_id=rule_id)
    if stored is None:
        raise not_found("Rule")
    return json(shown(stored, doubts(_read(stored), await facts_of(call))) | _address(call, stored))


@resource.endpoint(
    "PUT", "/rules/{id}", ability="workflow:write", roles=WRITERS, body=RuleChanges, answer=_RULE, refusals=(409, 422)
)
async def change_rule(call: Call) -> Response:
    """Change a rule. What is left out stays; other conditions begin new spells, all else keeps them."""
    body: RuleChanges = call.body
    changes = body.given()
    await _require_texts(changes)
    tenant = await facts_of(call)
    change = partial(
        rule_publishing.change,
        author=author(call),
        rule_id=id_in_path(call, "rule", "Rule"),
        wanted=lambda before: rule_publishing.require_scripts(
            _startable(call, parsed(merged(before, changes))), tenant
        ),
        secret_key=call.wayline.secret_key,
    )
    return await _answer(call, change, lambda stored: json(shown(stored, doubts(_read(stored), tenant))))


@resource.endpoint(
    "DELETE",
    "/rules/{id}",
    ability="workflow:write",
    roles=WRITERS,
    answer=_DELETED,
)
async def delete_rule(call: Call) -> Response:
    """Take a rule away. What it has done can still be explained."""
    remove = partial(rule_publishing.remove, author=author(call), rule_id=id_in_path(call, "rule", "Rule"))
    return await call.submit(
        _change(call, remove), lambda rule: json({"id": public_id("rule", rule.id), "deleted": True})
    )


@resource.endpoint(
    "POST",
    "/rules/{id}/toggle",
    ability="workflow:write",
    roles=WRITERS,
    body=Toggle,
    answer=_TOGGLED,
)
async def toggle_rule(call: Call) -> Response:
    """Turn a rule on when it is off, and off when it is on; or the way the body says. Spells are kept."""
    body: Toggle = call.body
    rule_id = id_in_path(call, "rule", "Rule")

    def switch(tx: Transaction) -> dict[str, Any]:
        rule = rule_publishing.switch(tx, author(call), rule_id, enabled=body.enabled)
        return {
            "id": public_id("rule", rule.id),
            "name": rule.name,
            "enabled": rule.enabled,
            "toggled_at": seconds(tx.at),
        }

    return await call.submit(_change(call, switch), json)


@resource.endpoint(
    "POST", "/rules/{id}/rotate-hook", ability="workflow:write", roles=WRITERS, answer=_RULE, refusals=(409,)
)
async def rotate_hook(call: Call) -> Response:
    """Give a webhook rule another address. The old one leads nowhere from now on."""
    rotate = partial(
        rule_publishing.rotate_hook,
        author=author(call),
        rule_id=id_in_path(call, "rule", "Rule"),
        secret_key=call.wayline.secret_key,
    )
    return await _answer(call, rotate, lambda rule: json(shown(rule)))


# -- what they have in common ----------------------------------------------------------------------


def _change(call: Call, write: Callable[[Transaction], Any]) -> Change:
    return Change(tenant_id=call.caller.tenant_id, actor=call.caller.actor, write=write)


def _startable(call: Call, rule: Rule) -> Rule:
    return rule_publishing.require_task_queues(rule, call.wayline.settings.every_task_queue)


async def _require_texts(written: dict[str, Any]) -> None:
    """Refuse scripts that cannot be read. It takes a process for each, and is done before the writer is asked."""
    faults = await run_in_threadpool(rule_faults, written)
    if faults:
        raise invalid(*faults)


def _read(stored: StoredRule) -> Rule:
    return parsed(rule_publishing.written(stored))


async def _answer(
    call: Call, write: Callable[[Transaction], StoredRule], render: Callable[[StoredRule], Response]
) -> Response:
    """Do the write and answer with the rule. Its address is put in afterwards: it is a secret, and not to be kept with
    what an Idempotency-Key was answered."""
    response = await call.submit(_change(call, write), render)
    view = _decode(response.body)
    if view["trigger"] != "webhook":
        return response
    stored = await call.read_one(read_rule, tenant_id=call.caller.tenant_id, rule_id=uuid_of("rule", view["id"]))
    replayed = {name: value for name, value in response.headers.items() if name == "idempotent-replayed"}
    return json(view | (_address(call, stored) if stored is not None else {}), response.status_code, replayed)


def _address(call: Call, stored: StoredRule) -> dict[str, Any]:
    """`hook_url` of a webhook rule, None when it was made under another key of the installation; else nothing."""
    if stored.trigger != "webhook":
        return {}
    secret = hook_secret(stored, call.wayline.secret_key)
    return {"hook_url": None if secret is None else f"{HOOKS}/{secret}"}


def shown(stored: StoredRule, warnings: Sequence[Issue] | None = None) -> dict[str, Any]:
    """A rule as this surface shows it, but for its address; `warnings` are told where one rule is the whole answer."""
    said = stored.definition
    view = {
        "id": public_id("rule", stored.id),
        "name": stored.name,
        "description": said.get("description"),
        "trigger": stored.trigger,
        "conditions": said["conditions"],
        "action": said["actions"][0],
        "actions": said["actions"],
        "enabled": stored.enabled,
        "position": stored.position,
        "stop": said.get("stop", False),
        "created_at": seconds(stored.created_at),
        "updated_at": seconds(stored.updated_at),
    }
    if stored.trigger == "scheduled":
        view["schedule"] = _read(stored).when.model_dump()
    return view if warnings is None else view | {"warnings": warnings}
