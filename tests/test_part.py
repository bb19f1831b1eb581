"""Parts of a pack, each on its own computer: together they are the pack that one computer makes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from conftest import CYCLE, ROOT, told, tree_hash
from test_cluster import until
from test_pack import DAY, GONE, log, packing, rows, states, team_template

import vigkit as package
from vigkit import checks, steps
from vigkit.casebook import Casebook
from vigkit.cycle import Bundle
from vigkit.errors import BadUsage, Busy
from vigkit.render import pack, room, template
from vigkit.render.pack import Progress
from vigkit.render.room import WHOLE, Part, entered, part

Run = Callable[..., subprocess.CompletedProcess[str]]
ONE, TWO = Part(1, 2), Part(2, 2)
LOGS = [log(f"S{n}-book", f"0{m}-walk") for n in (1, 2, 3) for m in (1, 2, 3)]
FILES = {each: f"{each.casebook}/{each.cycle.id}.html" for each in LOGS}


def share(of: Part, logs: list[Bundle] = LOGS) -> list[Bundle]:
    return [each for each in logs if of.has(each.casebook, each.cycle.id)]


MINE, THEIRS = share(ONE), share(TWO)


def pages(out: Path) -> dict[str, bytes]:
    return {name: page for name, (_, page) in states(out).items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What one computer makes of all logs, one of which may not be shown."""
    out = tmp_path_factory.mktemp("whole") / "out"
    packing(out, [*LOGS, GONE])
    return pages(out)


def test_every_log_is_in_one_part_whatever_others_there_are() -> None:
    assert MINE and THEIRS and {*MINE} | {*THEIRS} == {*LOGS} and not {*MINE} & {*THEIRS}
    names = [(f"S{n}-book", f"{m:02}-walk") for n in range(10) for m in range(30)]
    for of in (1, 2, 3, 64):
        found = [[each for each in names if Part(n, of).has(*each)] for n in range(1, of + 1)]
        assert sorted(chain(*found)) == sorted(names)
        assert max(map(len, found)) < 2.5 * len(names) / of + 5, "nobody has most of the work"


@pytest.mark.parametrize(
    "text", ["0/2", "3/2", "1/65", "1", "1/0", "a/2", "1/2/3", "-1/2", "1.5/2", "", "¹/2"]
)
def test_what_is_no_part_is_bad_usage(text: str) -> None:
    with pytest.raises(BadUsage, match="1/2"):
        part(text)
    assert part("1/1") == WHOLE


@pytest.mark.parametrize("order", [(ONE, TWO), (TWO, ONE)], ids=str)
def test_one_after_the_other_they_make_the_bytes_of_one_computer(
    tmp_path: Path, whole: dict[str, bytes], order: tuple[Part, Part]
) -> None:
    out, (first, second) = tmp_path / "out", order
    one = packing(out, [*LOGS, GONE], part=first)
    assert (one.rendered, one.kept, one.for_others) == (len(share(first)), 0, len(share(second)))
    assert {name for name in pages(out) if name in FILES.values()} == {FILES[each] for each in share(first)}
    assert not checks.check(out), "what one part has made can be read meanwhile"
    two = packing(out, [*LOGS, GONE], part=second)
    assert (two.rendered, two.kept, two.removed, two.for_others) == (len(share(second)), 0, 0, 0)
    assert pages(out) == whole
    assert one.left_out == two.left_out == (GONE,)
    before = states(out)
    again = packing(out, [*LOGS, GONE], part=first)
    assert (again.rendered, again.kept, states(out)) == (0, len(share(first)), before)
    assert packing(out, [*LOGS, GONE]).kept == len(LOGS) and states(out) == before
    assert {p.name for p in out.glob(".*")} == {".pack.lock", ".pack-1-of-2.lock", ".pack-2-of-2.lock"}


# No log ends before logs of both parts are in work.
TOGETHER = """
import os, pathlib, time
place, cycle = pathlib.Path({place!r}), sections.open_bundle(bundle)
place.joinpath(cycle.casebook + cycle.cycle.id).touch()
while not place.joinpath("go").exists():
    time.sleep(0.02)
"""
PART = """
from pathlib import Path
from test_part import LOGS, GONE, Part, packing, template
own = template.find(Path({team!r}), "vigkit")
found = packing(Path({out!r}), [*LOGS, GONE], own=own, workers=1, part=Part({number}, 2))
print(found.rendered, found.kept, found.for_others)
"""


