"""Interventions: what remote systems may ask of the desk, in which form it is answered, and where the answer goes."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from pydantic import Field, StringConstraints
from starlette.responses import Response

from wayline.actions.addresses import allowed_from
from wayline.actions.signature import shown_secret
from wayline.actions.webhook import MAX_URL_CHARS, why_not_called
from wayline.api.administration_conventions import (
    Asked,
    Name,
    Number,
    administration,
    in_use,
    needs,
    noted,
    reading,
    write,
    writing,
)
from wayline.api.answer_shapes import bare, holding
from wayline.api.endpoint import Call
from wayline.api.problems import issue, json
from wayline.core.form_fields import FormField
from wayline.core.intervention import (
    DEFAULT_REMOTE_TIMEOUT_S,
    MAX_FIELDS,
    MAX_INTERVENTIONS,
    MAX_LABEL_CHARS,
    MAX_LABELS,
    MAX_REMOTE_TIMEOUT_S,
    MAX_TEMPLATE_CHARS,
    Texts,
    problems_of_fields,
    problems_of_texts,
)
from wayline.core.refusals import Issue, invalid, not_found
from wayline.engine import remotes
from wayline.engine.door import Transaction
from wayline.store import interventions as stored
from wayline.store.directory import touch
from wayline.store.interventions import ShownIntervention

resource = administration("Interventions")
intervening = needs("interventions")
MAX_TITLE_CHARS = 200
CHANGING = (*stored.KEPT, "queue_id", "texts")

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE_CHARS)]
Template = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEMPLATE_CHARS)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_LABEL_CHARS)]
Timeout = Annotated[int, Field(strict=True, ge=1, le=MAX_REMOTE_TIMEOUT_S)]
Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_URL_CHARS)]


class TextsWritten(Asked):
    """Templates of what is said on the ticket: the internal note of the beginning (left out, it lists the fields), the
    public reply of the beginning, and that of the end."""

    private: Template | None = None
    public: Template | None = None
    final: Template | None = None


class NewIntervention(Asked):
    """What it is called (remotes name it so), what its tickets are called, in which queue they are, and what is to be
    answered. Texts, labels and the title may have placeholders for what the remote sends."""

    name: Name
    title: Title
    queue_name: Name
    fields: list[FormField] = Field(default_factory=list, max_length=MAX_FIELDS)
    texts: TextsWritten = Field(default_factory=TextsWritten)
    labels: list[Label] = Field(default_factory=list, max_length=MAX_LABELS)
    remote_enabled: bool = Field(False, strict=True)
    remote_epilog_url: Url | None = None
    remote_timeout_seconds: Timeout = DEFAULT_REMOTE_TIMEOUT_S
    notify_inbox_managers: bool = Field(False, strict=True)
    create_urgent: bool = Field(False, strict=True)


class InterventionChanges(Asked):
    """What is left out stays. What has been asked goes on as it began; where its answer goes is what is said last."""

    intervention_id: Number
    name: Name = ""
    title: Title = ""
    queue_name: Name = ""
    fields: list[FormField] = Field(default_factory=list, max_length=MAX_FIELDS)
    texts: TextsWritten = Field(default_factory=TextsWritten)
    labels: list[Label] = Field(default_factory=list, max_length=MAX_LABELS)
    remote_enabled: bool = Field(False, strict=True)
    remote_epilog_url: Url | None = None
    remote_timeout_seconds: Timeout = DEFAULT_REMOTE_TIMEOUT_S
    notify_inbox_managers: bool = Field(False, strict=True)
    create_urgent: bool = Field(False, strict=True)


class OneIntervention(Asked):
    """Which intervention."""

    intervention_id: Number


class NewToken(Asked):
    """For which intervention, and what the remote is called that gets it."""

    intervention_id: Number
    remote_name: Name


@resource.endpoint("POST", "/interventions", **reading(intervening), answer=holding(interventions=["Intervention"]))
async def list_interventions(call: Call) -> Response:
    """Every intervention by name. The token of a remote is never shown again, only whether there is one."""
    found = await call.read(stored.list_interventions, tenant_id=call.caller.tenant_id)
    return json({"interventions": [shown(one) for one in found]})


@resource.endpoint(
    "POST",
    "/interventions/create",
    **writing(NewIntervention, intervening),
    answer=holding(intervention="Intervention"),
)
async def create_intervention(call: Call) -> Response:
    """A new intervention. Its remote gets a token of its own by `generate-token`."""
    body: NewIntervention = call.body
    tenant_id = call.caller.tenant_id

    def change(tx: Transaction) -> ShownIntervention:
        touch(tx.connection, tenant_id)
        known = stored.list_interventions(tx.connection, tenant_id=tenant_id)
        fields = _checked(tx, call, _kept(tx, body, set(NewIntervention.model_fields)), known)
        if len(known) >= MAX_INTERVENTIONS:
            raise issue("name", f"A desk has at most {MAX_INTERVENTIONS} interventions.", "too_many")
        number = stored.insert_intervention(tx.connection, tenant_id=tenant_id, fields=fields, at=tx.at)
        noted(tx, call, "intervention.created", number, {"name": body.name})
        return _known(tx, tenant_id, number)

    return await write(call, change, _answer)


@resource.endpoint(
    "POST",
    "/interventions/update",
    **writing(InterventionChanges, intervening),
    answer=holding(intervention="Intervention"),
    refusals=(404,),
)
async def update_intervention(call: Call) -> Response:
    """Change an intervention; `fields`, `texts` and `labels` are replaced as a whole."""
    body: InterventionChanges = call.body
    tenant_id, given = call.caller.tenant_id, call.body.model_fields_set - {"intervention_id"}

    def change(tx: Transaction) -> ShownIntervention:
        touch(tx.connection, tenant_id)
        before = _known(tx, tenant_id, body.intervention_id).intervention
        known = stored.list_interventions(tx.connection, tenant_id=tenant_id)
        now = {name: getattr(before, name) for name in CHANGING}
        fields = _checked(tx, call, now | _kept(tx, body, given), known, but=before.id)
        stored.update_intervention(tx.connection, tenant_id=tenant_id, before=before, fields=fields, at=tx.at)
        noted(tx, call, "intervention.updated", before.id, {"changed": sorted(given)})
        return _known(tx, tenant_id, before.id)

    return await write(call, change, _answer)


@resource.endpoint(
    "POST",
    "/interventions/delete",
    **writing(OneIntervention, intervening),
    answer=holding(deleted=True),
    refusals=(404, 409),
)
async def delete_intervention(call: Call) -> Response:
    """Remove an intervention and its remote's token. 409 while something that was asked waits for its answer."""
    body: OneIntervention = call.body
    tenant_id = call.caller.tenant_id

    def change(tx: Transaction) -> None:
        touch(tx.connection, tenant_id)
        found = _known(tx, tenant_id, body.intervention_id).intervention
        waiting = stored.tickets_waiting(tx.connection, tenant_id=tenant_id, definition_id=found.definition_id)
        if waiting:
            raise in_use(found.name, {"tickets": waiting})
        stored.delete_intervention(tx.connection, tenant_id=tenant_id, number=found.id)
        noted(tx, call, "intervention.deleted", found.id, {"name": found.name})

    return await write(call, change, lambda _: json({"deleted": True}))


