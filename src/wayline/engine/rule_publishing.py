"""Creating, changing, ordering and removing automation rules: what passes through the door as a Change.

A webhook rule has a secret address. The secret is derived from the rule's id, a nonce and the installation's key, so
that it can be shown whenever it is asked for, while the store has the nonce and a hash of the secret alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from wayline.core.action import RunScript, StartWorkflow
from wayline.core.check import Desk
from wayline.core.refusals import Issue, Refusal, invalid, not_found
from wayline.core.rule import Rule, read_rule
from wayline.core.rule_check import rule_warnings, unknown_scripts
from wayline.core.schedule import Schedule
from wayline.engine.door import Transaction
from wayline.engine.publishing import Author
from wayline.engine.tenant_facts import TenantFacts
from wayline.store import audit, rules
from wayline.store.database import new_id
from wayline.store.rules import StoredRule

RULES_MAX = 20_000
"""Rules of one tenant."""
NONCE_BYTES = 16


# -- what is written, read -------------------------------------------------------------------------


def parsed(definition: Any) -> Rule:
    """The rule that somebody wrote; refuses it with every issue."""
    rule, issues = read_rule(definition)
    if rule is None:
        raise invalid(*issues)
    return rule


def written(stored: StoredRule) -> dict[str, Any]:
    """The whole of a rule as somebody would write it: its place and whether it is enabled too."""
    return {**stored.definition, "enabled": stored.enabled, "position": stored.position}


def merged(stored: StoredRule, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The rule with some of its fields replaced. One action replaces them all, and a rule that is no longer scheduled
    keeps no schedule. The schedule of rules that name none, sent back as it was shown, is not written out."""
    before = written(stored)
    if "schedule" not in before and changes.get("schedule") == Schedule().model_dump():
        changes = {name: value for name, value in changes.items() if name != "schedule"}
    if "action" in changes and "actions" not in changes:
        before.pop("actions", None)
    if changes.get("trigger", stored.trigger) != stored.trigger and "schedule" not in changes:
        before.pop("schedule", None)
    return {**before, **changes}


def doubts(rule: Rule, tenant: TenantFacts, *, beside: Sequence[str] = ()) -> list[Issue]:
    """What is doubtful about a rule at this desk, where templates called as in `beside` will soon be too."""
    names = [*(head.name for head in tenant.templates.values()), *beside]
    directory = tenant.directory
    desk = Desk(
        directory=directory,
        calendars=list(tenant.calendars),
        templates=names,
        queues=directory.queues,
        chat_channels=tenant.chat_channels,
    )
    return rule_warnings(rule, desk)


def require_scripts(rule: Rule, tenant: TenantFacts) -> Rule:
    """The rule; refuses one that runs a script there is none of."""
    issues = unknown_scripts(rule, tenant.scripts)
    if issues:
        raise invalid(*issues)
    return rule


def unknown_task_queues(rule: Rule, known: Collection[str]) -> list[Issue]:
    """The task queues that the rule would start workflows on and that there are none of."""
    said = f"task_queue is one of {', '.join(known)}."
    return [
        Issue(f"actions[{place}].task_queue", said, "unknown_task_queue")
        for place, action in enumerate(rule.actions)
        if isinstance(action, StartWorkflow) and action.task_queue is not None and action.task_queue not in known
    ]


def require_task_queues(rule: Rule, known: Collection[str]) -> Rule:
    """The rule; refuses one that starts workflows on a task queue there is none of."""
    issues = unknown_task_queues(rule, known)
    if issues:
        raise Refusal(
            "invalid", issues[0].message, code="unknown_task_queue", details={"known": list(known)}, issues=issues
        )
    return rule


# -- writing ---------------------------------------------------------------------------------------


def create(tx: Transaction, author: Author, rule: Rule, *, secret_key: bytes) -> StoredRule:
    """A new rule, asked after all others unless it names its place. Refuses over RULES_MAX."""
    if rules.count_rules(tx.connection, author.tenant_id) >= RULES_MAX:
        raise Refusal(
            "conflict", f"A desk has at most {RULES_MAX:,} rules.", code="too_many", details={"limit": RULES_MAX}
        )
    rule_id = new_id()
    stored = rules.insert_rule(
        tx.connection,
        tenant_id=author.tenant_id,
        rule_id=rule_id,
        rule=rule,
        created_by=author.actor.user_id,
        at=tx.at,
        **(_new_hook(rule_id, secret_key) if rule.trigger == "webhook" else {}),
    )
    return _noted(tx, author, stored, "rule.created")


