"""A message that is under way when somebody first looks at the demo: two have answered, one has taken it."""

from __future__ import annotations

from wayline.bootstrap import Wayline
from wayline.cli.demonstration.founding import TENANT_ID, Cast
from wayline.core.commands import ChooseEntry, StartRun
from wayline.core.inbox.state import Dispatch
from wayline.store.database import new_id
from wayline.store.templates import find_inbox_template

TEMPLATE = "Outage Call"
SENDER = "marta"
DECLINES, TAKES = "cy", "bo"


def send_message(wayline: Wayline, cast: Cast) -> None:
    """Ask the service desk who can look after an outage."""
    with wayline.database.reader.connect() as connection:
        template_id = find_inbox_template(connection, tenant_id=TENANT_ID, named=TEMPLATE)
    assert template_id is not None
    sender, run_id = cast.actors[SENDER], new_id()
    wayline.door.submit_and_wait(
        StartRun(
            tenant_id=TENANT_ID,
            actor=sender,
            run_id=run_id,
            template_id=template_id,
            owner_id=sender.user_id,
            variables={"site": "Warehouse Hamburg"},
            trigger_type="manual",
            trigger_detail=f"Sent by {sender.name}",
            dispatch=Dispatch(
                to="given groups [service-desk]", attributes={"impact": "No label printer answers since eight."}
            ),
        )
    )
    for key, path in ((DECLINES, "I cannot"), (TAKES, "I take it")):
        who = cast.actors[key]
        assert who.user_id is not None
        wayline.door.submit_and_wait(
            ChooseEntry(tenant_id=TENANT_ID, actor=who, run_id=run_id, user_id=who.user_id, path=path)
        )