@resource.endpoint(
    "POST",
    "/interventions/generate-token",
    **writing(NewToken, intervening),
    answer=bare("RemoteToken"),
    refusals=(404,),
)
async def generate_intervention_token(call: Call) -> Response:
    """A token for the remote, shown this once; it replaces the earlier one. With it the remote asks, and nothing else;
    it is also what the remote is shown with each answer. `signing_secret` is what answers are signed with from now on
    (Standard Webhooks)."""
    body: NewToken = call.body
    tenant_id, secret_key, token = call.caller.tenant_id, call.wayline.secret_key, remotes.new_token()
    key = b""

    def change(tx: Transaction) -> int:
        nonlocal key
        number = _known(tx, tenant_id, body.intervention_id).intervention.id
        tokens = stored.put_token(
            tx.connection,
            tenant_id=tenant_id,
            number=number,
            remote_name=body.remote_name,
            token_hash=remotes.hash_of(token),
            token_sealed=remotes.sealed(secret_key, token, tenant_id=tenant_id, number=number),
        )
        key = remotes.signing_key(secret_key, tenant_id=tenant_id, number=number, token_number=tokens)
        noted(tx, call, "intervention.token_generated", number, {"remote_name": body.remote_name})
        return number

    public = {"token": None, "signing_secret": None, "remote_name": body.remote_name}
    answer = await write(call, change, lambda number: json({"intervention_id": number} | public))
    if "idempotent-replayed" in answer.headers:
        return answer  # what is kept of an answer has no secret in it
    told = msgspec.json.decode(answer.body) | {"token": token, "signing_secret": shown_secret(key)}
    return json(told, headers={"Cache-Control": "no-store"})


