"""Lists as surface 002 writes them: `limit` and `offset`, and how much there is in `meta.pagination`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wayline.api.problems import json

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_OFFSET = 1_000_000


class Slice(BaseModel):
    """The query every list of the surface takes."""

    model_config = ConfigDict(extra="ignore")

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    offset: int = Field(0, ge=0, le=MAX_OFFSET)


def listed(items: Sequence[Any], total: int, query: Slice) -> Response:
    """A slice of a list of `total`."""
    has_more = query.offset + len(items) < total
    pagination = {"total_count": total, "limit": query.limit, "offset": query.offset, "has_more": has_more}
    return json({"data": list(items), "meta": {"pagination": pagination}})
