"""Automation rules as rows: as they are, and as they were at any version of their tenant's rules.

Every write moves `tenants.rules_version` on and says in `rule_versions` from which version to which a rule was what it
was. So an event that kept the version can be explained later, and whoever holds the rules reads what has changed only.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.condition import ConditionError
from wayline.core.rule import Rule, parse_rule
from wayline.core.rules import CompiledRule, RuleSet
from wayline.store.rule_sweeps import forget_spells, forget_sweep, plan_sweep
from wayline.store.tables import rule_versions, rules, tenants


class StoredRule(msgspec.Struct, frozen=True):
    """A rule as it is. `definition` is what `Rule.definition` gives; `hook_nonce` goes into the address of a webhook
    rule; `created_by` None: whoever it was has no account."""

    id: str
    tenant_id: str
    name: str
    trigger: str
    position: int
    enabled: bool
    definition: dict[str, Any]
    hook_nonce: str | None
    hook_hash: str | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    version: int


class RuleRow(msgspec.Struct, frozen=True):
    """What a rule says at some version of the tenant's rules: all that evaluating it needs."""

    id: str
    trigger: str
    position: int
    enabled: bool
    definition: dict[str, Any]
    created_by: str | None
    created_at: datetime


_columns = [rules.c[name] for name in StoredRule.__struct_fields__]
_version_columns = [
    rule_versions.c.rule_id,
    *(rule_versions.c[name] for name in RuleRow.__struct_fields__ if name != "id"),
]


# -- as they are -----------------------------------------------------------------------------------


