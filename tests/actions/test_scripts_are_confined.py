"""A script can reckon and ask, and nothing else: whatever it tries, it ends with a code and a sentence."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import msgspec
import pytest

from wayline.actions.script.runner import (
    ERROR_CHARS_MAX,
    LIMITS,
    OUTPUT_BYTES_MAX,
    Ending,
    Limits,
    check_script,
    confined_command,
    in_process,
    run_script,
)
from wayline.core.script import LOG_LINES_MAX, REQUESTS_MAX, SOURCE_BYTES_MAX

# What runs out of time does so soon; what runs out of something else does so on the slowest machine.
SOON, PATIENT = Limits(cpu_s=1, wall_s=60.0), Limits(cpu_s=60, wall_s=120.0)

HOSTILE = {
    "a loop": ("for i in range(1000000000):\n  pass", "too_many_steps", 1),
    "loops in loops": ("for i in range(100000):\n  for j in range(100000):\n    x = i * j", "too_many_steps", None),
    "a list comprehension": ("x = [i for i in range(1000000000)]", "out_of_memory", None),
    "a loop in a function": ("def f():\n  for i in range(1000000000):\n    pass\nf()", "too_many_steps", 2),
    "much work in few steps": ("l = list(range(200000))\nfor i in range(100000):\n  -1 in l", "out_of_time", None),
    "a list times a number": ("x = [0] * 1000000000", "out_of_memory", None),
    "a list doubled": ("x = [1]\nfor i in range(40):\n  x = x + x", "out_of_memory", None),
    "a text doubled": ('x = "a"\nfor i in range(50):\n  x = x + x', "out_of_memory", None),
    "a text times a number": ('x = "a" * 2000000000', "out_of_memory", None),
    "a dictionary grown": ("d = {}\nfor i in range(9000000):\n  d[i] = str(i) * 50", "out_of_memory", None),
    "endless recursion": ("def f(n):\n  return f(n + 1)\nf(0)", "too_deep", 2),
    "two that call each other": ("def f():\n  g()\ndef g():\n  f()\nf()", "too_deep", None),
    "signs without end": ("x = " + "-" * 30_000 + "1", "crashed", None),
    "a list nested without end": ("x = []\nfor i in range(1000000):\n  x = [x]\nresult = x", "crashed", None),
    "a list nested too deep": ("x = []\nfor i in range(60):\n  x = [x]\nresult = x", "not_json", None),
    "a list in itself": ("x = []\nx.append(x)\nresult = x", "not_json", None),
    "a list in itself, asked for": ("x = []\nx.append(x)\ncore.notify(x, x)", "failed", 3),
    "a function as result": ("def result():\n  pass", "not_json", None),
    "a number too long": ("x = 2\nfor i in range(15):\n  x = x * x\nresult = x", "not_json", None),
    "a module": ('load("os", "system")', "not_allowed", 1),
    "an import": ("import os", "syntax", 1),
    "python's import": ('__import__("os")', "unknown_name", 1),
    "python's builtins": ("__builtins__", "unknown_name", 1),
    "opening a file": ('open("/etc/passwd")', "unknown_name", 1),
    "evaluating": ('eval("1")', "unknown_name", 1),
    "the class of a function": ("core.create_ticket.__class__", "failed", 1),
    "the globals of a function": ('getattr(core.log, "__globals__")', "failed", 1),
    "catching what ends it": ("try:\n  x = [0] * 1000000000\nexcept:\n  pass", "syntax", 1),
    "a while loop": ("while True:\n  pass", "syntax", 1),
    "too many requests": (f'for i in range({REQUESTS_MAX + 1}):\n  core.notify("ana", "x")', "too_many_requests", 2),
    "requests too large": ('for i in range(90):\n  core.notify("ana", "x" * 10000)', "too_much_output", None),
    "a flood of lines": ("for i in range(100000):\n  core.log(i)", "too_much_output", 2),
    "a flood of long lines": ('for i in range(100):\n  core.log("x" * 2000)', "too_much_output", 2),
    "a result too large": ('result = "x" * 100000', "too_much_output", None),
    "a text too long": ("#" * (SOURCE_BYTES_MAX + 1), "too_long", None),
    "no script": ("Dear colleagues,", "syntax", 1),
    "an open bracket": ("x = 1\ny = (", "syntax", 2),
    "a division by nothing": ("x = 1\ny = x // 0", "failed", 2),
    "its own error": ("x = 1\n\nfail('no such', 'luck')", "failed", 3),
    "a parameter nobody knows": ('param("password")', "unknown_parameter", 1),
    "no argument": ("core.create_ticket()", "bad_request", 1),
    "an argument too many": ('core.add_label("ana", "vip", "now")', "bad_request", 1),
    "an argument twice": ('core.add_label("ana", user="bo", label="vip")', "bad_request", 1),
    "an unknown argument": ('core.create_ticket("x", colour="red")', "bad_request", 1),
    "an argument of another kind": ("core.create_ticket(1)", "bad_request", 1),
    "a function there is none of": ("core.delete_everything()", "failed", 1),
}


@pytest.mark.parametrize(("text", "code", "line"), HOSTILE.values(), ids=HOSTILE)
def test_whatever_a_script_does_wrong_has_a_code_and_a_sentence(text: str, code: str, line: int | None) -> None:
    ran = run_script(text, {}, limits=SOON if code == "out_of_time" else PATIENT)
    assert ran.error is not None
    assert (ran.error.code, ran.result) == (code, None)
    assert ran.error.message
    if line is not None:
        assert ran.error.line == line


def test_a_script_that_ends_well_has_a_result_lines_and_requests() -> None:
    ran = run_script(
        'ticket = core.create_ticket("Gate " + param("payload")["gate"], priority="P2")\n'
        'core.update_ticket(ticket, status="pending", tags=["gate"])\n'
        'core.log("asked for", ticket, {"n": 1})\n'
        'print(param("userId"), param("colour"))\n'
        'result = {"gates": [n for n in range(3)], "none": param("from")}',
        {"payload": {"gate": "4"}, "colour": "red"},
    )
    assert ran.error is None
    assert ran.result == {"gates": [0, 1, 2], "none": None}
    assert ran.log == ('asked for asked:1 {"n": 1}', "null red")
    assert ran.requests == (
        {"do": "create_ticket", "with": {"title": "Gate 4", "priority": "P2"}},
        {"do": "update_ticket", "with": {"ticket": "asked:1", "status": "pending", "tags": ["gate"]}},
    )


def test_the_same_script_says_the_same_again() -> None:
    text = 'd = {}\nfor w in "the quick brown fox".split(" "):\n  d[w] = hash(w)\nresult = [d, dir([]), sorted(d)]'
    first, second = run_script(text, {}), run_script(text, {})
    assert first.error is None
    assert first.result == second.result


def test_what_cannot_be_kept_is_replaced() -> None:
    ran = run_script('core.log("a\\x00b")\nresult = ["c\\x00d", 1 << 80]', {})
    assert (ran.log, ran.result) == (("a\ufffdb",), ["c\ufffdd", str(1 << 80)])


def test_long_lines_are_cut_and_all_lines_are_kept() -> None:
    ran = run_script('for i in range(10):\n  core.log("x" * 5000)', {})
    assert (ran.error, len(ran.log), {len(line) for line in ran.log}) == (None, 10, {2000})
    ran = run_script(f"for i in range({LOG_LINES_MAX}):\n  core.log(i)", {})
    assert (ran.error, len(ran.log)) == (None, LOG_LINES_MAX)


def test_an_error_is_a_sentence_however_long_the_script_makes_it() -> None:
    error = run_script('fail("x" * 100000)', {}).error
    assert error is not None
    assert (error.code, len(error.message)) == ("failed", ERROR_CHARS_MAX)


def test_checking_a_text_runs_nothing_and_names_the_place() -> None:
    assert check_script("for i in range(1000000000):\n  fail(1)") is None
    error = check_script("x = 1\ny = = 2")
    assert error is not None
    assert (error.code, error.line) == ("syntax", 2)


# -- the process that it runs in -------------------------------------------------------------------

PROBE = """
import os, resource, socket, sys
sys.path.insert(0, sys.argv[1])
sys.path.insert(1, {package!r})
from wayline.actions.script.confined import _confine
import json
_confine(memory_bytes=int(sys.argv[2]), cpu_s=int(sys.argv[3]))
def tried(what):
    try:
        what()
        return "done"
    except Exception as error:
        return type(error).__name__