def parted(out: Path, team: Path, number: int) -> subprocess.Popen[str]:
    """One part in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", PART.format(out=str(out), team=str(team), number=number)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def test_at_the_same_time_they_do_not_wait_for_one_another(tmp_path: Path) -> None:
    out, place = tmp_path / "out", tmp_path / "begun"
    place.mkdir()
    own = team_template(tmp_path / "team", TOGETHER.format(place=str(place)), "vigkit")
    both = [parted(out, own.folder, number) for number in (1, 2)]
    try:
        until(lambda: len(list(place.iterdir())) == 2)
        place.joinpath("go").touch()
        said = [process.communicate(timeout=60) for process in both]
    finally:
        for process in both:
            process.kill()
    assert [err for _, err in said] == ["", ""]
    assert sum(int(line.split()[0]) for line, _ in said) == len(LOGS)
    assert "0" in [line.split()[2] for line, _ in said], "the last one finds all of them"
    packing(tmp_path / "alone", [*LOGS, GONE], own=own)
    assert pages(out) == pages(tmp_path / "alone")
    assert not checks.check(out)


@pytest.mark.skipif(os.name == "nt", reason="signal 9 is not for Windows")
def test_when_one_is_killed_the_other_comes_to_its_end_and_the_killed_one_goes_on(tmp_path: Path) -> None:
    out, place = tmp_path / "out", tmp_path / "begun"
    place.mkdir()
    own = team_template(tmp_path / "team", TOGETHER.format(place=str(place)), "vigkit")
    number, mine, others = max((1, MINE, TWO), (2, THEIRS, ONE), key=lambda each: len(each[1]))
    first = parted(out, own.folder, number)
    until(lambda: len(list(place.iterdir())) == 1)
    first.send_signal(signal.SIGSTOP)  # it takes no page any more until it is killed
    assert next(out.glob(".work-*/*/bundle.json")), "words lie there"
    place.joinpath("go").touch()
    first.kill()
    first.communicate()
    assert not out.joinpath("pack.json").exists()
    found = packing(out, [*LOGS, GONE], own=own, part=others)
    assert (found.rendered, found.for_others) == (len(LOGS) - len(mine), len(mine))
    assert not list(out.glob(".work*")), "the words of one that is gone go too"
    assert not checks.check(out)
    again = packing(out, [*LOGS, GONE], own=own, part=Part(number, 2))
    assert (again.rendered, again.for_others) == (len(mine), 0)
    packing(tmp_path / "alone", [*LOGS, GONE], own=own)
    assert pages(out) == pages(tmp_path / "alone")


def stop(progress: Progress) -> None:
    """Broken off after the first page, without a word to anybody."""
    if progress.done == 1:
        raise OSError


def test_a_finished_page_of_one_that_was_broken_off_counts_and_half_a_page_does_not(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert len(MINE) > 1
    with pytest.raises(OSError):
        packing(out, LOGS, part=ONE, report=stop, workers=1)
    [made] = out.glob("S*/0*.html")
    assert not out.joinpath("pack.json").exists()
    found = packing(out, LOGS, part=TWO)
    assert found.for_others == len(MINE) - 1
    listed = json.loads(out.joinpath("pack.json").read_bytes())["logs"]
    assert made.relative_to(out).as_posix() in [row["file"] for row in listed]
    made.write_text("<p>half", encoding="utf-8")
    assert packing(out, LOGS, part=TWO).for_others == len(MINE)
    assert not made.exists() and not checks.check(out)
    again = packing(out, LOGS, part=ONE)
    assert (again.rendered, again.for_others) == (len(MINE), 0)


def test_a_reason_of_another_part_stays_while_its_log_has_no_page(tmp_path: Path) -> None:
    out, fails = tmp_path / "out", THEIRS[0]
    code = f"it = sections.open_bundle(bundle)\nif [it.casebook, it.cycle.id] == [{fails.casebook!r}, "
    code += f"{fails.cycle.id!r}]: raise ValueError('no spoon')"
    own = team_template(tmp_path / "team", code, "vigkit")
    for of in (TWO, ONE):
        packing(out, LOGS, own=own, part=of)
    packing(tmp_path / "alone", LOGS, own=own)
    assert pages(out) == pages(tmp_path / "alone")
    assert len(rows(out.joinpath("index.html").read_text("utf-8"), "left-out")) == 1
    gone = [each for each in LOGS if each is not fails]
    left = [e.cycle for e in packing(out, gone, own=own, part=ONE).left_out if e.casebook == fails.casebook]
    assert fails.cycle.id not in left, "nobody asks for it any more"


def test_where_only_the_template_fails_what_stood_before_stays_beside_its_reason(tmp_path: Path) -> None:
    own = team_template(tmp_path / "team", "", "vigkit")
    for out in ("parts", "alone"):
        packing(tmp_path / out, LOGS, own=own)
    notebook = own.folder / "log.ipynb"
    text = notebook.read_text("utf-8").replace("import sections", "import nothing_of_this_name")
    notebook.write_text(text, encoding="utf-8")
    for of in (TWO, ONE):
        found = packing(tmp_path / "parts", LOGS, own=own, part=of)
    assert len(packing(tmp_path / "alone", LOGS, own=own).left_out) == len(found.left_out) == len(LOGS)
    assert pages(tmp_path / "parts") == pages(tmp_path / "alone")
    assert {*FILES.values()} < {*pages(tmp_path / "parts")}


def changed(bundle: Bundle, words: str = "Another word") -> Bundle:
    return replace(bundle, cycle=replace(bundle.cycle, working_point=words))


def test_whoever_runs_first_takes_away_what_may_not_be_shown_any_more(tmp_path: Path) -> None:
    """A log that was taken back, and one that shows something else now, both made by another part."""
    out, (back, other) = tmp_path / "out", THEIRS[:2]
    packing(out, LOGS)
    rest = [changed(each) if each is other else each for each in LOGS if each is not back]
    found = packing(out, rest, part=ONE)
    assert (found.rendered, found.kept, found.removed, found.for_others) == (0, len(MINE), 2, 1)
    assert not {FILES[back], FILES[other]} & {*pages(out)}
    told = b"".join(page for name, page in pages(out).items())
    assert f"after {back.cycle.id}".encode() not in pages(out).get(f"{back.casebook}/_over-time.html", b"")
    assert b"Another word" not in told and not checks.check(out)
    packing(out, rest, part=TWO)
    packing(tmp_path / "alone", rest)
    assert pages(out) == pages(tmp_path / "alone")


def test_another_vigkit_on_the_other_computer_undoes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    packing(out, LOGS, part=ONE)
    before = {FILES[each]: states(out)[FILES[each]] for each in MINE}
    monkeypatch.setattr(package, "__version__", "99")
    found = packing(out, LOGS, part=TWO)
    assert (found.rendered, found.removed, found.for_others) == (len(THEIRS), 0, 0)
    after = states(out)
    assert {name: after[name] for name in before} == before
    assert len(json.loads(after["pack.json"][1])["logs"]) == len(LOGS)


def test_another_split_day_or_purpose_leaves_nothing_that_does_not_belong(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for of in (ONE, Part(2, 3), Part(1, 3), Part(3, 3)):
        packing(out, LOGS, part=of, day="2026-11-20")
    packing(out, LOGS, part=TWO)
    packing(tmp_path / "alone", LOGS)
    assert pages(out) == pages(tmp_path / "alone")
    peers = [replace(each, purpose="peers") for each in LOGS]
    pack.pack(peers, out, template=template.find(), purpose="peers", day=DAY, part=ONE)
    assert {*pages(out)} & {*FILES.values()} == {FILES[each] for each in MINE}


def test_a_pack_of_everything_waits_for_parts_and_parts_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    packing(out, LOGS[:1])
    monkeypatch.setattr(room, "WAIT", 0.3)
    before = tree_hash(out)
    with entered(out, ONE):
        for of in (WHOLE, ONE):
            with pytest.raises(Busy), entered(out, of):
                pass
        with entered(out, TWO):  # another part does not wait
            pass
    with entered(out, WHOLE):
        for of in (WHOLE, ONE, Part(1, 3)):
            with pytest.raises(Busy), entered(out, of):
                pass
    with entered(out, WHOLE), pytest.raises(Busy), entered(out, ONE) as inner:
        assert inner is None
    locks = [p for p in out.iterdir() if p.name.endswith(".lock") and p.name != ".pack.lock"]
    for lock in locks:
        lock.unlink()
    assert tree_hash(out) == before


def test_on_the_command_line_one_is_told_what_the_other_part_is_for(
    book: Casebook, tmp_path: Path, vigkit: Run
) -> None:
    for number in range(1, 6):
        steps.put(book, "cycle", CYCLE | {"id": f"0{number}-snack", "number": number})
    out, words = tmp_path / "out", ("pack", book.folder, "-o", tmp_path / "out", "--day", DAY)
    first = vigkit(*words, "--part", "1/2")
    assert first.returncode == 0 and "The other part makes" in first.stdout, first.stderr
    second = told(vigkit(*words, "--part", "2/2", "--json"))["result"]
    assert (second["part"], second["for_others"]) == ("2/2", 0)
    assert second["rendered"] + int(first.stdout.split()[0]) == 5
    again = vigkit(*words, "--part", "1/2")
    assert "No other part has anything left to make." in again.stdout
    assert "part" not in told(vigkit(*words, "--json"))["result"]
    assert vigkit("check", out).returncode == 0
    refused = told(vigkit(*words, "--part", "3/2", "--json"))
    assert refused["error"]["code"] == "bad-usage"
