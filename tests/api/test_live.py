"""Live events: what one person does another one's page hears, and nobody hears what does not concern them."""

from __future__ import annotations

import pytest
from asgi_calls import Event, Listening

from served_desk import Desk, Person

API = "/api/v1"


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


def open_ticket(desk: Desk, person: Person, title: str = "Printer") -> str:
    answer = desk.client(person).post(f"{API}/tickets", json={"title": title})
    assert answer.status_code == 201
    return str(answer.json()["data"]["id"])


def approval_by(desk: Desk, approver: Person) -> str:
    """A template that asks this person, published; answers its id."""
    definition = {"name": "Ask", "steps": [{"id": "ask", "type": "approval", "approvers": [{"user": approver.id}]}]}
    answer = desk.client(desk.root).post(f"{API}/workflows/templates", json=definition)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


def start(desk: Desk, person: Person, template_id: str) -> str:
    answer = desk.client(person).post(f"{API}/workflows/instantiate", json={"template_id": template_id})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


def test_what_ana_opens_bos_page_hears(desk: Desk) -> None:
    with Listening(desk, desk.bo.token) as page:
        assert (page.status, page.hello.kind) == (200, "hello")
        ticket_id = open_ticket(desk, desk.ana)
        heard = page.next()
        assert (heard.kind, heard.data["id"]) == ("ticket.created", ticket_id)


def test_who_asked_hears_of_their_own_ticket_and_of_no_other(sqlite_desk: Desk) -> None:
    mine = open_ticket(sqlite_desk, sqlite_desk.ana)
    other = open_ticket(sqlite_desk, sqlite_desk.bo)
    bo = sqlite_desk.client(sqlite_desk.bo)
    with Listening(sqlite_desk, sqlite_desk.ana.token) as page:
        for ticket_id in (other, mine):
            assert bo.patch(f"{API}/tickets/{ticket_id}/status", json={"status": "in_progress"}).status_code == 200
        heard = page.next()
        assert (heard.kind, heard.data["id"]) == ("ticket.changed", mine)
        for_her = bo.post(f"{API}/tickets", json={"title": "Badge", "requester": sqlite_desk.ana.email}).json()["data"]
        heard = page.next()
        assert (heard.kind, heard.data["id"]) == ("ticket.created", for_her["id"])


def test_work_is_told_to_whom_it_is_offered(sqlite_desk: Desk) -> None:
    template_id = approval_by(sqlite_desk, sqlite_desk.dee)
    with Listening(sqlite_desk, sqlite_desk.dee.token) as asked, Listening(sqlite_desk, sqlite_desk.cy.token) as other:
        start(sqlite_desk, sqlite_desk.bo, template_id)
        assert "inbox.changed" in kinds(asked.until("run.changed"))
        assert "inbox.changed" not in kinds(other.until("run.changed"))


def test_who_was_asked_hears_when_the_work_is_gone(sqlite_desk: Desk) -> None:
    run_id = start(sqlite_desk, sqlite_desk.bo, approval_by(sqlite_desk, sqlite_desk.ana))
    with Listening(sqlite_desk, sqlite_desk.ana.token) as page:
        cancelled = sqlite_desk.client(sqlite_desk.bo).post(f"{API}/workflows/instances/{run_id}/cancel")
        assert cancelled.status_code == 200
        assert page.next().kind == "inbox.changed"


def test_a_page_that_comes_back_goes_on_from_the_last_event_it_saw(desk: Desk) -> None:
    with Listening(desk, desk.bo.token) as page:
        open_ticket(desk, desk.ana, "First")
        seen = page.next()
    missed = [open_ticket(desk, desk.ana, f"Missed {n}") for n in range(3)]
    with Listening(desk, desk.bo.token, last_event_id=seen.id) as page:
        assert page.hello.id == seen.id
        heard = [page.next() for _ in missed]
        assert [event.data["id"] for event in heard] == missed
    with Listening(desk, desk.bo.token, last_event_id=heard[-1].id) as page:
        latest = open_ticket(desk, desk.ana, "Latest")
        assert page.next().data["id"] == latest


def test_greeting_a_page_that_comes_back_skips_nothing_it_has_missed(sqlite_desk: Desk) -> None:
    with Listening(sqlite_desk, sqlite_desk.bo.token) as page:
        seen = page.hello.id
    missed = open_ticket(sqlite_desk, sqlite_desk.ana)
    with Listening(sqlite_desk, sqlite_desk.bo.token, last_event_id=seen) as page:
        greeted = page.hello.id
    with Listening(sqlite_desk, sqlite_desk.bo.token, last_event_id=greeted) as page:
        assert page.next().data["id"] == missed


