"""Plans: what a tenant may have. A limit keeps new things from being made and disables nothing that exists."""

from __future__ import annotations

from collections.abc import Mapping

PLANS = ("community", "business", "enterprise")
FEATURES = ("resolution_tracking", "interventions", "escalations")
_FEATURES: Mapping[str, tuple[str, ...]] = {"community": ("resolution_tracking",)}
_MAX_TEMPLATES: Mapping[str, int] = {"community": 3}


def features_of(plan: str) -> tuple[str, ...]:
    """The features of a plan."""
    return _FEATURES.get(plan, FEATURES)


def max_templates(plan: str) -> int | None:
    """How many templates, drafts among them and archived ones not, a tenant may have; None for any number."""
    return _MAX_TEMPLATES.get(plan)
