"""The caller's tenant: its plan, what that allows, and what is used of it. Plans are changed on the command line."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from wayline.api.endpoint import Call, Resource
from wayline.api.problems import data
from wayline.core.plan import features_of, max_templates
from wayline.core.refusals import not_found
from wayline.store import access

resource = Resource("Tenant")


@resource.endpoint("GET", "/tenant")
async def get_tenant(call: Call) -> Response:
    """Name, plan, features, limits (null: none) and usage."""
    return data(await call.read(_tenant, call.caller.tenant_id))


def _tenant(connection: sa.Connection, tenant_id: str) -> dict[str, Any]:
    tenant = access.read_tenant(connection, tenant_id=tenant_id)
    if tenant is None:
        raise not_found("Tenant")
    return {
        **tenant,
        "features": features_of(tenant["plan"]),
        "limits": {"templates": max_templates(tenant["plan"])},
        "usage": access.usage_of(connection, tenant_id=tenant_id),
    }
