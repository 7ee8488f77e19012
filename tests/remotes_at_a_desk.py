"""Remotes that ask the desk for answers: an intervention, its token, asking, and answering as staff do."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from other_system import OtherSystem, other_system
from served_desk import Desk, Person, served_desk
from wayline.drivers.local import LocalDriver

T = TypeVar("T")
BASE = "/api/v1/workflow/interventions"
ASK = "/api/create_ticket"
AMOUNT = {"type": "number", "name": "amount", "label": "Amount", "required": True}
APPROVE = {"type": "checkbox", "name": "approve", "label": "Approve"}
REFUND: dict[str, Any] = {
    "name": "refund",
    "title": "Refund for {{ customer }}",
    "queue_name": "Inbox",
    "fields": [AMOUNT, APPROVE],
}
EVE = "eve@shop.example"
_keys = count(1)


def kept(desk: Desk, **changes: Any) -> dict[str, Any]:
    """An intervention of Acme's, as administration answers."""
    answer = desk.client(desk.root).post(f"{BASE}/create", json={**REFUND, **changes})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["intervention"])


def token_for(desk: Desk, intervention: dict[str, Any], name: str = "Shop") -> dict[str, Any]:
    """What `generate-token` answers: the token, and what answers are signed with."""
    body = {"intervention_id": intervention["id"], "remote_name": name}
    answer = desk.client(desk.root).post(f"{BASE}/generate-token", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def request(uid: str = "order-1", **data: Any) -> dict[str, Any]:
    """The body a remote asks with."""
    bag = {"customer": "Eve", "amount": 12, **data}
    return {"originator_email_address": EVE, "intervention": "refund", "uid": uid, "data": {"data": bag}}


def ask(client: Any, body: dict[str, Any], *, key: str | None = None) -> Any:
    """Ask with a key of its own, or with this one."""
    return client.post(ASK, json=body, headers={"Idempotency-Key": key or f"key {next(_keys)}"})


def asked(client: Any, body: dict[str, Any]) -> dict[str, Any]:
    """The ticket that came of it: {ticket_id, ticket_number, uid}."""
    answer = ask(client, body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


@dataclass
class AskedDesk:
    """A served desk with an intervention, its remote, and a driver whose rounds a test does by hand."""

    desk: Desk
    remote: OtherSystem
    driver: LocalDriver
    intervention: dict[str, Any]
    token: dict[str, Any]
    _loop: asyncio.AbstractEventLoop

    @property
    def shop(self) -> Any:
        """A client that calls as the remote."""
        return self.desk.using(self.token["token"])

    def ask(self, uid: str = "order-1", **data: Any) -> str:
        """The remote asks; answers the ticket's id."""
        return str(asked(self.shop, request(uid, **data))["ticket_id"])

    def update(self, **changes: Any) -> None:
        body = {"intervention_id": self.intervention["id"], **changes}
        answer = self.desk.client(self.desk.root).post(f"{BASE}/update", json=body)
        assert answer.status_code == 200, answer.text

    def ticket(self, ticket_id: str) -> dict[str, Any]:
        return dict(self.desk.client(self.desk.root).get(f"/api/v1/tickets/{ticket_id}").json()["data"])

    def standing(self, ticket_id: str) -> dict[str, Any]:
        """The one request of the ticket, as staff see it there."""
        (found,) = self.ticket(ticket_id)["interventions"]
        return dict(found)

    def submit(self, ticket_id: str, *, by: Person | None = None, **form: Any) -> Any:
        """Bo, or whoever, answers."""
        item = self.standing(ticket_id)["item_id"]
        client = self.desk.client(by or self.desk.bo)
        return client.post(f"/api/v1/inbox/{item}/complete", json={"form_data": form})

    def answered(self, uid: str = "order-1", **data: Any) -> str:
        """What was asked has been answered, and the answer waits to be sent; answers the ticket's id."""
        ticket_id = self.ask(uid, **data)
        assert self.submit(ticket_id, approve=True).status_code == 200
        return ticket_id

    def resend(self, ticket_id: str, *, by: Person | None = None) -> Any:
        request_id = self.standing(ticket_id)["id"]
        path = f"/api/v1/tickets/{ticket_id}/interventions/{request_id}/resend"
        return self.desk.client(by or self.desk.bo).post(path)

    def send(self) -> int:
        """Have answers that are due sent; answers how many."""
        return self.wait(self.driver.jobs.run_once())

    def forbid_private_addresses(self) -> None:
        """From now on jobs are done by a process that an operator lets call public addresses alone."""
        self._let_go()
        settings = self.desk.wayline.settings.model_copy(update={"outbound_allow": ""})
        self.driver = LocalDriver(self.desk.wayline.door, settings, self.desk.wayline.secret_key)

    def close(self) -> None:
        self._let_go()
        self._loop.close()

    def _let_go(self) -> None:
        for performer in self.driver.performers.values():
            self.wait(performer.close())
        self.wait(self.driver.webhooks.finish(0))
        self.wait(self.driver.holidays.close())
        self.driver.access.close()

    def wait(self, round_: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(round_)

    def pass_time(self, seconds: float) -> None:
        self.desk.wayline.clock.advance(seconds)


@contextmanager
def asked_desk(database_url: str, directory: Path, **changes: Any) -> Iterator[AskedDesk]:
    """A desk whose intervention sends its answers to a real HTTP server, for the length of the block."""
    with other_system() as remote, served_desk(database_url, directory, outbound_allow="127.0.0.0/8") as desk:
        where = {"remote_enabled": True, "remote_epilog_url": f"{remote.url}/epilog"}
        intervention = kept(desk, **{**where, **changes})
        driver = LocalDriver(desk.wayline.door, desk.wayline.settings, desk.wayline.secret_key)
        found = AskedDesk(desk, remote, driver, intervention, token_for(desk, intervention), asyncio.new_event_loop())
        try:
            yield found
        finally:
            found.close()
