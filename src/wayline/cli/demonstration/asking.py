"""A remote of the demo desk: the supplier's shop asks whether its offers are to be taken, and one is to be answered."""

from __future__ import annotations

from typing import Any

from wayline.bootstrap import Wayline
from wayline.cli.demonstration.founding import TENANT_ID, Cast
from wayline.cli.demonstration.people import COLLEAGUES
from wayline.core.commands import RequestIntervention
from wayline.core.facts import SYSTEM, Actor
from wayline.core.intervention import DEFAULT_REMOTE_TIMEOUT_S, Texts
from wayline.engine.door import Change, Transaction
from wayline.store.database import new_id
from wayline.store.directory import touch
from wayline.store.interventions import insert_intervention
from wayline.store.queues import queues_of

NAME, QUEUE, ASKS_FOR = "supplier-offer", "Purchasing", "ana"
INTERVENTION: dict[str, Any] = {
    "name": NAME,
    "title": "Take the offer for {{ count }} × {{ article }}?",
    "fields": [
        {"name": "article", "type": "text", "label": "Article", "required": True},
        {"name": "count", "type": "number", "label": "How many", "required": True, "minimum": 1},
        {"name": "price", "type": "number", "label": "Price of one (EUR)", "required": True, "minimum": 0},
        {"name": "accept", "type": "checkbox", "label": "We take it"},
    ],
    "texts": Texts(public="We are looking at the offer for {{ article }}."),
    "labels": ["offer", "{{ supplier }}"],
    "remote_enabled": False,
    "remote_epilog_url": None,
    "remote_timeout_s": DEFAULT_REMOTE_TIMEOUT_S,
    "notify_inbox_managers": True,
    "create_urgent": False,
}
OFFER = {"supplier": "Nordlicht", "article": "docking station", "count": 25, "price": 118.5}


def let_the_shop_ask(wayline: Wayline, cast: Cast) -> None:
    """Set the intervention up, and have something asked through it. No answer is sent anywhere."""
    assert cast.actors[ASKS_FOR].user_id is not None

    def write(tx: Transaction) -> None:
        touch(tx.connection, TENANT_ID)
        (queue,) = [queue for queue in queues_of(tx.connection, TENANT_ID) if queue.name == QUEUE]
        insert_intervention(tx.connection, tenant_id=TENANT_ID, fields={**INTERVENTION, "queue_id": queue.id}, at=tx.at)

    wayline.door.submit_and_wait(Change(tenant_id=TENANT_ID, actor=SYSTEM, write=write))
    (asks_for,) = [colleague for colleague in COLLEAGUES if colleague.key == ASKS_FOR]
    wayline.door.submit_and_wait(
        RequestIntervention(
            tenant_id=TENANT_ID,
            actor=Actor(user_id=None, role="remote", name="Nordlicht's shop"),
            ticket_id=new_id(),
            run_id=new_id(),
            intervention=NAME,
            uid="offer-20871",
            email=asks_for.email,
            data=OFFER,
        )
    )
