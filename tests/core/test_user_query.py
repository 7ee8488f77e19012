"""A user query means exactly the people it says, and a bad one is refused with the place of the error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wayline.core.facts import Directory, Group, Person
from wayline.core.user_query import (
    KINDS,
    MAX_QUERY_CHARACTERS,
    MAX_SHOWN_CHARACTERS,
    AllUsers,
    ContextPath,
    CurrentUser,
    Entry,
    Kind,
    Matching,
    Name,
    Qualifier,
    QueryError,
    UserQuery,
    describe,
    line_and_column,
    parse_query,
    unknown_names,
)

ANA, BO, CY, DEE, EVE = "01ana", "01bo", "01cy", "01dee", "01eve"

DESK = Directory(
    people=[
        Person(id=ANA, email="ana@x.org", name="Ana", role="requester", labels=("vip",)),
        Person(id=BO, email="bo@x.org", name="Bo", role="agent", labels=("VIP", "night shift")),
        Person(id=CY, email="cy@x.org", name="Cy", role="requester"),
        Person(id=DEE, email="dee@x.org", name="Dee", role="agent", active=False),
        Person(id=EVE, email="eve@x.org", name="Eve", role="manager"),
    ],
    groups=[
        Group(id="g1", slug="on-call", name="On call", members=(EVE, BO, DEE), leads=(EVE, DEE)),
        Group(id="g2", slug="field", name="Field, north", members=(ANA, BO), leads=(BO,)),
        Group(id="g3", slug="empty", name="Empty"),
    ],
)


def people(text: str, *, asking: str | None = ANA, **context: Any) -> list[str]:
    return parse_query(text).resolve(DESK, current_user=asking, context=context)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("all users", [ANA, BO, CY, EVE]),
        ("current user", [ANA]),
        ("given users [bo@x.org, cy@x.org]", [BO, CY]),
        ("given groups [on-call]", [BO, EVE]),
        ("given roles [agent, manager]", [BO, EVE]),
        ("given labels [vip]", [ANA, BO]),
        ("given leads [on-call, field]", [BO, EVE]),
        ("except users [bo@x.org]", [ANA, CY, EVE]),
        ("except groups [on-call]", [ANA, CY]),
        ("except roles [requester]", [BO, EVE]),
        ("except labels [vip]", [CY, EVE]),
        ("except leads [field]", [ANA, CY, EVE]),
    ],
)
def test_each_qualifier_alone(text: str, meant: list[str]) -> None:
    assert people(text) == meant


def test_commas_widen_and_qualifiers_side_by_side_narrow() -> None:
    assert people("given groups [on-call, field]") == [ANA, BO, EVE]
    assert people("given groups [on-call, field] given roles [agent]") == [BO]
    assert people("given groups [on-call] given groups [field]") == [BO]
    assert people("given groups [on-call, field] except labels [vip]") == [EVE]


def test_all_users_beside_another_qualifier_changes_nothing() -> None:
    assert people("all users given groups [field]") == people("given groups [field] all users") == [ANA, BO]


def test_the_order_is_the_directorys_and_nobody_comes_twice() -> None:
    assert people("given users [eve@x.org, 01ana, ana@x.org]") == [ANA, EVE]


def test_who_is_not_active_is_never_meant() -> None:
    assert people("given users [dee@x.org]") == []
    assert people("current user", asking=DEE) == []


def test_current_user_means_nobody_when_nobody_asks() -> None:
    assert people("current user", asking=None) == []
    assert people("current user given roles [agent]", asking=ANA) == []


@pytest.mark.parametrize("name", ["01bo", "usr_01bo", "bo@x.org", "BO@X.ORG"])
def test_a_user_is_named_by_id_or_e_mail(name: str) -> None:
    assert people(f"given users [{name}]") == [BO]


@pytest.mark.parametrize("name", ["g2", "field", "FIELD", '"Field, north"', "'Field, north'"])
def test_a_group_is_named_by_id_slug_or_name(name: str) -> None:
    assert people(f"given groups [{name}]") == [ANA, BO]


def test_keywords_are_case_insensitive_and_spacing_is_free() -> None:
    assert parse_query(" GIVEN\tGroups[on-call ,field]\nexcept LEADS [ field ]ALL Users ") == parse_query(
        "given groups [on-call, field] except leads [field] all users"
    )


def test_a_bare_name_keeps_its_inner_spaces_and_loses_the_outer() -> None:
    assert people("given labels [ night shift ]") == [BO]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('"a, b"', "a, b"),
        ("'[x]'", "[x]"),
        ('" edge "', " edge "),
        (r'"say \"hi\" \\ bye"', r'say "hi" \ bye'),
        ("O'Brien", "O'Brien"),
        ('"$context.x"', "$context.x"),
    ],
)
def test_quotes_keep_what_the_grammar_would_take(written: str, name: str) -> None:
    assert parse_query(f"given labels [{written}]").qualifiers == (Matching(True, "labels", (Name(name),)),)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("on-call", [BO, EVE]),
        (["on-call", "field"], [ANA, BO, EVE]),
        ({"id": "g2", "name": "Field, north"}, [ANA, BO]),
        ([{"id": "g2"}, None, "no such group"], [ANA, BO]),
        ("on-call, field", []),
        ([], []),
        (None, []),
        (True, []),
        ("", []),
    ],
)
def test_a_context_value_names_one_or_many(value: Any, meant: list[str]) -> None:
    assert people("given groups [$context.site.groups]", site={"groups": value}) == meant


def test_a_context_path_that_leads_nowhere_widens_by_nobody() -> None:
    assert people("given users [$context.no.such, cy@x.org]") == [CY]
    assert people("given users [$context.no.such]") == []
    assert people("except users [$context.no.such]") == people("all users")


def test_a_context_value_is_a_name_and_never_more_query() -> None:
    assert people("given users [$context.a]", a="$context.b", b=BO) == []
    assert people("given users [$context.a]", a="x] all users given users [y") == []


def test_unknown_names_match_nobody_and_are_said_once_with_their_place() -> None:
    text = (
        "given groups [pager, on-call, pager] except leads [pager] given roles [boss, Agent]\n"
        "given labels [gold, vip] given users ['zed@x.org', dee@x.org, bo@x.org, $context.zed]"
    )
    assert people("given groups [pager] given labels [gold]") == []
    unknown = unknown_names(text, DESK)
    assert [(u.severity, u.message, line_and_column(text, u.position)) for u in unknown] == [
        ("error", "Group pager does not exist.", (1, 15)),
        ("error", "Role boss does not exist.", (1, 72)),
        ("warning", "Label gold is carried by nobody.", (2, 15)),
        ("warning", "User zed@x.org does not exist or is not active.", (2, 39)),
        ("warning", "User dee@x.org does not exist or is not active.", (2, 52)),
    ]
    assert [(u.kind, u.name) for u in unknown[-2:]] == [("users", "zed@x.org"), ("users", "dee@x.org")]


def test_a_query_tells_the_names_it_holds_but_not_what_the_run_will_add() -> None:
    query = parse_query(
        "given users [bo@x.org, $context.who] given groups [on-call] given leads [field] except roles [agent]"
    )
    assert query.users == {"bo@x.org"}
    assert query.groups == {"on-call", "field"}
    assert query.roles == {"agent"}


@pytest.mark.parametrize(
    ("text", "said", "position"),
    [
        ("", "expected `all users`, `current user`, `given` or `except`", 0),
        ("   ", "expected `all users`, `current user`, `given` or `except`", 3),
        ("everyone", "expected `all users`, `current user`, `given` or `except`", 0),
        ("all", "expected `users` after `all`", 3),
        ("current users", "expected `user` after `current`", 8),
        ("given", "expected `users`, `groups`, `roles`, `labels` or `leads` after `given`", 5),
        ("given teams [a]", "expected `users`, `groups`, `roles`, `labels` or `leads` after `given`", 6),
        ("given groups on-call", "expected `[` after `given groups`", 13),
        ("except roles", "expected `[` after `except roles`", 12),
        ("given groups [a", "expected `,` or `]`", 15),
        ("given groups [a [b]]", "expected `,` or `]`", 16),
        ("given groups [a,]", "expected a name", 16),
        ("given groups [,a]", "expected a name", 14),
        ("given groups [a] field", "expected `all users`, `current user`, `given` or `except`", 17),
        ("given groups [a], given roles [b]", "expected `all users`, `current user`, `given` or `except`", 16),
        ("given groups []", "`given groups` needs at least one name", 13),
        ("given groups [ ]", "`given groups` needs at least one name", 13),
        ("given groups ['a]", "unclosed quote", 14),
        ('given groups [""]', "expected a name between the quotes", 14),
        ('given groups ["a" b]', "expected `,` or `]`", 18),
        ("$sink", "`$sink` is a scope keyword, not a user query", 0),
        ("$Source given roles [agent]", "`$source` is a scope keyword, not a user query", 0),
        ("given users [$all]", "`$all` is a scope keyword, not a user query", 13),
        ("given users [$ticket.owner]", "expected `$context.` and a path (quote a name that starts with `$`)", 13),
        ("given users [$context]", "expected `$context.` and a path (quote a name that starts with `$`)", 13),
        ("given users [$context.a..b]", "expected `$context.` and a path (quote a name that starts with `$`)", 13),
        ("given users [$context.a $context.b]", "expected `,` or `]`", 24),
    ],
)
def test_a_bad_query_is_refused_with_the_place(text: str, said: str, position: int) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(text)
    assert (caught.value.message, caught.value.position) == (said, position)
    assert str(caught.value) == f"{said} at character {position}" + (f": {text}" if text else "")


def test_an_empty_except_list_takes_nobody_away() -> None:
    assert people("except users []") == people("all users")


def test_a_query_beyond_the_limit_is_refused_and_shown_in_part() -> None:
    with pytest.raises(QueryError, match=f"at most {MAX_QUERY_CHARACTERS} characters") as caught:
        parse_query("x" * (MAX_QUERY_CHARACTERS + 1))
    assert len(str(caught.value)) < MAX_SHOWN_CHARACTERS + 100


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("all users", "Everybody"),
        ("current user all users", "The current user"),
        ("given groups [on-call]", "Everybody who is in group on-call"),
        (
            'given groups [on-call, "Field, north"] given roles [agent] except labels [vip]',
            'Everybody who is in group on-call or "Field, north", has role agent and does not carry label vip',
        ),
        (
            "given users [a@x.org, b@x.org, $context.site.owner]",
            "Everybody who is a@x.org, b@x.org or whatever site.owner holds",
        ),
        ("current user except leads [field]", "The current user, if that person does not lead group field"),
    ],
)
def test_a_query_reads_as_a_sentence(text: str, sentence: str) -> None:
    assert describe(parse_query(text)) == sentence


# What follows holds for any directory and any query.

IDS = ("u1", "u2", "u3", "u4", "u5", "u6")
ROLE_NAMES = ("admin", "manager", "agent", "requester")
LABEL_NAMES = ("vip", "field, north", "[x]", " edge ")
GROUP_IDS = ("g1", "g2", "g3")

persons = st.tuples(st.sampled_from(ROLE_NAMES), st.booleans(), st.sets(st.sampled_from(LABEL_NAMES)))
memberships = st.tuples(st.lists(st.sampled_from(IDS), unique=True), st.lists(st.sampled_from(IDS), unique=True))


@st.composite
def directories(draw: st.DrawFn) -> Directory:
    order = draw(st.permutations(IDS))
    return Directory(
        people=[
            Person(id=u, email=f"{u}@x.org", name=u, role=role, active=active, labels=tuple(sorted(labels)))
            for u, (role, active, labels) in zip(order, draw(st.tuples(*[persons] * len(IDS))), strict=True)
        ],
        groups=[
            Group(id=g, slug=f"slug-{g}", name=f"The {g}, so called", members=tuple(members), leads=tuple(leads))
            for g, (members, leads) in zip(GROUP_IDS, draw(st.tuples(*[memberships] * 3)), strict=True)
        ],
    )


SPELLINGS: dict[Kind, list[str]] = {
    "users": [s for u in IDS for s in (u, f"usr_{u}", f"{u}@x.org", f"{u.upper()}@X.org")],
    "groups": [s for g in GROUP_IDS for s in (g, f"slug-{g}", f"SLUG-{g}", f"The {g}, so called")],
    "leads": [s for g in GROUP_IDS for s in (g, f"slug-{g}", f"the {g}, SO called")],
    "roles": [*ROLE_NAMES, "Agent"],
    "labels": [*LABEL_NAMES, "VIP"],
}
CONTEXT_KEYS = ("one", "many", "record", "nothing")
paths = st.sampled_from([f"data.{key}" for key in CONTEXT_KEYS] + ["absent", "data.one.deeper"])


@st.composite
def qualifiers(draw: st.DrawFn) -> Qualifier:
    plain = draw(st.sampled_from((None, None, None, AllUsers(), CurrentUser())))
    if plain is not None:
        return plain
    kind = draw(st.sampled_from(KINDS))
    positive = draw(st.booleans())
    names: st.SearchStrategy[str] = st.sampled_from(SPELLINGS[kind]) | st.text(min_size=1, max_size=6)
    entry: st.SearchStrategy[Entry] = names.map(Name) | paths.map(ContextPath)
    return Matching(positive, kind, tuple(draw(st.lists(entry, min_size=1 if positive else 0, max_size=4))))


queries = st.lists(qualifiers(), min_size=1, max_size=4).map(lambda found: UserQuery(tuple(found)))
any_spelling = st.sampled_from(sorted({s for spellings in SPELLINGS.values() for s in spellings}))
contexts = st.fixed_dictionaries(
    {
        "one": any_spelling,
        "many": st.lists(any_spelling | st.none(), max_size=3),
        "record": st.fixed_dictionaries({"id": any_spelling}),
        "nothing": st.none(),
    }
).map(lambda data: {"data": data})


def naive_names(entries: tuple[Entry, ...], data: dict[str, Any]) -> set[str]:
    names: list[str | None] = []
    for entry in entries:
        match entry:
            case Name(text):
                names.append(text)
            case ContextPath("data.one"):
                names.append(data["one"])
            case ContextPath("data.many"):
                names.extend(data["many"])
            case ContextPath("data.record"):
                names.append(data["record"]["id"])
    return {name for name in names if name is not None}


def naive_matches(person: Person, kind: Kind, name: str, directory: Directory) -> bool:
    match kind:
        case "users":
            return name in (person.id, f"usr_{person.id}") or name.lower() == person.email
        case "roles":
            return name.lower() == person.role
        case "labels":
            return name.lower() in person.labels
        case "groups" | "leads":
            return any(
                person.id in (group.members if kind == "groups" else group.leads)
                and (name == group.id or name.lower() in (group.slug.lower(), group.name.lower()))
                for group in directory.groups.values()
            )


def naive_holds(qualifier: Qualifier, person: Person, asking: str | None, directory: Directory, data: Any) -> bool:
    match qualifier:
        case AllUsers():
            return True
        case CurrentUser():
            return person.id == asking
        case Matching(positive, kind, entries):
            return positive == any(naive_matches(person, kind, name, directory) for name in naive_names(entries, data))


@given(directories(), queries, st.none() | st.sampled_from(IDS), contexts)
def test_resolving_equals_asking_every_person_in_turn(
    directory: Directory, query: UserQuery, asking: str | None, context: dict[str, Any]
) -> None:
    expected = [
        person.id
        for person in directory.people.values()
        if person.active and all(naive_holds(q, person, asking, directory, context["data"]) for q in query.qualifiers)
    ]
    assert parse_query(str(query)).resolve(directory, current_user=asking, context=context) == expected


@given(queries)
@example(UserQuery((Matching(True, "labels", (Name('"'), Name("\\"), Name(" "), Name("$sink"))),)))
def test_a_written_query_reads_back_equal(query: UserQuery) -> None:
    assert parse_query(str(query)) == query


def place_of_error(text: str) -> int | None:
    try:
        parse_query(text)
    except QueryError as error:
        return error.position
    return None


@given(
    st.text() | st.lists(st.sampled_from(["given ", "users ", "[", "]", ",", '"', "\\", "$context.", "a"])).map("".join)
)
def test_any_text_is_read_or_refused_with_a_place_inside_it(text: str) -> None:
    place = place_of_error(text)
    assert place is None or 0 <= place <= len(text)
