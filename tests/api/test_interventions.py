"""Interventions as administrators keep them: named once, in a queue, with fields as forms have them and one remote."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from administration_at_a_desk import asked, fields, refused

from remotes_at_a_desk import AMOUNT, APPROVE, REFUND, ask, kept, request, token_for
from remotes_at_a_desk import asked as asked_by_remote
from served_desk import Desk, add_queues
from wayline.core.intervention import MAX_FIELDS, MAX_INTERVENTIONS, MAX_LABELS
from wayline.store.tables import audit, interventions

PATH = "interventions"


def test_an_intervention_made_of_the_written_fields_alone_has_the_rest_by_default(desk: Desk) -> None:
    assert asked(desk, PATH) == {"interventions": []}
    assert kept(desk) == {
        "id": 1,
        "name": "refund",
        "title": "Refund for {{ customer }}",
        "queue_name": "Inbox",
        "fields": [
            {"name": "amount", "type": "number", "label": "Amount", "required": True},
            {"name": "approve", "type": "checkbox", "label": "Approve"},
        ],
        "texts": {"private": None, "public": None, "final": None},
        "labels": [],
        "remote_enabled": False,
        "remote_epilog_url": None,
        "remote_timeout_seconds": 10,
        "remote_name": None,
        "has_token": False,
        "notify_inbox_managers": False,
        "create_urgent": False,
    }
    kept(desk, name="Alpha", fields=[])
    assert [(i["id"], i["name"]) for i in asked(desk, PATH)["interventions"]] == [(2, "Alpha"), (1, "refund")]


@pytest.mark.parametrize(
    ("changes", "bad"),
    [
        ({"name": " "}, {"name"}),
        ({"name": "REFUND"}, {"name"}),
        ({"title": ""}, {"title"}),
        ({"title": "{{ customer"}, {"title"}),
        ({"queue_name": "Nowhere"}, {"queue_name"}),
        ({"fields": [{**AMOUNT, "type": "colour"}]}, {"fields[0].type"}),
        ({"fields": [AMOUNT, AMOUNT]}, {"fields[1].name"}),
        ({"fields": [{**AMOUNT, "name": "outcome"}]}, {"fields[0].name"}),
        ({"fields": [{"type": "select", "name": "x"}]}, {"fields[0]"}),
        ({"fields": [{**AMOUNT, "show_if": {"a": {"no such": 1}}}]}, {"fields[0].show_if"}),
        ({"fields": [{**AMOUNT, "name": f"f{n}"} for n in range(MAX_FIELDS + 1)]}, {"fields"}),
        ({"texts": {"private": "{% set x = 1 %}"}}, {"texts.private"}),
        ({"texts": {"private": " "}}, {"texts.private"}),
        ({"texts": {"secret": "x"}}, {"texts.secret"}),
        ({"labels": ["{{"]}, {"labels[0]"}),
        ({"labels": ["x"] * (MAX_LABELS + 1)}, {"labels"}),
        ({"remote_enabled": True}, {"remote_epilog_url"}),
        ({"remote_enabled": "yes"}, {"remote_enabled"}),
        ({"remote_epilog_url": "http://10.0.0.1/x"}, {"remote_epilog_url"}),
        ({"remote_epilog_url": "https://169.254.169.254/latest"}, {"remote_epilog_url"}),
        ({"remote_epilog_url": "https://user:pass@shop.example/"}, {"remote_epilog_url"}),
        ({"remote_epilog_url": "ftp://shop.example/"}, {"remote_epilog_url"}),
        ({"remote_timeout_seconds": 0}, {"remote_timeout_seconds"}),
        ({"remote_timeout_seconds": 61}, {"remote_timeout_seconds"}),
        ({"remote_timeout_seconds": 1.5}, {"remote_timeout_seconds"}),
        ({"token": "mine"}, {"token"}),
    ],
)
def test_a_bad_intervention_is_refused_field_by_field(
    sqlite_desk: Desk, changes: dict[str, Any], bad: set[str]
) -> None:
    kept(sqlite_desk)
    assert fields(refused(sqlite_desk, f"{PATH}/create", {**REFUND, "name": "new", **changes})) == bad
    if "name" not in changes:
        assert fields(refused(sqlite_desk, f"{PATH}/update", {"intervention_id": 1, **changes})) == bad
    assert len(asked(sqlite_desk, PATH)["interventions"]) == 1


def test_what_an_update_leaves_out_stays_and_its_own_name_is_not_taken(desk: Desk) -> None:
    url = "https://shop.example/epilog"
    kept(desk, remote_enabled=True, remote_epilog_url=url, texts={"final": "Done."}, labels=["shop"])
    before = asked(desk, PATH)["interventions"][0]
    changed = asked(desk, f"{PATH}/update", {"intervention_id": 1, "name": "Refund", "create_urgent": True})
    assert changed["intervention"] == {**before, "name": "Refund", "create_urgent": True}
    changed = asked(desk, f"{PATH}/update", {"intervention_id": 1, "texts": {}, "fields": [APPROVE]})["intervention"]
    assert changed["texts"] == {"private": None, "public": None, "final": None}
    assert [f["name"] for f in changed["fields"]] == ["approve"]
    assert fields(refused(desk, f"{PATH}/update", {"intervention_id": 1, "remote_epilog_url": None})) == {
        "remote_epilog_url"
    }
    off = {"intervention_id": 1, "remote_enabled": False, "remote_epilog_url": None}
    assert asked(desk, f"{PATH}/update", off)["intervention"]["remote_epilog_url"] is None


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    for path, body in (("update", {}), ("delete", {}), ("generate-token", {"remote_name": "Shop"})):
        assert refused(desk, f"{PATH}/{path}", {"intervention_id": 9, **body}, 404) == {
            "message": "Intervention not found."
        }


def test_a_token_is_shown_once_and_kept_as_a_hash_and_under_seal(desk: Desk) -> None:
    found = token_for(desk, kept(desk))
    assert set(found) == {"intervention_id", "remote_name", "token", "signing_secret"}
    shown = asked(desk, PATH)["interventions"][0]
    assert (shown["has_token"], shown["remote_name"]) == (True, "Shop")
    with desk.wayline.database.reader.connect() as connection:
        (row,) = connection.execute(sa.select(interventions))
        written = str(connection.execute(sa.select(audit.c.detail)).scalars().all())
    everywhere = f"{shown} {row._mapping} {written}"
    assert found["token"] not in everywhere
    assert found["signing_secret"].removeprefix("whsec_") not in everywhere
    assert row.token_hash not in str(shown)


def test_a_new_token_replaces_the_one_before_and_is_signed_with_anew(desk: Desk) -> None:
    intervention = kept(desk)
    first, second = token_for(desk, intervention), token_for(desk, intervention, "New shop")
    assert first["signing_secret"] != second["signing_secret"]
    assert ask(desk.using(first["token"]), request()).status_code == 401
    assert ask(desk.using(second["token"]), request()).status_code == 201


def test_a_token_asked_for_twice_with_one_key_is_shown_once(desk: Desk) -> None:
    kept(desk)
    root, body = desk.client(desk.root), {"intervention_id": 1, "remote_name": "Shop"}
    first, second = (
        root.post("/api/v1/workflow/interventions/generate-token", json=body, headers={"Idempotency-Key": "once"})
        for _ in range(2)
    )
    assert first.headers["cache-control"] == "no-store"
    assert second.json() == {**first.json(), "token": None, "signing_secret": None}
    assert ask(desk.using(first.json()["token"]), request()).status_code == 201


def test_a_queue_goes_by_its_number_and_stays_while_an_intervention_needs_it(desk: Desk) -> None:
    add_queues(desk.wayline, desk.tenant_id, "Money")
    intervention = kept(desk, queue_name="money")
    queue = next(q for q in asked(desk, "queues")["queues"] if q["name"] == "Money")
    said = refused(desk, "queues/delete", {"queue_id": queue["id"]}, 409)
    assert "“refund”" in said["message"]
    asked(desk, "queues/update", {"queue_id": queue["id"], "name": "Cash"})
    assert asked(desk, PATH)["interventions"][0]["queue_name"] == "Cash"
    ticket = asked_by_remote(desk.using(token_for(desk, intervention)["token"]), request())
    found = desk.client(desk.bo).get(f"/api/v1/tickets/{ticket['ticket_id']}").json()["data"]
    assert found["queue"] == "Cash"


def test_an_intervention_goes_when_nothing_waits_for_its_answer(desk: Desk) -> None:
    intervention = kept(desk)
    token = token_for(desk, intervention)["token"]
    ticket = asked_by_remote(desk.using(token), request())
    assert "1 ticket." in refused(desk, f"{PATH}/delete", {"intervention_id": 1}, 409)["message"]
    bo = desk.client(desk.bo)
    (found,) = bo.get(f"/api/v1/tickets/{ticket['ticket_id']}").json()["data"]["interventions"]
    done = bo.post(f"/api/v1/inbox/{found['item_id']}/complete", json={"form_data": {}})
    assert done.status_code == 200, done.text
    assert asked(desk, f"{PATH}/delete", {"intervention_id": 1}) == {"deleted": True}
    assert ask(desk.using(token), request("order-2")).status_code == 401
    (still,) = bo.get(f"/api/v1/tickets/{ticket['ticket_id']}").json()["data"]["interventions"]
    assert (still["intervention"], still["state"]) == ("refund", "answered")
    assert kept(desk)["id"] == 2


def test_a_desk_has_so_many_interventions_and_no_more(sqlite_desk: Desk) -> None:
    kept(sqlite_desk)
    with sqlite_desk.wayline.database.writer.begin() as connection:
        (row,) = connection.execute(sa.select(interventions)).mappings()
        more = [{**row, "number": n, "name": f"n{n}", "folded_name": f"n{n}"} for n in range(2, MAX_INTERVENTIONS + 1)]
        connection.execute(sa.insert(interventions), more)
    assert fields(refused(sqlite_desk, f"{PATH}/create", {**REFUND, "name": "last"})) == {"name"}
