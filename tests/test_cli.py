"""The front door: every verb's own examples, the one JSON object, exit codes, whatever a person may type."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import CYCLE, PERSON, ROOT, told

import vigkit as package
from vigkit import steps
from vigkit.casebook import Casebook
from vigkit.cli import main

Run = Callable[..., subprocess.CompletedProcess[str]]
VERBS = [
    "new",
    "demo",
    "put",
    "show",
    "film add",
    "film cut",
    "film still",
    "film proxy",
    "film sheet",
    "film short",
    "moment add",
    "pack",
    "bundle",
    "check",
    "exercises",
    "lab",
]


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory, small_film: Path) -> dict[str, Path]:
    """Three folders to copy: without a casebook, with a new one, and with one where a moment is shared."""
    found = {name: tmp_path_factory.mktemp(name) for name in ("empty", "begun", "marked")}
    for folder in found.values():
        for name in ("snack.mp4", "walk.mp4"):
            shutil.copyfile(small_film, folder / name)
        (folder / "cycle.json").write_text(json.dumps(CYCLE), encoding="utf-8")
    for name in ("begun", "marked"):
        book = steps.new(found[name] / "my-casebook", code="S1", id="S1-room")
        if name == "marked":
            steps.add_film(book, small_film, people=["S1", "C1"], id="snack")
            steps.put(book, "cycle", CYCLE)
            for person in ("S1", "C1"):
                steps.put(book, "consent", PERSON | {"person": person})
            steps.mark(
                book, "01-snack", film="snack", start=12, end=17, share=["supervision", "own-reflection"]
            )
    return found


@pytest.fixture
def room(rooms: dict[str, Path], tmp_path: Path) -> Callable[[str], Path]:
    """A copy of one of them, to work in."""
    return lambda name: Path(shutil.copytree(rooms[name], tmp_path / name))


def examples(verb: str) -> list[str]:
    """The two lines that the help of a verb ends with."""
    help_text = subprocess.run(
        [sys.executable, "-m", "vigkit", *verb.split(), "--help"], capture_output=True, text=True, check=True
    ).stdout
    lines = help_text.rstrip().splitlines()
    return [line.strip() for line in lines[lines.index("examples:") + 1 :]]


def listed(*words: str) -> list[str]:
    """The verbs that a help names."""
    run = subprocess.run([sys.executable, "-m", "vigkit", *words, "--help"], capture_output=True, text=True)
    lines = run.stdout.partition("VERB\n")[2].splitlines()
    return [line.split()[0] for line in lines if line.startswith("    ") and line[4] != " "]


def test_this_file_knows_every_verb() -> None:
    groups = {"film", "moment"}
    found = [v for v in listed() if v not in groups] + [f"{g} {v}" for g in sorted(groups) for v in listed(g)]
    assert sorted(found) == sorted(VERBS)


# Which room each verb's examples are run in, and what they find on standard input.
WHERE = {"new": "empty", "demo": "empty", "film add": "begun"}
CONSENT = json.dumps(PERSON | {"person": "C1"})


@pytest.mark.parametrize("verb", VERBS)
def test_the_examples_of_every_verb_do_what_they_say(
    verb: str, room: Callable[[str], Path], vigkit: Run
) -> None:
    lines = examples(verb)
    assert len(lines) == 2
    place = room(WHERE.get(verb, "marked"))
    if verb == "check":
        packing = ("pack", "my-casebook", "-o", "logs", "--zip", "for-supervision.zip", "--day", "2026-02-01")
        assert vigkit(*packing, cwd=place).returncode == 0
    for line, also in zip(lines, ([], ["--json"]), strict=True):
        first, *words = shlex.split(line)
        assert first == "vigkit" and " ".join(words).startswith(verb)
        run = vigkit(*words, *also, cwd=place, input=CONSENT, stdin=None)
        # 130: it goes on until somebody stops it
        assert run.returncode == (130 if verb == "lab" else 0), f"{line}: {run.stdout}{run.stderr}"
        assert "Traceback" not in run.stderr
        if "--json" in [*words, *also]:
            answer = told(run)
            assert run.stdout.count("\n") == 1, "one line, and nothing beside it"
            assert (answer["format"], answer["verb"], answer["ok"], answer["error"]) == (1, verb, True, None)
            assert answer["left_out"] == [] and RESULT[verb] <= set(answer["result"])
        else:
            assert run.stdout.strip() and str(place) not in run.stdout


RESULT = {
    "new": {"format", "id", "owner", "role", "people", "kept_months"},
    "demo": {"folder", "casebooks", "cycles"},
    "put": {"format", "person", "consents"},
    "show": {"format", "id", "number", "question", "films", "moments"},
    "film add": {"format", "id", "file", "sha256", "seconds", "filmed", "activity", "kind", "people"},
    "film cut": {"file", "moment", "start", "end"},
    "film still": {"file", "moment", "at"},
    "film proxy": {"film", "file", "reason"},
    "film sheet": {"file"},
    "film short": {"file", "moments", "seconds", "letters_left_out"},
    "moment add": {"id", "film", "start", "end", "saw", "share"},
    "pack": {"rendered", "kept", "removed", "index"},
    "bundle": {"file"},
    "check": {"problems"},
    "exercises": {"folder", "exercises", "kept"},
    "lab": {"url"},
}

# One refusal a verb: the words after it, the code, and the exit status.
REFUSED = {
    "new": ([".", "--code", "S1"], "folder-not-empty"),
    "demo": (["my-casebook"], "folder-not-empty"),
    "put": (["my-casebook", "cycle", "nowhere.json"], "bad-record"),
    "show": (["my-casebook", "09-none"], "unknown-cycle"),
    "film add": (["my-casebook", "nowhere.mp4", "--people", "S1"], "film-missing"),
    "film cut": (["my-casebook", "01-snack", "m1", "-o", "x.mp4", "--purpose", "peers"], "consent-missing"),
    "film still": (["my-casebook", "01-snack", "m7", "-o", "x.jpg", "--purpose", "peers"], "unknown-moment"),
    "film proxy": (["my-casebook", "walk"], "unknown-film"),
    "film sheet": (
        ["my-casebook", "01-snack", "m7", "-o", "x.jpg", "--purpose", "peers", "--hide", "box"],
        "unknown-moment",
    ),
    "film short": (["my-casebook", "01-snack", "-o", "x.mp4", "--purpose", "peers"], "consent-missing"),
    "moment add": (
        ["my-casebook", "01-snack", "--film", "x", "--start", "0", "--end", "1"],
        "unknown-film",
    ),
    "pack": (["nowhere", "-o", "logs"], "not-a-casebook"),
    "bundle": (["my-casebook", "01-snack", "-o", "x.json", "--purpose", "fun"], "unknown-purpose"),
    "check": (["nowhere"], "not-a-casebook"),
    "exercises": (["snack.mp4"], "bad-usage"),
    "lab": (["my-casebook", "--page", "12-none"], "bad-usage"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_refusal_of_every_verb_is_one_object_and_exit_2(
    verb: str, rooms: dict[str, Path], vigkit: Run
) -> None:
    words, code = REFUSED[verb]
    run = vigkit(*verb.split(), *words, "--json", cwd=rooms["marked"])
    answer = told(run)
    assert (run.returncode, answer["verb"], answer["ok"], answer["left_out"]) == (2, verb, False, [])
    assert set(answer["error"]) == {"code", "sentence", "where"} and answer["error"]["code"] == code
    assert run.stdout.count("\n") == 1 and not run.stderr
    plain = vigkit(*verb.split(), *words, cwd=rooms["marked"])
    assert (plain.returncode, plain.stdout, plain.stderr) == (2, "", answer["error"]["sentence"] + "\n")


# --- Usage -----------------------------------------------------------------------------------------------

USAGE = [
    [],
    ["fly"],
    ["film"],
    ["film", "fly"],
    ["show"],
    ["show", "a", "b", "c"],
    ["new", "x", "--role", "pilot"],
    ["new", "x", "--colour"],
    ["put", "my-casebook", "film", "x.json"],
    ["demo", "x", "--people", "0"],
    ["demo", "x", "--people", "7"],
    ["demo", "x", "--seed", "-1"],
    ["demo", "x", "--seed", "one"],
    ["film", "add", "my-casebook", "snack.mp4"],
    ["film", "add", "my-casebook", "snack.mp4", "--people", ","],
    ["film", "add", "my-casebook", "snack.mp4", "--people", "S1", "--filmed", "2026-02-30"],
    ["film", "add", "my-casebook", "snack.mp4", "--people", "S1", "--kind", "comedy"],
    ["film", "cut", "my-casebook", "01-snack", "m1", "--purpose", "supervision"],
    ["film", "cut", "my-casebook", "01-snack", "m1", "-o", "x.mp4"],
    ["film", "cut", "my-casebook", "01-snack", "m1", "-o", "none/x.mp4", "--purpose", "supervision"],
    ["film", "cut", "my-casebook", "01-snack", "m1", "-o", "my-casebook", "--purpose", "supervision"],
    [
        "film",
        "cut",
        "my-casebook",
        "01-snack",
        "m1",
        "-o",
        "x.mp4",
        "--purpose",
        "supervision",
        "--day",
        "now",
    ],
    ["film", "still", "my-casebook", "01-snack", "m1", "-o", "x", "--purpose", "supervision", "--at", "nan"],
    ["moment", "add", "my-casebook", "01-snack", "--film", "snack", "--start", "nan", "--end", "2"],
    ["moment", "add", "my-casebook", "01-snack", "--film", "snack", "--start", "0", "--end", "inf"],
    ["moment", "add", "my-casebook", "01-snack", "--film", "snack", "--start=-inf", "--end", "2"],
    ["moment", "add", "my-casebook", "01-snack", "--film", "snack", "--start", "zero", "--end", "2"],
    ["moment", "add", "my-casebook", "01-snack", "--film", "snack", "--end", "2"],
    ["pack", "-o", "logs"],
    ["pack", "my-casebook"],
    ["pack", "my-casebook", "-o", "logs", "--workers", "0"],
    ["pack", "my-casebook", "-o", "logs", "--timeout", "0"],
    ["pack", "my-casebook", "-o", "logs", "--part", "3/2"],
    ["pack", "my-casebook", "-o", "logs", "--cluster", "dask.example:8786"],
    ["pack", "my-casebook", "-o", "logs", "--cluster", "tcp://dask.example:8786"],
    ["bundle", "my-casebook", "01-snack"],
    ["check"],
    ["show", "my-casebook", "--js"],
]


@pytest.mark.parametrize("words", USAGE, ids=" ".join)
def test_words_that_cannot_be_read_are_bad_usage(
    words: list[str],
    rooms: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(rooms["marked"])
    before = sorted(rooms["marked"].rglob("*"))
    assert main([*words, "--json"]) == 2
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["error"]["code"]) == (False, "bad-usage")
    sentence = answer["error"]["sentence"]
    assert sentence.endswith(".") and "invalid" not in sentence
    assert answer["verb"] == " ".join(words[: 2 if words[:1] in (["film"], ["moment"]) else 1])
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", sentence + "\n")
    assert sorted(rooms["marked"].rglob("*")) == before


def test_bad_usage_in_a_process_of_its_own(vigkit: Run) -> None:
    run = vigkit("show", "--json")
    assert (run.returncode, told(run)["error"]["code"], run.stderr) == (2, "bad-usage", "")


def test_version_and_both_ways_to_call(vigkit: Run) -> None:
    run = vigkit("--version")
    assert (run.returncode, run.stdout) == (0, f"vigkit {package.__version__}\n")
    command = shutil.which("vigkit", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("vigkit is not installed beside this Python")
    for words in (["--version"], ["--help"], ["film", "--help"]):
        installed = subprocess.run([command, *words], capture_output=True, text=True)
        assert (installed.returncode, installed.stdout) == (0, vigkit(*words).stdout)


def test_every_verb_has_a_line_in_the_help(vigkit: Run) -> None:
    shown = vigkit("--help").stdout + vigkit("film", "--help").stdout + vigkit("moment", "--help").stdout
    for verb in VERBS:
        assert re.search(rf"^ +{verb.split()[-1]}(?: +|\n +)\w", shown, re.MULTILINE), verb


# --- Whatever a person may type --------------------------------------------------------------------------

WORDS = "Grüße, 你好, שלום 🧀 'quoted' \"twice\" \u202eturned\u202c <b>bold</b> {{ x }} %s\nand a second line"


@pytest.mark.parametrize("locale", [{}, {"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}], ids=str)
def test_words_of_every_language_are_stored_as_they_were_typed(
    locale: dict[str, str], room: Callable[[str], Path], vigkit: Run
) -> None:
    place, env = room("marked"), os.environ | locale
    where = ("my-casebook", "01-snack")
    added = told(
        vigkit(
            "moment",
            "add",
            *where,
            "--film",
            "snack",
            "--start",
            "0",
            "--end",
            "1",
            "--saw",
            WORDS,
            "--json",
            cwd=place,
            env=env,
        )
    )
    assert added["result"]["saw"] == WORDS
    shown = vigkit("show", *where, "--json", cwd=place, env=env)
    assert told(shown)["result"]["moments"][-1] == added["result"]
    assert vigkit("show", *where, cwd=place, env=env).returncode == 0
    stored = json.loads((place / "my-casebook/cycles/01-snack.json").read_text(encoding="utf-8"))
    assert stored["moments"][-1]["saw"] == WORDS


NAMES = [
    "käse 你好.mp4",
    "two  spaces.mp4",
    'it\'s "quoted".mp4',
    "100%03d.mp4",
    "concat:a|b.mp4",
    "a;b&c$d.mp4",
]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not take all of these names")
@pytest.mark.parametrize("name", [*NAMES, "-x.mp4", os.fsdecode(b"sn\xe4ck.mp4")], ids=ascii)
def test_films_and_clips_may_have_any_name(name: str, room: Callable[[str], Path], vigkit: Run) -> None:
    place = room("begun")
    film = place / "snack.mp4"
    renamed = film.rename(place / name)
    whole = renamed.read_bytes()
    words = ("film", "add", "my-casebook", "--people", "S1", "--id", "snack", "--json", "--", name)
    # The plain `--` of every program lets a name begin with a dash.
    added = subprocess.run([sys.executable, "-m", "vigkit", *words], cwd=place, capture_output=True)
    assert added.returncode == 0, added.stdout
    assert json.loads(added.stdout)["result"]["file"] == "films/snack.mp4"
    assert renamed.read_bytes() == whole and (place / "my-casebook/films/snack.mp4").read_bytes() == whole
    book = Casebook(place / "my-casebook")
    steps.put(book, "consent", PERSON | {"person": "S1"})
    steps.put(book, "cycle", CYCLE)
    steps.mark(book, "01-snack", film="snack", start=2, end=3, share=["supervision"])
    for verb, out in (("cut", f"cut {name}"), ("still", f"still {name}.png")):
        words = (
            "film",
            verb,
            "my-casebook",
            "01-snack",
            "m1",
            "-o",
            out,
            "--purpose",
            "supervision",
            "--json",
        )
        made = subprocess.run([sys.executable, "-m", "vigkit", *words], cwd=place, capture_output=True)
        assert made.returncode == 0, made.stdout
        assert json.loads(made.stdout)["ok"]
        assert place.joinpath(out).stat().st_size > 500
    assert not [p for p in place.rglob("*") if p.suffix == ".part"]


@pytest.mark.parametrize(("verb", "head"), [("cut", b"ftyp"), ("still", b"\xff\xd8\xff")])
def test_a_dash_is_a_file_name_and_standard_output_stays_ours(
    verb: str, head: bytes, room: Callable[[str], Path], vigkit: Run
) -> None:
    place = room("marked")
    run = vigkit(
        "film",
        verb,
        "my-casebook",
        "01-snack",
        "m1",
        "-o",
        "-",
        "--purpose",
        "supervision",
        "--json",
        cwd=place,
    )
    assert told(run)["ok"] and head in (place / "-").read_bytes()[:12]


@pytest.mark.parametrize("kind", ["cycle", "consent", "note"])
def test_records_come_in_on_standard_input_too(kind: str, room: Callable[[str], Path], vigkit: Run) -> None:
    record: dict[str, Any] = {
        "cycle": CYCLE | {"id": "02-ü".replace("ü", "u"), "situation": WORDS},
        "consent": PERSON | {"person": "C9", "unheard": WORDS},
        "note": {"format": 1, "cycle": "01-snack", "by": "V1", "notice": WORDS},
    }[kind]
    place = room("marked")
    run = vigkit("put", "my-casebook", kind, "-", "--json", cwd=place, input=json.dumps(record), stdin=None)
    stored = told(run)["result"]
    assert run.returncode == 0 and record.items() <= stored.items()
    assert (kind == "note") == ("read" in stored), "what a supervisor has read is filled in"
    (place / "again.json").write_text(json.dumps(record, ensure_ascii=True), encoding="utf-8-sig")
    again = vigkit("put", "my-casebook", kind, "again.json", "--json", cwd=place)
    assert told(again)["result"] == stored, "a file of Windows begins with a mark; that is no letter of it"


# --- Stopped, cut off ------------------------------------------------------------------------------------


def stopped(words: list[str], place: Path) -> tuple[int, str, str]:
    """Ctrl-C, as a terminal sends it to a verb and all that it started, once that is at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "vigkit", *words],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr
    first = process.stderr.readline()
    assert first.strip(), "it tells what it does"
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, first + err


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C in another way")
@pytest.mark.parametrize(
    "words", [["demo", "demonstration"], ["pack", "my-casebook", "-o", "logs"]], ids=" ".join
)
def test_ctrl_c_ends_a_long_verb_with_130_and_leaves_nothing_half_done(
    words: list[str], room: Callable[[str], Path]
) -> None:
    place = room("marked")
    code, out, err = stopped(words, place)
    assert code == 130, err
    assert out == "" and "Traceback" not in err and "Stopped" in err
    assert not (place / "demonstration").exists()
    left = {p.name for p in place.rglob("*")} - {p.name for p in place.joinpath("my-casebook").rglob("*")}
    assert left <= {
        "my-casebook",
        "snack.mp4",
        "walk.mp4",
        "cycle.json",
        "logs",
        ".pack.lock",
        ".pack.part",  # the journal: the next pack has to know which pages are its own
        "pack.json",
        "index.html",
    }


