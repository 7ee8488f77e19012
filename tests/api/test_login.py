"""Signing in: one secret, as a cookie and as a bearer token; out again; invitations."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from served_desk import PASSWORD, Desk, add_person, served_desk
from wayline.api.limits import LOGIN_TRIES
from wayline.store.access import INVITATION_LASTS
from wayline.store.tables import users

LOGIN = "/api/v1/auth/login"
ME = "/api/v1/auth/me"


def sign_in(client: TestClient, email: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, json={"email": email, "password": password, **more})


def reason(response: Any) -> str:
    return response.json()["error"]["details"]["reason"]


def test_ana_signs_in_and_is_herself(desk: Desk) -> None:
    answer = sign_in(desk.http, "Ana@Acme.example")
    assert answer.status_code == 200
    signed_in = answer.json()["data"]
    assert signed_in["user"]["id"] == desk.ana.id
    assert datetime.fromisoformat(signed_in["expires_at"]) > desk.wayline.clock.now() + timedelta(days=13)
    me = desk.using(signed_in["token"]).get(ME).json()["data"]
    assert me["email"] == "ana@acme.example"
    assert me["session"] is True


def test_the_session_cookie_is_hidden_from_scripts_and_the_page_token_is_not(sqlite_desk: Desk) -> None:
    cookies = sign_in(sqlite_desk.http, "ana@acme.example").headers.get_list("set-cookie")
    session, page = sorted(cookies, key=lambda cookie: "wayline_csrf" in cookie)
    assert session.startswith("wayline_session=")
    assert "HttpOnly" in session
    assert "SameSite=lax" in session
    assert "Secure" not in session
    assert "HttpOnly" not in page


def test_cookies_are_for_https_alone_where_the_desk_is_served_so(sqlite_url: str, tmp_path: Path) -> None:
    with served_desk(sqlite_url, tmp_path, public_url="https://desk.example") as desk:
        cookies = sign_in(desk.http, "ana@acme.example").headers.get_list("set-cookie")
        assert len(cookies) == 2
        assert all("Secure" in cookie for cookie in cookies)


def test_a_page_writes_only_with_its_token(desk: Desk) -> None:
    page = desk.new_client()
    page_token = sign_in(page, "ana@acme.example").json()["data"]["csrf_token"]
    assert page.get(ME).json()["data"]["csrf_token"] == page_token
    assert page.cookies["wayline_csrf"] == page_token
    change = {"timezone": "Europe/Vienna"}
    refused = page.patch(ME, json=change)
    assert (refused.status_code, reason(refused)) == (403, "csrf")
    changed = page.patch(ME, json=change, headers={"x-csrf-token": page_token})
    assert changed.json()["data"]["timezone"] == "Europe/Vienna"


@pytest.mark.parametrize(("email", "password"), [("ana@acme.example", "wrong"), ("nobody@acme.example", PASSWORD)])
def test_a_wrong_address_and_a_wrong_password_are_told_alike(sqlite_desk: Desk, email: str, password: str) -> None:
    answer = sign_in(sqlite_desk.http, email, password)
    assert answer.status_code == 401
    assert answer.json()["error"] == {"code": "UNAUTHORIZED", "message": "The address or the password is wrong."}


def test_who_is_known_in_two_tenants_says_which(desk: Desk) -> None:
    with desk.wayline.database.writer.begin() as connection:
        other = add_person(connection, desk.zed_id, "Twin", "agent", desk.wayline.clock.now())
        connection.execute(sa.update(users).where(users.c.id == other.id).values(email="ana@acme.example"))
    refused = sign_in(desk.http, "ana@acme.example")
    assert refused.status_code == 400
    assert refused.json()["error"]["details"]["tenants"] == ["Acme", "Zed"]
    assert refused.json()["error"]["details"]["issues"][0]["path"] == "tenant"
    assert sign_in(desk.http, "ana@acme.example", tenant="zed").json()["data"]["user"]["id"] == other.id
    assert sign_in(desk.http, "ana@acme.example", tenant=desk.tenant_id).json()["data"]["user"]["id"] == desk.ana.id
    assert sign_in(desk.http, "ana@acme.example", tenant="Nowhere").status_code == 401


def test_guessing_is_slowed_down(sqlite_desk: Desk) -> None:
    # Tries come back as time goes by, and hashing takes its time: so more of them than the limit are made.
    tries = [sign_in(sqlite_desk.http, "Ghost@acme.example", "guess") for _ in range(3 * LOGIN_TRIES)]
    assert [t.status_code for t in tries[:LOGIN_TRIES]] == [401] * LOGIN_TRIES
    slowed = [t for t in tries if t.status_code == 429]
    assert slowed
    assert all(int(t.headers["Retry-After"]) >= 1 for t in slowed)
    assert sign_in(sqlite_desk.http, "ana@acme.example").status_code == 200


def test_signing_out_ends_the_cookie_and_the_bearer_token(desk: Desk) -> None:
    page = desk.new_client()
    signed_in = sign_in(page, "bo@acme.example").json()["data"]
    bearer = desk.using(signed_in["token"])
    assert bearer.get(ME).status_code == 200
    out = page.post("/api/v1/auth/logout", headers={"x-csrf-token": signed_in["csrf_token"]})
    assert out.status_code == 204
    assert "wayline_session" not in page.cookies
    assert bearer.get(ME).status_code == 401


def test_an_api_token_is_not_signed_out(sqlite_desk: Desk) -> None:
    refused = sqlite_desk.client(sqlite_desk.bo).post("/api/v1/auth/logout")
    assert (refused.status_code, reason(refused)) == (409, "not_a_session")


def test_a_session_ends_by_itself(desk: Desk) -> None:
    bearer = desk.using(sign_in(desk.http, "bo@acme.example").json()["data"]["token"])
    assert bearer.get(ME).status_code == 200
    desk.wayline.clock.advance(15 * 24 * 3600)
    assert bearer.get(ME).status_code == 401


def test_me_tells_role_tenant_plan_abilities_groups_and_absences(desk: Desk) -> None:
    now = desk.wayline.clock.now()
    away = {"from": now.isoformat(), "to": (now + timedelta(days=3)).isoformat(), "substitute_id": desk.cy.id}
    assert desk.client(desk.bo).post(f"/api/v1/users/{desk.bo.id}/absence", json=away).status_code == 201
    me = desk.using(desk.new_token(desk.bo, "ticket:write", "workflow:write")).get(ME).json()["data"]
    assert (me["role"], me["plan"], me["tenant"]["name"]) == ("agent", "enterprise", "Acme")
    assert [(g["slug"], g["role_in_group"]) for g in me["groups"]] == [("service-desk", "member")]
    assert me["absences"][0]["substitute_id"] == desk.cy.id
    assert me["abilities"] == ["ticket:write", "workflow:write"]
    assert me["may"] == ["ticket:read", "ticket:write", "create-ticket"]
    everything = desk.client(desk.root).get(ME).json()["data"]
    assert "admin" in everything["may"]


def test_a_changed_password_ends_the_other_sessions(desk: Desk) -> None:
    other = desk.using(sign_in(desk.http, "cy@acme.example").json()["data"]["token"])
    mine = desk.using(sign_in(desk.http, "cy@acme.example").json()["data"]["token"])
    path = "/api/v1/auth/password"
    wrong = mine.post(path, json={"current_password": "nope", "new_password": "another long one"})
    assert wrong.json()["error"]["details"]["issues"][0]["path"] == "current_password"
    short = mine.post(path, json={"current_password": PASSWORD, "new_password": "short"})
    assert short.status_code == 400
    changed = mine.post(path, json={"current_password": PASSWORD, "new_password": "another long one"})
    assert changed.status_code == 204
    assert mine.get(ME).status_code == 200
    assert other.get(ME).status_code == 401
    assert desk.client(desk.cy).get(ME).status_code == 200
    assert sign_in(desk.http, "cy@acme.example").status_code == 401
    assert sign_in(desk.http, "cy@acme.example", "another long one").status_code == 200


def invited(desk: Desk) -> tuple[str, str]:
    """Somebody new: their id, and the secret of their invitation."""
    root = desk.client(desk.root)
    person = root.post("/api/v1/users", json={"email": "new@acme.example", "role": "agent"}).json()["data"]
    answer = root.post(f"/api/v1/users/{person['id']}/invitation")
    assert answer.status_code == 201
    return person["id"], answer.json()["data"]["link"].partition("?token=")[2]


def test_an_invitation_is_taken_up_once(desk: Desk) -> None:
    user_id, secret = invited(desk)
    assert desk.using(secret).get(ME).status_code == 401
    path = "/api/v1/auth/invitation"
    assert desk.http.post(path, json={"token": secret, "password": "short"}).status_code == 400
    taken = desk.http.post(path, json={"token": secret, "password": "a password of my own"})
    assert taken.json()["data"]["user"]["id"] == user_id
    assert desk.using(taken.json()["data"]["token"]).get(ME).status_code == 200
    again = desk.http.post(path, json={"token": secret, "password": "a password of my own"})
    assert again.json()["error"]["details"]["issues"][0]["code"] == "ended"
    assert sign_in(desk.http, "new@acme.example", "a password of my own").status_code == 200


def test_an_invitation_expires_and_a_new_one_ends_the_last(desk: Desk) -> None:
    user_id, first = invited(desk)
    again = desk.client(desk.root).post(f"/api/v1/users/{user_id}/invitation")
    second = again.json()["data"]["link"].partition("?token=")[2]
    path = "/api/v1/auth/invitation"
    assert desk.http.post(path, json={"token": first, "password": "a password of my own"}).status_code == 400
    desk.wayline.clock.advance(INVITATION_LASTS.total_seconds() + 1)
    assert desk.http.post(path, json={"token": second, "password": "a password of my own"}).status_code == 400


def test_what_no_text_has_is_refused_and_breaks_nothing(sqlite_desk: Desk) -> None:
    headers = {"content-type": "application/json"}
    for email, password in ((r"a\u0000@x.example", "b"), ("a@x.example", r"\ud800")):
        body = f'{{"email": "{email}", "password": "{password}"}}'
        assert sqlite_desk.http.post(LOGIN, content=body, headers=headers).status_code in (400, 401)
