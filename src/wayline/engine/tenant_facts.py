"""What is known of a tenant, cached by its directory version; and graphs, cached for ever by template version."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.business_time import ALWAYS, Calendar
from wayline.core.cloud_event import Subscribers, subscribers_of
from wayline.core.escalation import Escalation
from wayline.core.facts import Directory
from wayline.core.graph import Graph, build, without_steps
from wayline.core.rules import NO_RULES, RuleSet
from wayline.store.chat_channels import names_of
from wayline.store.directory import (
    TemplateHead,
    load_calendars,
    load_definition,
    load_directory,
    load_template_heads,
    tenant_versions,
)
from wayline.store.escalations import escalations_of
from wayline.store.interventions import has_interventions
from wayline.store.push_subscriptions import subscriptions_by_person
from wayline.store.rules import rule_set_at
from wayline.store.scripts import script_names
from wayline.store.webhooks import subscriptions

GRAPHS_KEPT = 2_000
TENANTS_KEPT = 1_000
_WITHOUT_STEPS = without_steps("Signals")


class TenantFacts(msgspec.Struct, frozen=True):
    """One version of what a tenant's decisions know."""

    id: str
    version: int
    plan: str
    directory: Directory
    calendars: Mapping[str, Calendar]
    templates: Mapping[str, TemplateHead]
    unreadable_calendars: Mapping[str, str] = {}
    # Webhooks to tell, by the type of event.
    subscribers: Subscribers = {}
    rules: RuleSet = NO_RULES
    escalations: tuple[Escalation, ...] = ()
    # Ids of the subscriptions of people's browsers, by person.
    push_subscriptions: Mapping[str, tuple[str, ...]] = {}
    chat_channels: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    # Whether remotes may ask something here at all.
    has_interventions: bool = False

    @property
    def hours(self) -> Calendar:
        """The desk's business hours: those of its default calendar, all hours where it has none."""
        return self.calendars.get("default", ALWAYS)

    def template_named(self, name: str) -> TemplateHead | None:
        """The published template of that name, case aside; the newest of several."""
        wanted = name.strip().lower()
        found = None
        for head in self.templates.values():
            if head.name.lower() == wanted:
                found = head
        return found

    def triggered_by(self, ticket_type: str, subtype: str | None) -> list[TemplateHead]:
        """The templates a new ticket starts: those naming its subtype, else those naming its type alone."""
        of_type = [h for h in self.templates.values() if h.trigger_type != "manual" and h.ticket_type == ticket_type]
        exact = [h for h in of_type if h.trigger_subtype is not None and h.trigger_subtype == subtype]
        return exact or [h for h in of_type if h.trigger_subtype is None]


class TenantCache:
    """TenantFacts by tenant; a version that has moved on is read again. `rules` are kept by who lets them react."""

    def __init__(self, *, rules: bool = False) -> None:
        self._kept: OrderedDict[str, TenantFacts] = OrderedDict()
        self._flagged: dict[str, int] = {}
        self._flagged_rules: dict[str, int] = {}
        self._rules = rules

    def to_flag(self, tenant: TenantFacts) -> Mapping[str, str]:
        """The calendars to raise incidents about: those that cannot be read and have not been flagged as they are."""
        return {} if self._flagged.get(tenant.id) == tenant.version else tenant.unreadable_calendars

    def rules_to_flag(self, tenant: TenantFacts) -> Mapping[str, str]:
        """The same of rules."""
        return {} if self._flagged_rules.get(tenant.id) == tenant.rules.version else tenant.rules.unreadable

    def flagged(self, tenant: TenantFacts) -> None:
        """The incidents of this version of the tenant are written."""
        self._flagged[tenant.id] = tenant.version
        self._flagged_rules[tenant.id] = tenant.rules.version

    def current(self, connection: sa.Connection, tenant_ids: set[str]) -> dict[str, TenantFacts]:
        """The facts of each tenant as the connection's transaction sees them; unknown tenants are left out."""
        found: dict[str, TenantFacts] = {}
        for tenant_id, (version, plan, rules_version) in tenant_versions(connection, list(tenant_ids)).items():
            kept = self._kept.get(tenant_id)
            if kept is None or kept.version != version or kept.plan != plan:
                loaded = load_calendars(connection, tenant_id)
                kept = TenantFacts(
                    id=tenant_id,
                    version=version,
                    plan=plan,
                    directory=load_directory(connection, tenant_id, version),
                    calendars=loaded.calendars,
                    templates=load_template_heads(connection, tenant_id),
                    unreadable_calendars=loaded.unreadable,
                    subscribers=subscribers_of(subscriptions(connection, tenant_id)),
                    escalations=escalations_of(connection, tenant_id),
                    has_interventions=has_interventions(connection, tenant_id),
                    push_subscriptions=subscriptions_by_person(connection, tenant_id),
                    chat_channels=names_of(connection, tenant_id),
                    scripts=script_names(connection, tenant_id),
                    rules=kept.rules if kept is not None else NO_RULES,
                )
                self._keep(kept)
            if self._rules and kept.rules.version != rules_version:
                kept = msgspec.structs.replace(
                    kept, rules=rule_set_at(connection, tenant_id, rules_version, kept.rules)
                )
                self._keep(kept)
            found[tenant_id] = kept
        return found

    def _keep(self, facts: TenantFacts) -> None:
        self._kept[facts.id] = facts
        while len(self._kept) > TENANTS_KEPT:
            self._kept.popitem(last=False)


class GraphCache:
    """Graphs by template and version. A published version never changes, so a graph never goes stale."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], Graph] = OrderedDict()

    def get(self, connection: sa.Connection, template_id: str, version: int) -> Graph:
        """The version's graph; KeyError when the version does not exist. Version 0 has no steps, whatever the template:
        its runs have nothing but their signals."""
        if version == 0:
            return _WITHOUT_STEPS
        key = (template_id, version)
        graph = self._kept.get(key)
        if graph is None:
            definition = load_definition(connection, template_id, version)
            if definition is None:
                raise KeyError(f"template {template_id} has no version {version}")
            graph = self.keep(template_id, version, definition)
        return graph

    def keep(self, template_id: str, version: int, definition: dict[str, Any]) -> Graph:
        """The graph of a version that is about to be stored, or has been."""
        graph = build(definition)
        self._kept[(template_id, version)] = graph
        while len(self._kept) > GRAPHS_KEPT:
            self._kept.popitem(last=False)
        return graph

    def kept(self, template_id: str, version: int) -> Graph | None:
        """The graph if it is at hand."""
        return self._kept.get((template_id, version))