# -- what the calls share --------------------------------------------------------------------------


def shown(found: ShownIntervention) -> dict[str, Any]:
    """An intervention as administrators see it."""
    one = found.intervention
    return {
        "id": one.id,
        "name": one.name,
        "title": one.title,
        "queue_name": found.queue_name,
        "fields": one.fields,
        "texts": msgspec.structs.asdict(one.texts),
        "labels": one.labels,
        "remote_enabled": one.remote_enabled,
        "remote_epilog_url": one.remote_epilog_url,
        "remote_timeout_seconds": one.remote_timeout_s,
        "remote_name": found.remote_name,
        "has_token": found.has_token,
        "notify_inbox_managers": one.notify_inbox_managers,
        "create_urgent": one.create_urgent,
    }


def _answer(found: ShownIntervention) -> Response:
    return json({"intervention": shown(found)})


def _known(tx: Transaction, tenant_id: str, number: int) -> ShownIntervention:
    found = stored.read_intervention(tx.connection, tenant_id=tenant_id, number=number, lock=True)
    if found is None:
        raise not_found("Intervention")
    return found


def _kept(tx: Transaction, body: NewIntervention | InterventionChanges, given: set[str]) -> dict[str, Any]:
    """What was given, as it is kept; refuses a queue there is not."""
    kept = {name: getattr(body, name) for name in given}
    if "fields" in kept:
        kept["fields"] = [
            {"name": f.name, "type": f.type} | f.model_dump(mode="json", exclude_defaults=True) for f in body.fields
        ]
    if "texts" in kept:
        kept["texts"] = Texts(**body.texts.model_dump())
    if "remote_timeout_seconds" in kept:
        kept["remote_timeout_s"] = kept.pop("remote_timeout_seconds")
    if "queue_name" in kept:
        kept["queue_id"] = _queue_id(tx, kept.pop("queue_name"))
    return kept


def _queue_id(tx: Transaction, name: str) -> int:
    assert tx.tenant is not None
    directory = tx.tenant.directory
    queue = directory.queue(directory.queue_called(name) or "")
    if queue is None:
        raise issue("queue_name", f"There is no queue called “{name}”.", "unknown_queue")
    return queue.id


def _checked(
    tx: Transaction, call: Call, wanted: dict[str, Any], known: list[ShownIntervention], *, but: int | None = None
) -> dict[str, Any]:
    """The fields as they are to be kept; refuses, all at once, what is taken or does not go together."""
    issues: list[Issue] = []
    name = stored.folded(wanted["name"])
    if any(o.intervention.id != but and stored.folded(o.intervention.name) == name for o in known):
        issues.append(Issue("name", f"There is an intervention called “{wanted['name']}”.", "name_taken"))
    issues += problems_of_fields([FormField.model_validate(field) for field in wanted["fields"]])
    issues += problems_of_texts(wanted["title"], wanted["texts"], wanted["labels"])
    url = wanted["remote_epilog_url"]
    if url is None and wanted["remote_enabled"]:
        issues.append(Issue("remote_epilog_url", "Say where answers go.", "required"))
    refused = why_not_called(allowed_from(call.wayline.settings.outbound_allow), url) if url is not None else None
    if refused is not None:
        issues.append(Issue("remote_epilog_url", refused, "not_callable"))
    if issues:
        raise invalid(*issues)
    return wanted
