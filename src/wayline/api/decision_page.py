"""The page of a decision link: one document without a script, for a phone first, in light and dark."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

from wayline.api.decision_view import Asking, Notice, Section, facts_of, said_so_far, sections_of
from wayline.api.problems import STATUS
from wayline.core.run import Activation
from wayline.core.steps.approval import ApprovalStep

_NO_PAGE = (STATUS["not_found"], STATUS["gone"])
"""With these the link is of no more use."""


def asking_page(asking: Asking, *, problem: str | None = None, comment: str = "", status: int = 200) -> HTMLResponse:
    """What is to be decided, with the form to decide it; `problem` says what was wrong with what was sent."""
    assert asking.person is not None
    body = (
        f'<p class="eyebrow">{escape(asking.person.name)}, your decision is asked for</p>'
        f"<h1>{escape(asking.title)}</h1>{_facts(asking)}{_sections(asking)}{_votes(asking)}"
        f"{_form(asking, problem, comment)}"
        "<footer>This page is yours alone: whoever has its address decides in your name. "
        f"It works until {asking.link.ends_at:%-d %B %Y}.</footer>"
    )
    return _document(asking.title, body, status)


def notice_page(notice: Notice, asking: Asking | None = None) -> HTMLResponse:
    """What there is to say instead; with what was asked where the reader may still know it."""
    elsewhere = '<p><a href="/">Sign in to Wayline</a></p>' if notice.status in _NO_PAGE else ""
    body = (
        f'<div class="notice {notice.tone}"><h1>{escape(notice.title)}</h1><p>{escape(notice.text)}</p>'
        f"{elsewhere}</div>"
    )
    if asking is not None and notice.status not in _NO_PAGE:
        body += f'<h2 class="what">{escape(asking.title)}</h2>{_facts(asking)}{_votes(asking)}{_sections(asking)}'
    return _document(notice.title, body, notice.status)


def _facts(asking: Asking) -> str:
    return f'<div class="card">{_rows(facts_of(asking))}</div>'


def _sections(asking: Asking) -> str:
    return "".join(
        f'<section class="card"><h2>{escape(section.title)}</h2>{_rows(section)}</section>'
        for section in sections_of(asking)
    )


def _rows(section: Section) -> str:
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in section.rows)
    return f"<dl>{rows}</dl>"


def _votes(asking: Asking) -> str:
    said = said_so_far(asking)
    if not said:
        return ""
    votes = "".join(
        f"<li><b>{escape(who)}</b> <span>{escape(what)}</span>" + (f"<q>{escape(why)}</q>" if why else "") + "</li>"
        for who, what, why in said
    )
    heading = "Decided so far" if isinstance(asking.visit, Activation) else "Decisions"
    return f'<section class="card"><h2>{heading}</h2><ul>{votes}</ul></section>'


def _form(asking: Asking, problem: str | None, comment: str) -> str:
    step = asking.node.step if asking.node else None
    wanted = step.comment if isinstance(step, ApprovalStep) else "optional"
    hint = {"optional": "optional", "required": "required", "required_on_reject": "required to reject"}[wanted]
    marks = "" if wanted == "optional" else " required"
    wrong = ""
    if problem is not None:
        marks += ' aria-invalid="true" aria-describedby="problem"'
        wrong = f'<p class="problem" id="problem" role="alert">{escape(problem)}</p>'
    # Where only a rejection needs a comment, approving is not held up by the browser for want of one.
    unchecked = " formnovalidate" if wanted == "required_on_reject" else ""
    return (
        f'<form method="post">{wrong}<label for="comment">Comment <small>{hint}</small></label>'
        f'<textarea id="comment" name="comment" rows="3" maxlength="10000"{marks}>{escape(comment)}</textarea>'
        f'<div class="actions"><button class="approve" name="decision" value="approve"{unchecked}>Approve</button>'
        '<button class="reject" name="decision" value="reject">Reject</button></div></form>'
    )


def _document(title: str, body: str, status: int) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · Wayline</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><style>{_STYLE}</style></head>'
        f'<body><main><p class="brand">Wayline</p>{body}</main></body></html>',
        status_code=status,
    )


_STYLE = """
:root{color-scheme:light dark;--page:light-dark(#f4f5f7,#0f1216);--card:light-dark(#fff,#181c22);
--text:light-dark(#1b1f24,#e6e9ed);--soft:light-dark(#57606a,#9aa4af);--line:light-dark(#dfe3e8,#2b313a);
--good:light-dark(#1a7f37,#238340);--good-soft:light-dark(#e7f5ea,#132a1b);--bad:light-dark(#b3261e,#ff8a80);
--bad-soft:light-dark(#fdecea,#331716);--focus:light-dark(#1f5fbf,#7fb2ff)}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--text);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;-webkit-text-size-adjust:100%}
main{max-width:38rem;margin:0 auto;padding:1.25rem 1rem 3rem}
.brand{margin:0 0 1.25rem;font-weight:700;letter-spacing:.01em;color:var(--soft);font-size:.9rem}
.eyebrow{margin:0;color:var(--soft);font-size:.95rem}
h1{font-size:1.6rem;line-height:1.2;margin:.15rem 0 1rem;text-wrap:balance;overflow-wrap:anywhere}
h2{font-size:1rem;margin:0 0 .4rem}.what{font-size:1.15rem;margin:1.5rem 0 .6rem;overflow-wrap:anywhere}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:.9rem 1rem;margin:0 0 .8rem}
dl{margin:0}dl>div{padding:.4rem 0;border-top:1px solid var(--line)}dl>div:first-child{border-top:0;padding-top:0}
dl>div:last-child{padding-bottom:0}dt{color:var(--soft);font-size:.875rem}
dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}
ul{list-style:none;margin:0;padding:0}li{padding:.4rem 0;border-top:1px solid var(--line)}
li:first-child{border-top:0;padding-top:0}li:last-child{padding-bottom:0}li span{display:block;color:var(--soft);
font-size:.875rem}
q{display:block;quotes:none;border-left:3px solid var(--line);padding-left:.6rem;margin-top:.25rem;
overflow-wrap:anywhere;white-space:pre-wrap}
form{margin-top:1.2rem}label{display:block;font-weight:600;margin-bottom:.35rem}
label small{font-weight:400;color:var(--soft);font-size:.875rem;margin-left:.25rem}
textarea{display:block;width:100%;font:inherit;color:inherit;background:var(--card);border:1px solid
light-dark(#8c959f,#6b7682);border-radius:10px;padding:.6rem .75rem;resize:vertical;min-height:5rem}
textarea[aria-invalid]{border-color:var(--bad)}
.problem{background:var(--bad-soft);color:var(--bad);border-radius:10px;padding:.65rem .85rem;margin:0 0 .9rem}
.actions{display:flex;gap:.75rem;margin-top:.9rem}
button{flex:1;font:inherit;font-weight:600;min-height:3rem;padding:.6rem 1rem;border-radius:10px;cursor:pointer}
.approve{background:var(--good);color:#fff;border:1px solid var(--good)}
.reject{background:var(--card);color:var(--bad);border:1px solid currentColor}
.approve:hover{filter:brightness(1.08)}.reject:hover{background:var(--bad-soft)}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.notice{background:var(--card);border:1px solid var(--line);border-left-width:6px;border-radius:12px;
padding:1.1rem 1.1rem 1.2rem}.notice h1{font-size:1.4rem;margin:0 0 .35rem}.notice p{margin:0;color:var(--soft)}
.notice p+p{margin-top:.8rem}a{color:var(--focus)}
.notice.good{border-left-color:var(--good)}.notice.bad{border-left-color:var(--bad)}
footer{margin-top:1.5rem;color:var(--soft);font-size:.875rem}
@media (min-width:40rem){main{padding:3rem 1.5rem 4rem}h1{font-size:1.9rem}
dl>div{display:grid;grid-template-columns:10rem 1fr;gap:1rem}dt{font-size:.95rem}}
"""