@pytest.mark.skipif(os.name == "nt", reason="pipes end in another way on Windows")
def test_a_reader_that_goes_away_is_no_reason_for_a_traceback(rooms: dict[str, Path]) -> None:
    read, write = os.pipe()
    os.close(read)
    run = subprocess.run(
        [sys.executable, "-m", "vigkit", "show", "my-casebook"],
        cwd=rooms["marked"],
        stdout=write,
        stderr=subprocess.PIPE,
    )
    os.close(write)
    assert run.stderr == b"" and run.returncode in (0, 3)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("also", [[], ["--json"]], ids=["words", "json"])
def test_an_answer_that_cannot_be_written_is_told(also: list[str], rooms: dict[str, Path]) -> None:
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            [sys.executable, "-m", "vigkit", "show", "my-casebook", *also],
            cwd=rooms["marked"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert run.returncode == 3 and "Traceback" not in run.stderr and "no space left" in run.stderr


def test_debug_tells_more_and_json_stays_one_object(rooms: dict[str, Path], vigkit: Run) -> None:
    run = vigkit("show", "my-casebook", "09-none", "--debug", "--json", cwd=rooms["marked"])
    assert "Traceback" in run.stderr and json.loads(run.stdout)["error"]["code"] == "unknown-cycle"


def test_help_and_version_need_no_terminal(vigkit: Run) -> None:
    for words in (["--help"], ["pack", "--help"]):
        narrow = vigkit(*words, env=os.environ | {"COLUMNS": "20"})
        assert narrow.returncode == 0 and narrow.stdout


def test_the_order_of_the_verbs_is_the_order_of_the_work(vigkit: Run) -> None:
    shown = vigkit("--help").stdout
    places = [
        shown.index(f"\n    {verb} ")
        for verb in ("new", "demo", "put", "show", "film", "moment", "pack", "check")
    ]
    assert all(a < b for a, b in pairwise(places))


def test_this_is_the_checkout_that_is_tried() -> None:
    assert Path(package.__file__).parent == ROOT / "vigkit"