def change(
    tx: Transaction, author: Author, rule_id: str, wanted: Callable[[StoredRule], Rule], *, secret_key: bytes
) -> StoredRule:
    """Make the rule what `wanted` makes of it. A change that changes nothing leaves no trace.

    Whoever changes a rule that runs a script is its author from then on: scripts may do what the author may, and nobody
    lends themselves another's rights by writing into their rule.
    """
    before = held(tx, author, rule_id)
    rule = wanted(before)
    new_author = author.actor.user_id if any(isinstance(action, RunScript) for action in rule.actions) else None
    hook = _new_hook(rule_id, secret_key) if rule.trigger == "webhook" and before.hook_nonce is None else {}
    after = rules.update_rule(tx.connection, before, rule=rule, at=tx.at, author_id=new_author, **hook)
    return after if after is before else _noted(tx, author, after, "rule.updated")


def switch(tx: Transaction, author: Author, rule_id: str, *, enabled: bool | None) -> StoredRule:
    """Turn the rule on or off; None is whichever it is not."""
    before = held(tx, author, rule_id)
    after = rules.switch_rule(
        tx.connection, before, enabled=not before.enabled if enabled is None else enabled, at=tx.at
    )
    return after if after is before else _noted(tx, author, after, "rule.toggled", {"enabled": after.enabled})


def reorder(tx: Transaction, author: Author, ids: Sequence[str]) -> list[StoredRule]:
    """Have these rules asked in this order, in the places they hold among them; refuses ids that are no rules."""
    known = {rule.id for rule in rules.rules_in_order(tx.connection, tenant_id=author.tenant_id)}
    issues = [
        Issue(f"ids[{place}]", "There is no such rule.", "unknown_rule")
        for place, rule_id in enumerate(ids)
        if rule_id not in known
    ]
    if issues:
        raise invalid(*issues)
    moved = rules.reorder_rules(tx.connection, tenant_id=author.tenant_id, ids=ids, at=tx.at)
    _tell(tx, author, "rules.reordered", author.tenant_id, {"ids": list(ids)})
    return moved


def remove(tx: Transaction, author: Author, rule_id: str) -> StoredRule:
    """Take the rule away; what it has done can still be explained."""
    before = held(tx, author, rule_id)
    rules.delete_rule(tx.connection, tenant_id=author.tenant_id, rule_id=rule_id)
    return _noted(tx, author, before, "rule.deleted")


def rotate_hook(tx: Transaction, author: Author, rule_id: str, *, secret_key: bytes) -> StoredRule:
    """Give a webhook rule another address; the old one leads nowhere from now on."""
    before = held(tx, author, rule_id)
    if before.trigger != "webhook":
        raise Refusal("conflict", "Only a webhook rule has an address.", code="no_hook")
    rule = parsed(written(before))
    after = rules.update_rule(tx.connection, before, rule=rule, at=tx.at, **_new_hook(rule_id, secret_key))
    return _noted(tx, author, after, "rule.hook_rotated")


def held(tx: Transaction, author: Author, rule_id: str) -> StoredRule:
    """The rule, kept from others; refuses when the tenant has none of that id."""
    found = rules.read_rule(tx.connection, tenant_id=author.tenant_id, rule_id=rule_id, lock=True)
    if found is None:
        raise not_found("Rule")
    return found


def _noted(
    tx: Transaction, author: Author, stored: StoredRule, action: str, detail: Mapping[str, Any] | None = None
) -> StoredRule:
    _tell(tx, author, action, stored.id, {"name": stored.name, "version": stored.version, **(detail or {})})
    return stored


def _tell(tx: Transaction, author: Author, action: str, subject_id: str, detail: dict[str, Any]) -> None:
    audit.record(
        tx.connection,
        tenant_id=author.tenant_id,
        at=tx.at,
        actor=author.actor,
        action=action,
        subject_id=subject_id,
        detail=detail,
    )
    tx.publish(author.tenant_id, "rule.changed", {"id": subject_id})


# -- secret addresses ------------------------------------------------------------------------------


def _new_hook(rule_id: str, secret_key: bytes) -> dict[str, str]:
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    return {"hook_nonce": nonce, "hook_hash": hook_hash(_hook_secret(rule_id, nonce, secret_key))}


def hook_secret(stored: StoredRule, secret_key: bytes) -> str | None:
    """The secret in the rule's address; None when it has none, or one made under another key, which nobody can tell."""
    if stored.trigger != "webhook" or stored.hook_nonce is None:
        return None
    secret = _hook_secret(stored.id, stored.hook_nonce, secret_key)
    return secret if hook_hash(secret) == stored.hook_hash else None


def hook_hash(secret: str) -> str:
    """What a rule is found by when its address is called."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _hook_secret(rule_id: str, nonce: str, secret_key: bytes) -> str:
    digest = hmac.digest(secret_key, f"rule hook:{rule_id}:{nonce}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
