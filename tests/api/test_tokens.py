"""Tokens: shown once, never more than their owner or their maker may, ended at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from served_desk import PASSWORD, Desk
from wayline.store.tables import tokens

TOKENS = "/api/v1/tokens"
ME = "/api/v1/auth/me"


def codes(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    return {i["path"]: i["code"] for i in answer.json()["error"]["details"]["issues"]}


def test_a_secret_is_shown_once_and_only_its_hash_kept(desk: Desk) -> None:
    made = desk.client(desk.bo).post(TOKENS, json={"name": "Script", "abilities": ["ticket:write"]})
    assert made.status_code == 201
    token = made.json()["data"]
    assert desk.using(token["token"]).get(ME).json()["data"]["abilities"] == ["ticket:write"]
    listed = desk.client(desk.bo).get(TOKENS)
    assert [t["name"] for t in listed.json()["data"]] == ["Script", "tests"]
    assert token["token"] not in listed.text
    with desk.wayline.database.reader.connect() as connection:
        assert token["token"] not in str(connection.execute(sa.select(tokens)).all())


def test_an_idempotency_key_keeps_no_secret(desk: Desk) -> None:
    keyed = {"Idempotency-Key": "mine"}
    first = desk.client(desk.bo).post(TOKENS, json={"name": "Script"}, headers=keyed)
    again = desk.client(desk.bo).post(TOKENS, json={"name": "Script"}, headers=keyed)
    assert desk.using(first.json()["data"]["token"]).get(ME).status_code == 200
    assert again.json()["data"] == first.json()["data"] | {"token": None}


@pytest.mark.parametrize(
    ("who", "abilities", "problem"),
    [
        ("ana", ["workflow:read"], "beyond_role"),
        ("bo", ["workflow:write"], "beyond_role"),
        ("bo", ["admin"], "beyond_role"),
        ("dee", ["signal:on-behalf"], "beyond_role"),
        ("root", ["fly"], "unknown_ability"),
    ],
)
def test_a_token_is_within_its_owners_role(sqlite_desk: Desk, who: str, abilities: list[str], problem: str) -> None:
    client = sqlite_desk.client(getattr(sqlite_desk, who))
    assert codes(client.post(TOKENS, json={"name": "T", "abilities": abilities})) == {"abilities[0]": problem}


def test_a_narrow_token_makes_no_wider_one(desk: Desk) -> None:
    narrow = desk.using(desk.new_token(desk.bo, "ticket:write"))
    assert narrow.post(TOKENS, json={"name": "T", "abilities": ["ticket:read"]}).status_code == 201
    assert narrow.post(TOKENS, json={"name": "T"}).status_code == 403
    wide = next(t for t in narrow.get(TOKENS).json()["data"] if t["abilities"] == ["*"])
    assert narrow.post(f"{TOKENS}/{wide['id']}/rotate").status_code == 403
    assert narrow.delete(f"{TOKENS}/{wide['id']}").status_code == 403


def test_a_token_expires(desk: Desk) -> None:
    now = desk.wayline.clock.now()
    soon = (now + timedelta(hours=1)).isoformat()
    secret = desk.client(desk.bo).post(TOKENS, json={"name": "T", "expires_at": soon}).json()["data"]["token"]
    assert desk.using(secret).get(ME).status_code == 200
    desk.wayline.clock.advance(3601)
    assert desk.using(secret).get(ME).status_code == 401
    past = desk.client(desk.bo).post(TOKENS, json={"name": "T", "expires_at": now.isoformat()})
    assert codes(past) == {"expires_at": "in_the_past"}


def test_a_revoked_token_opens_nothing_at_once(desk: Desk) -> None:
    made = desk.client(desk.bo).post(TOKENS, json={"name": "T"}).json()["data"]
    assert desk.using(made["token"]).get(ME).status_code == 200
    assert desk.client(desk.bo).delete(f"{TOKENS}/{made['id']}").status_code == 204
    assert desk.using(made["token"]).get(ME).status_code == 401
    assert desk.client(desk.bo).delete(f"{TOKENS}/{made['id']}").status_code == 404


def test_a_rotated_token_has_another_secret(desk: Desk) -> None:
    made = desk.client(desk.bo).post(TOKENS, json={"name": "T", "abilities": ["signal"]}).json()["data"]
    rotated = desk.client(desk.bo).post(f"{TOKENS}/{made['id']}/rotate").json()["data"]
    assert (rotated["id"], rotated["abilities"]) == (made["id"], ["signal"])
    assert desk.using(made["token"]).get(ME).status_code == 401
    assert desk.using(rotated["token"]).get(ME).status_code == 200


def test_a_session_is_ended_and_not_rotated(desk: Desk) -> None:
    login = desk.http.post("/api/v1/auth/login", json={"email": "bo@acme.example", "password": PASSWORD})
    bo = desk.client(desk.bo)
    (session,) = bo.get(TOKENS, params={"kind": "session"}).json()["data"]
    assert bo.post(f"{TOKENS}/{session['id']}/rotate").status_code == 409
    assert bo.delete(f"{TOKENS}/{session['id']}").status_code == 204
    assert desk.using(login.json()["data"]["token"]).get(ME).status_code == 401


def test_everybody_has_their_own_and_admins_see_all(desk: Desk) -> None:
    bo, root = desk.client(desk.bo), desk.client(desk.root)
    made = root.post(TOKENS, json={"name": "For Bo", "abilities": ["task:act"], "user_id": desk.bo.id})
    assert made.json()["data"]["user_id"] == desk.bo.id
    assert [t["name"] for t in bo.get(TOKENS).json()["data"]] == ["For Bo", "tests"]
    assert {t["user_name"] for t in root.get(TOKENS).json()["data"]} == {"Ana", "Bo", "Cy", "Dee", "Root"}
    of_bo = root.get(TOKENS, params={"user_id": desk.bo.id}).json()
    assert of_bo["meta"]["total"] == 2
    of_root = root.get(TOKENS, params={"user_id": desk.root.id}).json()["data"][0]
    assert bo.get(TOKENS, params={"user_id": desk.root.id}).status_code == 403
    assert bo.delete(f"{TOKENS}/{of_root['id']}").status_code == 404
    assert bo.post(TOKENS, json={"name": "T", "user_id": desk.cy.id}).status_code == 403
    beyond = root.post(TOKENS, json={"name": "T", "abilities": ["admin"], "user_id": desk.bo.id})
    assert codes(beyond) == {"abilities[0]": "beyond_role"}
    assert codes(root.post(TOKENS, json={"name": "T", "user_id": desk.zack.id})) == {"user_id": "unknown_user"}
    assert root.delete(f"{TOKENS}/{made.json()['data']['id']}").status_code == 204


def test_when_a_token_was_last_used_is_told(desk: Desk) -> None:
    made = desk.client(desk.bo).post(TOKENS, json={"name": "T"}).json()["data"]

    def last_used() -> Any:
        return next(t for t in desk.client(desk.bo).get(TOKENS).json()["data"] if t["id"] == made["id"])["last_used_at"]

    assert last_used() is None
    assert desk.using(made["token"]).get(ME).status_code == 200
    assert last_used() is not None


@pytest.mark.parametrize("never", ["0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00"])
def test_an_end_no_calendar_has_is_refused(sqlite_desk: Desk, never: str) -> None:
    answer = sqlite_desk.client(sqlite_desk.bo).post(TOKENS, json={"name": "T", "expires_at": never})
    assert answer.status_code == 400


def test_tokens_are_found_by_name(sqlite_desk: Desk) -> None:
    bo = sqlite_desk.client(sqlite_desk.bo)
    for name in ("Nightly", "Night watch"):
        bo.post(TOKENS, json={"name": name})
    found = bo.get(TOKENS, params={"q": "NIGHT", "order": "asc"}).json()["data"]
    assert [t["name"] for t in found] == ["Nightly", "Night watch"]