def read_rule(connection: sa.Connection, *, tenant_id: str, rule_id: str, lock: bool = False) -> StoredRule | None:
    """One rule of the tenant; `lock` keeps other transactions off it (PostgreSQL)."""
    query = sa.select(*_columns).where(rules.c.id == rule_id, rules.c.tenant_id == tenant_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else StoredRule(*row)


def find_by_hook(connection: sa.Connection, hook_hash: str) -> StoredRule | None:
    """The rule whose secret address has this hash, of whatever tenant."""
    row = connection.execute(sa.select(*_columns).where(rules.c.hook_hash == hook_hash)).one_or_none()
    return None if row is None else StoredRule(*row)


def list_rules(
    connection: sa.Connection,
    *,
    tenant_id: str,
    trigger: str | None = None,
    enabled: bool | None = None,
    before: StoredRule | None = None,
    limit: int,
) -> list[StoredRule]:
    """The tenant's rules, newest first, from the one after `before` on."""
    query = sa.select(*_columns).where(rules.c.tenant_id == tenant_id)
    if trigger is not None:
        query = query.where(rules.c.trigger == trigger)
    if enabled is not None:
        query = query.where(rules.c.enabled == enabled)
    if before is not None:
        place = sa.tuple_(rules.c.created_at, rules.c.id)
        last = sa.tuple_(sa.literal(before.created_at, rules.c.created_at.type), sa.literal(before.id, rules.c.id.type))
        query = query.where(place < last)
    query = query.order_by(rules.c.created_at.desc(), rules.c.id.desc()).limit(limit)
    return [StoredRule(*row) for row in connection.execute(query)]


def rules_in_order(connection: sa.Connection, *, tenant_id: str) -> list[StoredRule]:
    """All of the tenant's rules in the order they are asked in."""
    query = sa.select(*_columns).where(rules.c.tenant_id == tenant_id)
    query = query.order_by(rules.c.position, rules.c.created_at, rules.c.id)
    return [StoredRule(*row) for row in connection.execute(query)]


def named_rules(connection: sa.Connection, *, tenant_id: str, names: Iterable[str]) -> list[StoredRule]:
    """The tenant's rules that are called so, whatever the case, oldest first."""
    wanted = {name.strip().lower() for name in names}
    # In Python, because lower() of SQLite knows ASCII alone.
    query = sa.select(rules.c.id, rules.c.name).where(rules.c.tenant_id == tenant_id)
    ids = [row.id for row in connection.execute(query) if row.name.strip().lower() in wanted]
    found = sa.select(*_columns).where(rules.c.tenant_id == tenant_id, rules.c.id.in_(ids))
    rows = connection.execute(found.order_by(rules.c.created_at, rules.c.id)) if ids else ()
    return [StoredRule(*row) for row in rows]


def count_rules(connection: sa.Connection, tenant_id: str) -> int:
    """How many rules the tenant has."""
    query = sa.select(sa.func.count()).select_from(rules).where(rules.c.tenant_id == tenant_id)
    return connection.execute(query).scalar_one()


# -- changing them ---------------------------------------------------------------------------------


def insert_rule(
    connection: sa.Connection,
    *,
    tenant_id: str,
    rule_id: str,
    rule: Rule,
    created_by: str | None,
    at: datetime,
    hook_nonce: str | None = None,
    hook_hash: str | None = None,
) -> StoredRule:
    """A new rule, at the end unless it names its place."""
    stored = StoredRule(
        id=rule_id,
        tenant_id=tenant_id,
        name=rule.name,
        trigger=rule.trigger,
        position=rule.position if rule.position is not None else _end(connection, tenant_id),
        enabled=rule.enabled,
        definition=rule.definition(),
        hook_nonce=hook_nonce,
        hook_hash=hook_hash,
        created_by=created_by,
        created_at=at,
        updated_at=at,
        version=1,
    )
    connection.execute(sa.insert(rules).values(msgspec.structs.asdict(stored)))
    _keep_versions(connection, tenant_id, [stored])
    _plan(connection, stored, rule, at)
    return stored


def update_rule(
    connection: sa.Connection,
    before: StoredRule,
    *,
    rule: Rule,
    at: datetime,
    hook_nonce: str | None = None,
    hook_hash: str | None = None,
    author_id: str | None = None,
) -> StoredRule:
    """Replace a rule that `read_rule` gave (locked). It keeps its place unless it names another, its spells unless its
    conditions have changed, and its author unless it has a new one. Nothing is written when nothing has changed."""
    after = msgspec.structs.replace(
        before,
        name=rule.name,
        trigger=rule.trigger,
        position=rule.position if rule.position is not None else before.position,
        enabled=rule.enabled,
        definition=rule.definition(),
        hook_nonce=hook_nonce if hook_nonce is not None else before.hook_nonce,
        hook_hash=hook_hash if hook_hash is not None else before.hook_hash,
    )
    if after == before:
        return before
    created_by = author_id if author_id is not None else before.created_by
    after = msgspec.structs.replace(after, created_by=created_by, updated_at=at, version=before.version + 1)
    _write(connection, [after])
    if any(before.definition.get(name) != after.definition.get(name) for name in ("conditions", "trigger")):
        forget_spells(connection, before.id)
    _plan(connection, after, rule, at)
    return after


def switch_rule(connection: sa.Connection, before: StoredRule, *, enabled: bool, at: datetime) -> StoredRule:
    """Turn a rule on or off; its spells are kept."""
    if before.enabled == enabled:
        return before
    after = msgspec.structs.replace(before, enabled=enabled, updated_at=at, version=before.version + 1)
    _write(connection, [after])
    _plan(connection, after, parse_rule(after.definition), at)
    return after


def reorder_rules(connection: sa.Connection, *, tenant_id: str, ids: Sequence[str], at: datetime) -> list[StoredRule]:
    """Have these rules asked in this order, in the places that they hold among them; all others stay where they are.
    Answers them in that order; ids that are no rules of the tenant are left out."""
    found = {rule.id: rule for rule in rules_in_order(connection, tenant_id=tenant_id)}
    wanted = [found[rule_id] for rule_id in dict.fromkeys(ids) if rule_id in found]
    places = _distinct(sorted(rule.position for rule in wanted))
    moved = [
        rule
        if rule.position == place
        else msgspec.structs.replace(rule, position=place, updated_at=at, version=rule.version + 1)
        for rule, place in zip(wanted, places, strict=True)
    ]
    _write(connection, [rule for rule in moved if rule is not found[rule.id]])
    return moved


def delete_rule(connection: sa.Connection, *, tenant_id: str, rule_id: str) -> None:
    """Remove a rule. What it did stays, and can still be explained."""
    connection.execute(sa.delete(rules).where(rules.c.id == rule_id, rules.c.tenant_id == tenant_id))
    _end_versions(connection, _next_version(connection, tenant_id), [rule_id])
    forget_spells(connection, rule_id)
    forget_sweep(connection, rule_id)


def _end(connection: sa.Connection, tenant_id: str) -> int:
    last = connection.execute(sa.select(sa.func.max(rules.c.position)).where(rules.c.tenant_id == tenant_id)).scalar()
    return 0 if last is None else last + 1


def _distinct(places: list[int]) -> list[int]:
    """The places in order, later ones moved on where two were the same."""
    found: list[int] = []
    for place in places:
        found.append(place if not found else max(place, found[-1] + 1))
    return found


def _write(connection: sa.Connection, changed: list[StoredRule]) -> None:
    if not changed:
        return
    kept = ("id", "tenant_id", "created_at")
    names = [name for name in StoredRule.__struct_fields__ if name not in kept]
    statement = (
        sa.update(rules)
        .where(rules.c.id == sa.bindparam("b_id"))
        .values({name: sa.bindparam(f"v_{name}", type_=rules.c[name].type) for name in names})
    )
    rows = [{"b_id": rule.id, **{f"v_{name}": getattr(rule, name) for name in names}} for rule in changed]
    connection.execute(statement, rows)
    _keep_versions(connection, changed[0].tenant_id, changed)


def _keep_versions(connection: sa.Connection, tenant_id: str, changed: list[StoredRule]) -> None:
    version = _next_version(connection, tenant_id)
    _end_versions(connection, version, [rule.id for rule in changed])
    rows = [
        {
            "rule_id": rule.id,
            "since": version,
            "tenant_id": tenant_id,
            "until": None,
            **{name: getattr(rule, name) for name in RuleRow.__struct_fields__ if name != "id"},
        }
        for rule in changed
    ]
    connection.execute(sa.insert(rule_versions), rows)


def _next_version(connection: sa.Connection, tenant_id: str) -> int:
    """The tenant's row is locked with it: the rules of a tenant are written one after the other."""
    statement = sa.update(tenants).where(tenants.c.id == tenant_id).values(rules_version=tenants.c.rules_version + 1)
    return connection.execute(statement.returning(tenants.c.rules_version)).scalar_one()


def _end_versions(connection: sa.Connection, version: int, rule_ids: list[str]) -> None:
    statement = sa.update(rule_versions).where(
        rule_versions.c.rule_id == sa.bindparam("b_rule_id"), rule_versions.c.until.is_(None)
    )
    connection.execute(statement.values(until=version), [{"b_rule_id": rule_id} for rule_id in rule_ids])


def _plan(connection: sa.Connection, stored: StoredRule, rule: Rule, at: datetime) -> None:
    """A scheduled rule that is enabled is swept at its next instant; no other rule is."""
    if stored.trigger == "scheduled" and stored.enabled:
        plan_sweep(connection, rule_id=stored.id, tenant_id=stored.tenant_id, due_at=rule.when.after(at))
    else:
        forget_sweep(connection, stored.id)


# -- as they were ----------------------------------------------------------------------------------


def load_rules(
    connection: sa.Connection, tenant_id: str, version: int | None = None, *, ids: Collection[str] | None = None
) -> list[RuleRow]:
    """The tenant's rules at a version, None for now; all of them, or those with these ids. In no order."""
    query = sa.select(*_version_columns).where(rule_versions.c.tenant_id == tenant_id)
    if ids is not None:
        query = query.where(rule_versions.c.rule_id.in_(ids))
    if version is None:
        query = query.where(rule_versions.c.until.is_(None))
    else:
        is_later = sa.or_(rule_versions.c.until.is_(None), rule_versions.c.until > version)
        query = query.where(rule_versions.c.since <= version, is_later)
    return [RuleRow(*row) for row in connection.execute(query)]


class Lifetime(msgspec.Struct, frozen=True):
    """From which version of the tenant's rules until which (not included; None: now) there was a rule, and the triggers
    it has had."""

    rule_id: str
    since: int
    until: int | None
    triggers: tuple[str, ...]


def lifetime_of(connection: sa.Connection, *, tenant_id: str, rule_id: str) -> Lifetime | None:
    """The life of a rule, over or not; None when the tenant never had it."""
    query = sa.select(rule_versions.c.since, rule_versions.c.until, rule_versions.c.trigger).where(
        rule_versions.c.rule_id == rule_id, rule_versions.c.tenant_id == tenant_id
    )
    found = connection.execute(query.order_by(rule_versions.c.since)).all()
    if not found:
        return None
    triggers = tuple(sorted({row.trigger for row in found}))
    return Lifetime(rule_id=rule_id, since=found[0].since, until=found[-1].until, triggers=triggers)


def changes_since(connection: sa.Connection, tenant_id: str, version: int) -> dict[str, RuleRow | None]:
    """What has become of each rule that has changed after a version; None when it is gone."""
    query = sa.select(*_version_columns, rule_versions.c.until).where(rule_versions.c.tenant_id == tenant_id)
    since, until = rule_versions.c.since > version, rule_versions.c.until > version
    found: dict[str, RuleRow | None] = {}
    for row in _rows(connection, (query.where(until), query.where(since, rule_versions.c.until.is_(None)))):
        found[row[0]] = RuleRow(*tuple(row)[:-1]) if row[-1] is None else None
    return found


def _rows(connection: sa.Connection, queries: Iterable[sa.Select[Any]]) -> Iterable[sa.Row[Any]]:
    for query in queries:
        yield from connection.execute(query)


def compiled_rule(connection: sa.Connection, *, tenant_id: str, rule_id: str) -> CompiledRule | None:
    """One rule as it is, ready to be asked; None when it is gone or cannot be read."""
    found = read_rule(connection, tenant_id=tenant_id, rule_id=rule_id)
    if found is None:
        return None
    rule = _compiled(RuleRow(*(getattr(found, name) for name in RuleRow.__struct_fields__)))
    return rule if isinstance(rule, CompiledRule) else None


def rule_set_at(
    connection: sa.Connection,
    tenant_id: str,
    version: int,
    kept: RuleSet | None = None,
    *,
    current: bool = True,
    ids: Collection[str] | None = None,
) -> RuleSet:
    """The tenant's rules, ready to be asked, at a version: its `current` one, or one of the past; all of them, or those
    with these ids.

    From `kept`, the rules at an earlier version, only what has changed is read.
    """
    if kept is not None and kept.version and current:
        rows = changes_since(connection, tenant_id, kept.version)
        changes = {rule_id: _compiled(row) for rule_id, row in rows.items()}
        return kept.changed(
            version,
            {rule_id: rule for rule_id, rule in changes.items() if not isinstance(rule, str)}
            | {rule_id: None for rule_id, rule in changes.items() if isinstance(rule, str)},
            {rule_id: said for rule_id, said in changes.items() if isinstance(said, str)},
        )
    rows_then = load_rules(connection, tenant_id, None if current else version, ids=ids)
    with _nothing_collected():
        found = {row.id: _compiled(row) for row in rows_then}
        return RuleSet(
            version,
            [rule for rule in found.values() if isinstance(rule, CompiledRule)],
            {rule_id: said for rule_id, said in found.items() if isinstance(said, str)},
        )


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Ten thousand rules are a great many small objects, all of which stay. Looking through them for garbage while they
    are made, again and again, was measured to take twice as long as making them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _compiled(row: RuleRow | None) -> CompiledRule | str | None:
    """The rule, or why it cannot be read: one that cannot must not stop the others."""
    if row is None:
        return None
    try:
        return CompiledRule(
            rule_id=row.id,
            definition=row.definition,
            position=row.position,
            enabled=row.enabled,
            created_at=row.created_at,
            author_id=row.created_by,
        )
    except (ConditionError, KeyError, TypeError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"


def rules_version(connection: sa.Connection, tenant_id: str) -> int:
    """How often the tenant's rules have changed."""
    return connection.execute(sa.select(tenants.c.rules_version).where(tenants.c.id == tenant_id)).scalar_one()