told = {{
    "environment": dict(os.environ),
    "directory": os.getcwd(),
    "open": [n for n in range(3, 1024) if tried(lambda: os.fstat(n)) == "done"],
    "reading a file": tried(lambda: open("/etc/passwd")),
    "writing a file": tried(lambda: open("/tmp/written-by-a-script", "w")),
    "a socket": tried(socket.socket),
    "a process group of its own": os.getpgrp() == os.getpid(),
    "limits": [resource.getrlimit(n) for n in (resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)],
}}
print(json.dumps(told))
"""


def test_the_process_has_nothing_of_its_parents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLINE_SECRET_KEY", "not for scripts")
    probe = tmp_path / "probe.py"
    package = str(Path(__file__).resolve().parents[2] / "src")
    probe.write_text(PROBE.format(package=package))
    with (tmp_path / "held open").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        ended = in_process(confined_command(probe, LIMITS), b"", wall_s=60)
    told = msgspec.json.decode(ended.output)
    assert {name: value for name, value in told["environment"].items() if name != "LC_CTYPE"} == {}
    assert (told["open"], told["directory"]) == ([], "/")
    assert (told["reading a file"], told["writing a file"], told["a socket"]) == ("OSError", "OSError", "OSError")
    assert told["a process group of its own"]
    assert told["limits"] == [[0, 0]] * 3


def test_a_process_that_hangs_is_ended(tmp_path: Path) -> None:
    program = tmp_path / "hang.py"
    program.write_text("import signal\nsignal.pause()\n")
    ended = in_process(confined_command(program, LIMITS), b"", wall_s=0.1)
    assert (ended.status, ended.cut) == (-9, "time")


def test_a_process_that_writes_without_end_is_ended(tmp_path: Path) -> None:
    program = tmp_path / "flood.py"
    program.write_text("while True:\n    print('x' * 1000)\n")
    ended = in_process(confined_command(program, LIMITS), b"", wall_s=60)
    assert (ended.cut, len(ended.output)) == ("output", OUTPUT_BYTES_MAX + 1)


def test_fifty_scripts_leave_no_process_behind() -> None:
    texts = ["result = 1", "for i in range(1000000000):\n  pass", "x = [0] * 1000000000", "fail()", "x ="]
    codes = [getattr(run_script(texts[place % 5], {}).error, "code", None) for place in range(50)]
    assert set(codes) == {None, "too_many_steps", "out_of_memory", "failed", "syntax"}
    left = subprocess.run(["ps", "-o", "pid=,stat=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True)
    assert [line for line in left.stdout.splitlines() if "confined" in line or "Z" in line.split()[1]] == []


def test_a_script_nobody_waits_for_is_ended(tmp_path: Path) -> None:
    program, ending = tmp_path / "hang.py", Ending()
    program.write_text("import signal\nsignal.pause()\n")
    ending.end()
    ended = in_process(confined_command(program, LIMITS), b"", wall_s=60, ending=ending)
    assert (ended.status, ended.cut) == (-9, None)