@pytest.mark.parametrize("from_elsewhere", ["deadbeef-3", "3", "", "x", "²-²", "-", "deadbeef-" + "9" * 5000])
def test_another_processs_id_means_read_everything_again(sqlite_desk: Desk, from_elsewhere: str) -> None:
    with Listening(sqlite_desk, sqlite_desk.bo.token, last_event_id=from_elsewhere) as page:
        if from_elsewhere:
            assert page.next().kind == "reset"
        ticket_id = open_ticket(sqlite_desk, sqlite_desk.ana)
        assert page.next().data["id"] == ticket_id


@pytest.mark.parametrize("number", ["²", "9" * 5000, "-1", " 1", "9" * 18])
def test_a_number_this_process_never_gave_breaks_nothing(sqlite_desk: Desk, number: str) -> None:
    with Listening(sqlite_desk, sqlite_desk.bo.token) as page:
        process = page.hello.id.partition("-")[0]
    with Listening(sqlite_desk, sqlite_desk.bo.token, last_event_id=f"{process}-{number}") as page:
        assert page.status == 200
        ticket_id = open_ticket(sqlite_desk, sqlite_desk.ana)
        assert page.until("ticket.created")[-1].data["id"] == ticket_id


def test_tenants_hear_nothing_of_each_other(desk: Desk) -> None:
    with Listening(desk, desk.zoe.token) as zeds, Listening(desk, desk.root.token) as acmes:
        at_acme = open_ticket(desk, desk.ana)
        at_zed = open_ticket(desk, desk.zack)
        assert zeds.next().data["id"] == at_zed
        assert acmes.next().data["id"] == at_acme


def test_only_whom_a_kind_is_for_hears_it(sqlite_desk: Desk) -> None:
    with Listening(sqlite_desk, sqlite_desk.bo.token) as agents, Listening(sqlite_desk, sqlite_desk.dee.token) as leads:
        approval_by(sqlite_desk, sqlite_desk.dee)
        open_ticket(sqlite_desk, sqlite_desk.ana)
        assert kinds(leads.until("ticket.created")) == ["template.changed", "ticket.created"]
        assert kinds(agents.until("ticket.created")) == ["ticket.created"]


def test_a_token_hears_what_its_abilities_read(sqlite_desk: Desk) -> None:
    template_id = approval_by(sqlite_desk, sqlite_desk.dee)
    with Listening(sqlite_desk, sqlite_desk.new_token(sqlite_desk.bo, "ticket:read")) as page:
        start(sqlite_desk, sqlite_desk.bo, template_id)
        open_ticket(sqlite_desk, sqlite_desk.ana)
        assert kinds([page.next()]) == ["ticket.created"]


def test_who_is_deactivated_hears_nothing_more(desk: Desk) -> None:
    with Listening(desk, desk.cy.token) as page:
        assert desk.client(desk.root).delete(f"{API}/users/{desk.cy.id}").status_code == 204
        open_ticket(desk, desk.ana)
        with pytest.raises(EOFError):
            page.next()


def test_a_new_member_hears_what_the_group_hears(sqlite_desk: Desk) -> None:
    root = sqlite_desk.client(sqlite_desk.root)
    step = {"id": "look", "type": "form", "assignee": {"group": "service-desk"}}
    step |= {"fields": [{"name": "seen", "label": "Seen", "type": "checkbox"}]}
    created = root.post(f"{API}/workflows/templates", json={"name": "Look", "steps": [step]})
    assert created.status_code == 201, created.text
    with Listening(sqlite_desk, sqlite_desk.root.token) as page:
        members = f"{API}/groups/{sqlite_desk.service_desk_id}/members"
        assert root.post(members, json={"user_id": sqlite_desk.root.id}).status_code == 201
        start(sqlite_desk, sqlite_desk.bo, created.json()["data"]["id"])
        assert "inbox.changed" in kinds(page.until("run.changed"))


def test_a_server_that_stops_ends_its_streams(sqlite_desk: Desk) -> None:
    with Listening(sqlite_desk, sqlite_desk.bo.token) as page:
        assert sqlite_desk.http.portal is not None
        sqlite_desk.http.portal.call(sqlite_desk.wayline.live.close)
        with pytest.raises(EOFError):
            page.next()
