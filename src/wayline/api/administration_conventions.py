"""What the endpoints of surface 004 have in common: who may call them, numbers for ids, what keeps a name in use."""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from wayline.api.administration import ADMIN, note
from wayline.api.endpoint import Call, Resource
from wayline.core.plan import features_of
from wayline.core.refusals import Refusal
from wayline.engine.door import Change, Transaction

READ, WRITE = "workflow:read", "workflow:write"
MAX_NAME_CHARS = 200
MAX_NUMBER = 2_147_483_647
MAX_NAMED = 10

Number = Annotated[int, Field(strict=True, ge=1, le=MAX_NUMBER)]


def _on_one_line(name: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in name):
        raise PydanticCustomError("not_one_line", "Write it on one line.")
    return name


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME_CHARS),
    AfterValidator(_on_one_line),
]


class Asked(BaseModel):
    """A body: what is not known is refused. By itself it is one with nothing in it."""

    model_config = ConfigDict(extra="forbid")


def administration(tag: str) -> Resource:
    """The endpoints of one resource of the surface."""
    return Resource(tag, prefix="/api/v1/workflow")


def reading(admit: Callable[[Call], Awaitable[None]] | None = None) -> dict[str, Any]:
    """How an endpoint that reads is declared."""
    return {"ability": READ, "roles": ADMIN, "body": Asked, "admit": admit}


def writing(body: type[BaseModel], admit: Callable[[Call], Awaitable[None]] | None = None) -> dict[str, Any]:
    """How an endpoint that writes is declared."""
    return {"ability": WRITE, "roles": ADMIN, "body": body, "admit": admit}


def needs(feature: str) -> Callable[[Call], Awaitable[None]]:
    """Refuse callers whose plan has not got the feature."""

    async def admit(call: Call) -> None:
        if feature not in features_of(call.caller.plan):
            said = f"The plan {call.caller.plan} does not include {feature}."
            raise Refusal("license", said, code="feature", details={"feature": feature})

    return admit


async def write(call: Call, change: Callable[[Transaction], Any], render: Callable[[Any], Response]) -> Response:
    """Have the caller's change written, and render its answer."""
    return await call.submit(Change(tenant_id=call.caller.tenant_id, actor=call.caller.actor, write=change), render)


def noted(tx: Transaction, call: Call, action: str, number: int, detail: Mapping[str, Any] | None = None) -> None:
    """Write in the audit what has been done to what, and tell whoever looks at it."""
    note(tx, call, action, str(number), detail)
    tx.publish(call.caller.tenant_id, f"{action.partition('.')[0]}.changed", {"id": number})


def in_use(name: str, uses: Mapping[str, Sequence[str] | int]) -> Refusal:
    """The refusal to take away what something hangs on; `uses` are names, or how many, by kind."""
    said = [
        f"{several:,} {_called(kind, several)}" if isinstance(several, int) else _listed(kind, several)
        for kind, several in uses.items()
    ]
    return Refusal(
        "conflict", f"“{name}” is in use by {' and '.join(said)}.", code="in_use", details={"uses": dict(uses)}
    )


def _listed(kind: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"the {_called(kind, len(names))} {', '.join(f'“{name}”' for name in names[:MAX_NAMED])}{more}"


def _called(kind: str, many: int) -> str:
    return kind.removesuffix("s") if many == 1 else kind
