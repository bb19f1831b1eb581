"""The front door: parses, calls, prints."""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import re
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from vigkit import __version__
from vigkit.errors import BadRecord, BadUsage, VigkitError, on_disk, refused_by_system

if TYPE_CHECKING:
    from vigkit.cycle import LeftOut
    from vigkit.render.archive import HandedOver
    from vigkit.render.index import Clip
    from vigkit.render.pack import Packed, Progress, Watched

Report = Callable[[float, str], None]
_HURRY = 5.0  # seconds in which a second Ctrl-C is the first one
_EVERY = 2.0  # seconds between two lines that tell how far it is


@dataclass(frozen=True, slots=True)
class Done:
    """What a verb has done: its result as data, as words, and what it left out."""

    result: dict[str, Any]
    words: str
    left_out: Sequence[dict[str, Any]] = ()
    exit: int = 0
    hint: str | None = None  # a word to the person, which is no result
    goes_on: Callable[[Callable[[], object]], int] | None = None  # has it told, goes on, and gives the status


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status of contract.md §1."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # Windows consoles; names that are not UTF-8
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        with _heard_once():
            return _answer(words)
    except BrokenPipeError:  # whoever was reading has gone, and the work is done
        _let_go(sys.stdout)
        return 0
    except OSError as e:  # standard output is a file on a full disk
        _let_go(sys.stdout)
        return _tell_error("", False, refused_by_system(e, "the answer"), False)


@contextmanager
def _heard_once() -> Iterator[None]:
    """A second Ctrl-C in a hurry does not disturb what the first one has set in motion."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler or not _in_main_thread():
        yield
        return
    first = -_HURRY

    def pressed(number: int, frame: object) -> None:
        nonlocal first
        if time.monotonic() >= first + _HURRY:
            first = time.monotonic()
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, pressed)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def stopped(words: Sequence[str]) -> int:
    """Tell that somebody has pressed Ctrl-C before a verb has begun; returns the exit status."""
    status = _tell_error(_verb(words), "--json" in words, _Stopped(), False)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # Python would end by the signal itself, where it came while a dataclass was being made


def _answer(words: Sequence[str]) -> int:
    as_json = "--json" in words
    verb = _verb(words)
    error: VigkitError
    try:
        asked = _parser().parse_args(words)
        verb = asked.verb
        done: Done = asked.run(asked)
    except VigkitError as e:
        error = e
    except KeyboardInterrupt:
        error = _Stopped()
    except OSError as e:
        error = refused_by_system(e, Path(os.fsdecode(e.filename)).name if e.filename else "it")
    except Exception as e:  # the last door: nobody is to meet a traceback
        if "--debug" in words:
            raise
        error = _Unexpected(e)
    else:
        if done.goes_on is not None:
            return done.goes_on(lambda: _tell(done, verb, as_json))
        return _tell(done, verb, as_json)
    return _tell_error(verb, as_json, error, "--debug" in words)


def _let_go(stream: Any) -> None:
    """What is left in a stream that takes nothing any more would be tried again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class _Stopped(VigkitError):
    code = "stopped"
    exit = 130

    def __init__(self) -> None:
        super().__init__("Stopped. What is there can be used.")


class _Unexpected(VigkitError):
    exit = 3

    def __init__(self, error: Exception) -> None:
        super().__init__(
            f"Something happened that vigkit does not know ({type(error).__name__}). "
            "Run the same command with --debug and show that to whoever helps you."
        )


def _tell(done: Done, verb: str, as_json: bool) -> int:
    if done.hint:
        print(_homeless(done.hint), file=sys.stderr, flush=True)
    if as_json:
        _print_json(verb, True, done.result, done.left_out, None)
    else:
        print(_homeless(done.words), flush=True)
    return done.exit


def _tell_error(verb: str, as_json: bool, error: VigkitError, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    if as_json:
        where = error.where and _homeless(error.where)
        told = {"code": error.code, "sentence": _homeless(error.sentence), "where": where}
        _print_json(verb, error.exit in (0, 1), {}, [], told)
    else:
        print(_homeless(error.sentence), file=sys.stderr)
    return error.exit


def _homeless(words: str) -> str:
    """A home folder holds a person's name: people know it as ~."""
    from vigkit.files import home

    return words.replace(home(), "~") if len(home()) > 3 else words


def _print_json(verb: str, ok: bool, result: Any, left_out: Sequence[Any], error: Any) -> None:
    told = {"format": 1, "verb": verb, "ok": ok, "result": result, "left_out": list(left_out), "error": error}
    print(json.dumps(told, ensure_ascii=False), flush=True)


def _new(asked: argparse.Namespace) -> Done:
    from vigkit import steps

    book = steps.new(asked.folder, code=asked.code, role=asked.role)
    record = steps.show(book)
    return Done(
        record,
        f"Made the casebook {record['id']} in {asked.folder}.\nNext: vigkit film add {asked.folder} FILM",
    )


def _demo(asked: argparse.Namespace) -> Done:
    from vigkit.demo import lives

    with _progress(asked) as report:
        made = lives.live(
            asked.folder, people=asked.people, seed=asked.seed, progress=lambda what, part: report(part, what)
        )
    cycles = sum(len(list(book.joinpath("cycles").glob("*.json"))) for book in made)
    return Done(
        {"folder": str(asked.folder), "casebooks": [book.name for book in made], "cycles": cycles},
        f"Made {_count(len(made), 'casebook')} with {cycles} cycles in {asked.folder}.\n"
        f"Next: vigkit pack {asked.folder} -o logs",
    )


def _put(asked: argparse.Namespace) -> Done:
    from vigkit import records, steps
    from vigkit.casebook import Casebook
    from vigkit.files import shown

    if asked.file == "-":
        text, where = sys.stdin.buffer.read(), asked.kind
    else:
        path = Path(asked.file)
        if not path.exists():
            raise BadRecord(path.name, "There is no such file. Check the name.")
        if path.is_dir():
            raise BadRecord(shown(path), "This is a folder. Name the file that holds the record.")
        with on_disk(path):
            text, where = path.read_bytes(), path.name
    stored = steps.put(Casebook(asked.casebook), asked.kind, records.parse(text, where))
    name = stored.get("person") or stored.get("id") or f"{stored['cycle']} by {stored['by']}"
    return Done(stored, f"Saved the {asked.kind} {name}.")


def _show(asked: argparse.Namespace) -> Done:
    from vigkit import records, steps
    from vigkit.casebook import Casebook

    record = steps.show(Casebook(asked.casebook), asked.cycle)
    return Done(record, records.text(record).rstrip())


def _film_add(asked: argparse.Namespace) -> Done:
    from vigkit import records, steps
    from vigkit.casebook import Casebook
    from vigkit.errors import clock

    with _progress(asked) as report:
        film = steps.add_film(
            Casebook(asked.casebook),
            asked.file,
            people=[code.strip() for code in asked.people.split(",") if code.strip()],
            id=asked.id,
            filmed=asked.filmed,
            activity=asked.activity,
            kind=asked.kind,
            refer=asked.refer,
            progress=report,
        )
    words = f"Added the film {film.id}, {clock(film.seconds)} long."
    return Done(records.plain(film), words, hint=steps.hint(film))


def _film_proxy(asked: argparse.Namespace) -> Done:
    from vigkit import steps
    from vigkit.casebook import Casebook
    from vigkit.files import shown

    with _progress(asked) as report:
        file, reason = steps.playable(Casebook(asked.casebook), asked.film, progress=report)
    result = {"film": asked.film, "file": str(file), "reason": reason}
    if reason is None:
        return Done(result, f"Your browser plays the film {asked.film} as it is.")
    return Done(result, f"{reason} A copy for your browser is ready: {shown(file)}. The film stays as it is.")


def _film_cut(asked: argparse.Namespace) -> Done:
    from vigkit import steps
    from vigkit.casebook import Casebook

    with _progress(asked) as report:
        moment = steps.cut(
            Casebook(asked.casebook),
            asked.cycle,
            asked.moment,
            asked.out,
            purpose=asked.purpose,
            day=asked.day,
            hide=asked.hide,
            silent=asked.silent,
            progress=report,
        )
    result = {"file": str(asked.out), "moment": moment.id, "start": moment.start, "end": moment.end}
    return Done(result, f"Cut the moment {moment.id} to {asked.out}.", hint=_about_hiding(asked, [moment]))


def _film_still(asked: argparse.Namespace) -> Done:
    from vigkit import steps
    from vigkit.casebook import Casebook
    from vigkit.errors import clock

    at = steps.still(
        Casebook(asked.casebook),
        asked.cycle,
        asked.moment,
        asked.out,
        purpose=asked.purpose,
        at=asked.at,
        day=asked.day,
        hide=asked.hide,
    )
    result = {"file": str(asked.out), "moment": asked.moment, "at": at}
    return Done(result, f"Took the picture at {clock(at)} to {asked.out}.", hint=_about_hiding(asked))


def _film_sheet(asked: argparse.Namespace) -> Done:
    from vigkit import steps
    from vigkit.casebook import Casebook

    moments = steps.sheet(
        Casebook(asked.casebook),
        asked.cycle,
        asked.out,
        purpose=asked.purpose,
        hide=asked.hide,
        moment=asked.moment,
        day=asked.day,
    )
    words = f"Put the pictures on {asked.out}. Look at each of them before you make the film."
    return Done({"file": str(asked.out)}, words, hint=_about_hiding(asked, moments))


def _film_short(asked: argparse.Namespace) -> Done:
    from vigkit import steps
    from vigkit.casebook import Casebook

    with _progress(asked) as report:
        made = steps.short(
            Casebook(asked.casebook),
            asked.cycle,
            asked.out,
            purpose=asked.purpose,
            day=asked.day,
            hide=asked.hide,
            silent=asked.silent,
            progress=report,
        )
    told = [f"Made the short film with {_count(len(made.moments), 'moment')}: {asked.out}."]
    told += [f"Left out: {_place(each)}{each.sentence}" for each in made.left_out]
    if made.without_picture:
        told.append(f"No font here has these letters, and they were left out: {made.without_picture}")
    result = {
        "file": str(asked.out),
        "moments": [m.id for m in made.moments],
        "seconds": made.seconds,
        "letters_left_out": made.without_picture,
    }
    left_out = [_left_out(each) for each in made.left_out]
    exit = 1 if left_out or made.without_picture else 0
    return Done(result, "\n".join(told), left_out, exit, _about_hiding(asked, made.moments))


def _about_hiding(asked: argparse.Namespace, moments: Sequence[Any] = ()) -> str | None:
    """What hiding is worth, and where it hides more than the person may expect."""
    if asked.hide is None:
        return None
    from vigkit.errors import listed
    from vigkit.film.hide import WORDS

    bare = [m.id for m in moments if asked.hide != "blur" and not m.covers]
    if not bare:
        return WORDS
    return f"No box is drawn in {listed(bare)}, so the whole picture is blurred there. {WORDS}"


def _moment_add(asked: argparse.Namespace) -> Done:
    from vigkit import records, steps
    from vigkit.casebook import Casebook
    from vigkit.errors import clock

    moment = steps.mark(
        Casebook(asked.casebook),
        asked.cycle,
        film=asked.film,
        start=asked.start,
        end=asked.end,
        principles=asked.principle,
        share=asked.share,
        joy=asked.joy,
        **{word: getattr(asked, word) for word in _WORDS},
    )
    return Done(
        records.plain(moment),
        f"Saved the moment {moment.id}, {clock(moment.start)} to {clock(moment.end)}.",
    )


def _pack(asked: argparse.Namespace) -> Done:
    from vigkit import consent, steps
    from vigkit.render import pack, room, template

    template.quick_imports()
    gc.set_threshold(50_000)  # a thousand bundles are no rubbish, and would be looked through again and again
    part = room.part(asked.part)
    consent.purpose_known(asked.purpose)
    day = asked.day or steps.today()
    folders = steps.casebooks(asked.casebook)
    steps.outside(asked.out)
    _zip_asked(asked)

    expected = steps.how_many(folders)

    def made(told: Callable[[pack.Progress], None] | None = None) -> tuple[pack.Packed, pack.Watched]:
        jobs = pack.Watched(steps.jobs(folders, asked.purpose, day))
        packed = pack.pack(
            jobs if asked.zip else jobs.jobs,
            asked.out,
            template=template.find(asked.template, asked.engine),
            purpose=asked.purpose,
            day=day,
            workers=asked.workers,
            timeout=float(asked.timeout),
            part=part,
            cluster=asked.cluster,
            expected=expected,
            report=told,
        )
        return packed, jobs

    with _progress(asked, timed=False) as report:
        packed, jobs = made(lambda p: report(_share(p), _how_far(p)))
    given = None
    if asked.zip is not None:
        given, packed = _hand_over(asked, folders, day, (packed, jobs), made)
    result = {
        "rendered": packed.rendered,
        "kept": packed.kept,
        "removed": packed.removed,
        "index": str(packed.index),
    }
    told = [f"{_count(packed.rendered, 'log')} made, {packed.kept} unchanged, {packed.removed} removed."]
    if part != room.WHOLE:
        result["part"], result["for_others"] = str(part), packed.for_others
        told.append(_about_part(part.of, packed.for_others))
    last, missing = f"Open {packed.index}", packed.left_out
    if given is not None:
        missing += given.left_out
        result |= {"zip": str(given.file) if given.file else None, "clips": given.clips}
        if given.file:
            last = f"{last}\nHand over {given.file}: the logs and {_count(given.clips, 'clip')}."
    told += [f"Left out: {_place(each)}{each.sentence}" for each in missing]
    left_out = [_left_out(each) for each in missing]
    return Done(result, "\n".join([*told, last]), left_out, 1 if left_out else 0)


def _zip_asked(asked: argparse.Namespace) -> None:
    """BadUsage where there can be no such zip."""
    from vigkit import steps

    if asked.zip is not None:
        if asked.zip.suffix.lower() != ".zip":
            raise BadUsage("The name of a zip ends with .zip. Choose another after --zip.")
        steps.may_hand_over(asked.zip, asked.out)
    elif asked.under is not None:
        raise BadUsage("--under says how large the file after --zip may be. Give both, or neither.")


def _hand_over(
    asked: argparse.Namespace,
    folders: Sequence[Path],
    day: str,
    packed: tuple[Packed, Watched],
    made: Callable[[], tuple[Packed, Watched]],
) -> tuple[HandedOver, Packed]:
    """The pack and its clips in one file; and the pack as it is then."""
    from tempfile import TemporaryDirectory

    from vigkit import steps
    from vigkit.render import archive, pack

    packs = [packed]

    def again() -> bool:
        """Pack once more where something has changed; a log that never ends is not waited for twice."""
        now = pack.Watched(steps.jobs(folders, asked.purpose, day))
        deque(now, maxlen=0)
        if changed := now.sha256 != packs[-1][1].sha256:
            packs.append(made())
        return changed

    with _progress(asked, timed=False) as report, TemporaryDirectory(prefix="vigkit-") as work:

        def clips() -> Iterator[Clip | LeftOut]:
            logs = {page.file for page in pack.pages_of(asked.out) if page.cycle}
            found, began = steps.clips(folders, asked.purpose, day, logs, Path(work)), time.monotonic()
            for number, each in enumerate(found, start=1):
                yield each
                left = len(found) - number
                takes = _about((time.monotonic() - began) / number * left)
                told = f"{number} of {_count(len(found), 'clip')} done"
                report(number / len(found), f"{told}, {left} to go: {takes}" if left else told)

        most = (asked.under or 200) * archive.MEGA
        given = archive.write(asked.out, asked.zip, clips, most, again)
    all_of_them = [each for each, _ in packs]
    changes = {name: sum(getattr(each, name) for each in all_of_them) for name in ("rendered", "removed")}
    return given, replace(all_of_them[-1], kept=all_of_them[0].kept, **changes)


def _about_part(of: int, left: int) -> str:
    """What the other parts are for, where they still have something to do."""
    if not left:
        return "No other part has anything left to make."
    others = "The other part makes it" if of == 2 else f"The other {of - 1} parts make it"
    return f"{_count(left, 'log')} still to be made. {others}, here or on another computer."


def _bundle(asked: argparse.Namespace) -> Done:
    from vigkit import steps
    from vigkit.casebook import Casebook

    steps.bundle_file(Casebook(asked.casebook), asked.cycle, asked.out, purpose=asked.purpose, day=asked.day)
    return Done({"file": str(asked.out)}, f"Wrote what may be shown to {asked.out}.")


def _check(asked: argparse.Namespace) -> Done:
    from vigkit import checks

    problems = checks.check(asked.folder)
    told = [_problem(p) for p in problems] or ["Everything is in order."]
    return Done({"problems": problems}, "\n".join(told), exit=1 if problems else 0)


def _lab(asked: argparse.Namespace) -> Done:
    from vigkit.demo.place import demonstration
    from vigkit.lab import launch

    folder = asked.casebook
    if folder is None:
        with _progress(asked) as report:
            folder = demonstration(lambda what, part: report(part, what))
    lab = launch.start(
        folder, page=asked.page, port=asked.port, browser=not asked.no_browser, debug=asked.debug
    )
    words = f"The pages are open in your browser: {lab.url}\nPress Ctrl-C here when you are done."
    if asked.no_browser:
        words = f"Open {lab.url}\nPress Ctrl-C here when you are done."
    return Done({"url": lab.url}, words, goes_on=lab.serve)


def _exercises(asked: argparse.Namespace) -> Done:
    from vigkit import steps
    from vigkit.errors import listed

    made = steps.exercises(asked.folder, asked.trainer)
    told = [f"Copied to {asked.folder}: {listed(made.copied)}."] if made.copied else []
    told += [f"{name} is there already and is another one. It stays." for name in made.kept]
    told += [f"Next: vigkit lab --page {Path(name).stem}" for name in made.copied[:1]]
    result = {"folder": str(asked.folder), "exercises": list(made.copied), "kept": list(made.kept)}
    return Done(result, "\n".join(told), exit=1 if made.kept else 0)


def _left_out(each: Any) -> dict[str, Any]:
    told = {"casebook": each.casebook, "cycle": each.cycle, "code": each.code}
    return told | {"who": list(each.who), "sentence": each.sentence}


def _place(each: Any) -> str:
    place = " ".join(filter(None, [each.casebook, each.cycle])) or each.file
    return f"{place}: " if place else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _problem(problem: dict[str, str]) -> str:
    """The file once: a sentence may begin with it, without the casebook that it lies in."""
    file, sentence = problem["file"], problem["sentence"]
    rest = file.partition("/")[2]
    for name in (file, rest):
        if name and sentence.startswith(name):
            return file + sentence[len(name) :]
    return f"{file}: {sentence}"


_WORDS = ("saw", "felt", "thought", "wished", "why", "better")


class _Parser(argparse.ArgumentParser):
    def __init__(self, **more: Any) -> None:
        super().__init__(**more, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        if re.search(r"[/\\]", message):  # what was typed may name folders
            message = message.partition(": ")[0]
        message = re.sub(r"invalid choice: (.*) \(choose from (.*)\)", r"there is no \1, only \2", message)
        raise BadUsage(f"{message[:1].upper()}{message[1:400]}. See {self.prog} --help.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="vigkit", description="Workbooks for reflective practice with your own films.")
    parser.add_argument("--version", action="version", version=f"vigkit {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    new = _add(verbs, "new", _new, "Make a casebook in a new folder.", [
        "vigkit new my-casebook",
        "vigkit new casebook-s2 --code S2 --role care-staff",
    ])  # fmt: skip
    new.add_argument("folder", metavar="FOLDER", type=Path)
    new.add_argument("--code", default="S1", help="your code; your name stays outside (S1)")
    new.add_argument("--role", default="teacher", choices=("teacher", "care-staff", "guider"))

    demo = _add(verbs, "demo", _demo, "Make six casebooks to look at, with drawn films.", [
        "vigkit demo demonstration --people 1",
        "vigkit demo demonstration-2 --people 1 --seed 2",
    ])  # fmt: skip
    demo.add_argument("folder", metavar="FOLDER", type=Path)
    demo.add_argument("--people", type=_whole(1, 6), default=6, help="how many casebooks, 1 to 6")
    demo.add_argument(
        "--seed", type=_whole(0, 2**31), default=1, help="another number: other people, other words"
    )

    put = _add(verbs, "put", _put, "Write one record, checked whole.", [
        "vigkit put my-casebook cycle cycle.json",
        "vigkit put my-casebook consent -",
    ])  # fmt: skip
    _casebook(put)
    put.add_argument("kind", choices=("cycle", "consent", "note", "casebook"))
    put.add_argument("file", metavar="FILE", help="a JSON file, or - for standard input")

    show = _add(verbs, "show", _show, "Show a casebook, or one cycle of it.", [
        "vigkit show my-casebook",
        "vigkit show my-casebook 01-snack --json",
    ])  # fmt: skip
    _casebook(show)
    show.add_argument("cycle", metavar="CYCLE", nargs="?")

    _film_verbs(_group(verbs, "film", "Add a film, cut a moment or take a picture."))
    _moment_verbs(_group(verbs, "moment", "Mark a moment of a film."))
    _pack_verbs(verbs)

    check = _add(verbs, "check", _check, "Say what is not in order in a casebook or a pack.", [
        "vigkit check my-casebook",
        "vigkit check for-supervision.zip",
    ])  # fmt: skip
    check.add_argument("folder", metavar="FOLDER|FILE.zip", type=Path)

    exercises = _add(verbs, "exercises", _exercises, "Copy the exercises of a workshop into a folder.", [
        "vigkit exercises workshop",
        "vigkit exercises for-me --trainer",
    ])  # fmt: skip
    exercises.add_argument("folder", metavar="FOLDER", type=Path)
    exercises.add_argument("--trainer", action="store_true", help="with the answers and notes for trainers")

    _lab_verb(verbs)
    return parser


def _film_verbs(verbs: Any) -> None:
    add = _add(verbs, "film add", _film_add, "Take a film in as it is.", [
        "vigkit film add my-casebook snack.mp4 --people S1,C1 --id snack",
        'vigkit film add my-casebook walk.mp4 --people S1,C1 --filmed 2026-11-02 --activity "A walk" --refer',
    ])  # fmt: skip
    _casebook(add)
    add.add_argument("file", metavar="FILE", type=Path)
    add.add_argument("--people", required=True, metavar="CODES", help="everyone in the film, such as S1,C1")
    add.add_argument("--id", help="a short name for the film (film-1)")
    add.add_argument("--filmed", metavar="DATE", type=_day)
    add.add_argument("--activity", metavar="TEXT")
    add.add_argument("--kind", default="practice", choices=("practice", "shared-review"))
    add.add_argument("--refer", action="store_true", help="leave the film where it lies")

    proxy = _add(verbs, "film proxy", _film_proxy, "Make a copy for browsers, where one is needed.", [
        "vigkit film proxy my-casebook snack",
        "vigkit film proxy my-casebook snack --json",
    ])  # fmt: skip
    _casebook(proxy)
    proxy.add_argument("film", metavar="FILM")

    cut = _add(verbs, "film cut", _film_cut, "Cut a moment out of its film, where consent allows it.", [
        "vigkit film cut my-casebook 01-snack m1 -o moment.mp4 --purpose supervision",
        "vigkit film cut my-casebook 01-snack m1 -o hidden.mp4 --purpose supervision --hide blur --silent",
    ])  # fmt: skip
    still = _add(verbs, "film still", _film_still, "Take a picture from a moment, where consent allows it.", [
        "vigkit film still my-casebook 01-snack m1 -o moment.jpg --purpose supervision",
        "vigkit film still my-casebook 01-snack m1 -o moment.png --purpose supervision --at 14.5",
    ])  # fmt: skip
    sheet = _add(verbs, "film sheet", _film_sheet, "Look at what is hidden before you make a film of it.", [
        "vigkit film sheet my-casebook 01-snack -o sheet.jpg --purpose supervision --hide mosaic",
        "vigkit film sheet my-casebook 01-snack m1 -o sheet-2.jpg --purpose supervision --hide blur",
    ])  # fmt: skip
    short = _add(verbs, "film short", _film_short, "Make the short film of the chosen moments.", [
        "vigkit film short my-casebook 01-snack -o short.mp4 --purpose supervision",
        "vigkit film short my-casebook 01-snack -o short-2.mp4 --purpose supervision --hide blur --silent",
    ])  # fmt: skip
    for verb in (cut, still, sheet, short):
        _casebook(verb)
        verb.add_argument("cycle", metavar="CYCLE")
        if verb is not short:
            verb.add_argument("moment", metavar="MOMENT", nargs="?" if verb is sheet else None)
        verb.add_argument("-o", dest="out", metavar="FILE", type=_new_file, required=True)
        verb.add_argument("--purpose", metavar="P", required=True)
        verb.add_argument(
            "--hide",
            choices=("blur", "mosaic", "box"),
            required=verb is sheet,
            help="blur the whole picture, or cover the boxes that you drew",
        )
        _at_day(verb)
    for verb in (cut, short):
        verb.add_argument("--silent", action="store_true", help="leave the sound out")
    still.add_argument(
        "--at", metavar="SECONDS", type=_seconds, help="the middle of the moment where not named"
    )


def _moment_verbs(verbs: Any) -> None:
    add = _add(verbs, "moment add", _moment_add, "Mark a moment that went better than usual.", [
        "vigkit moment add my-casebook 01-snack --film snack --start 12.4 --end 17.9 --principle EN1",
        'vigkit moment add my-casebook 01-snack --film snack --start 0 --end 5 --saw "I wait" --share peers',
    ])  # fmt: skip
    _casebook(add)
    add.add_argument("cycle", metavar="CYCLE")
    add.add_argument("--film", metavar="ID", required=True)
    add.add_argument("--start", metavar="S", type=_seconds, required=True, help="seconds on the film's clock")
    add.add_argument("--end", metavar="S", type=_seconds, required=True)
    add.add_argument("--principle", metavar="ID", action="append", default=[])
    for word in _WORDS:
        add.add_argument(f"--{word}", metavar="TEXT")
    add.add_argument("--share", metavar="PURPOSE", action="append", default=[])
    add.add_argument("--joy", action="store_true", help="a moment of joy")


def _pack_verbs(verbs: Any) -> None:
    pack = _add(verbs, "pack", _pack, "Make the logs that may be shown, and an index of them.", [
        "vigkit pack my-casebook -o logs --purpose supervision --day 2026-11-22",
        "vigkit pack my-casebook -o logs --zip for-supervision.zip --under 100",
    ])  # fmt: skip
    pack.add_argument("casebook", metavar="CASEBOOK", nargs="+", type=Path, help="or a folder of casebooks")
    pack.add_argument("-o", dest="out", metavar="OUT", type=Path, required=True)
    pack.add_argument("--purpose", metavar="P", default="supervision")
    _at_day(pack)
    pack.add_argument("--workers", metavar="N", type=_whole(1, 64), default=2)
    pack.add_argument(
        "--timeout", metavar="S", type=_whole(1, 86400), default=120, help="seconds for one log (120)"
    )
    pack.add_argument("--zip", metavar="FILE", type=Path, help="the logs and clips in one file, to hand over")
    pack.add_argument("--under", metavar="MB", type=_whole(1, 4000), help="how large that file may be (200)")
    pack.add_argument("--template", metavar="FOLDER", type=Path, help="a team's own log")
    pack.add_argument(
        "--engine",
        choices=("vigkit", "nbclient"),
        help="in the worker itself, or in a kernel for each log (vigkit; with --template nbclient)",
    )
    pack.add_argument(
        "--part",
        metavar="I/N",
        default="1/1",
        help="a share of the logs, such as 1/2; another computer makes 2/2 into the same folder",
    )
    pack.add_argument(
        "--cluster", metavar="ADDRESS", help="let a Dask cluster make the logs; docs/cluster.md"
    )

    bundle = _add(verbs, "bundle", _bundle, "Write what a log is made from, for whoever writes a template.", [
        "vigkit bundle my-casebook 01-snack -o bundle.json",
        "vigkit bundle my-casebook 01-snack -o bundle.json --purpose own-reflection",
    ])  # fmt: skip
    _casebook(bundle)
    bundle.add_argument("cycle", metavar="CYCLE")
    bundle.add_argument("-o", dest="out", metavar="FILE", type=_new_file, required=True)
    bundle.add_argument("--purpose", metavar="P", default="supervision")
    _at_day(bundle)


def _lab_verb(verbs: Any) -> None:
    lab = _add(verbs, "lab", _lab, "Open the pages of a casebook in the browser.", [
        "vigkit lab my-casebook",
        "vigkit lab my-casebook --page 3-moments --port 8890 --no-browser",
    ])  # fmt: skip
    lab.add_argument(
        "casebook", metavar="CASEBOOK", nargs="?", type=Path, help="the demonstration where not named"
    )
    lab.add_argument("--page", metavar="PAGE", default="0-welcome", help="the page to begin with (0-welcome)")
    lab.add_argument(
        "--port",
        metavar="N",
        type=_whole(1024, 65535),
        default=8888,
        help="the next free one from here (8888)",
    )
    lab.add_argument("--no-browser", action="store_true", help="tell the address, and open nothing")


def _add(
    verbs: Any, name: str, run: Callable[[argparse.Namespace], Done], what: str, examples: list[str]
) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(
        name.split()[-1],
        help=what,
        description=what,
        epilog="\n".join(["examples:", *(f"  {line}" for line in examples)]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.set_defaults(verb=name, run=run)
    verb.add_argument("--json", action="store_true", help="tell the result as one JSON object")
    verb.add_argument("--debug", action="store_true", help="tell more when something goes another way")
    return verb


def _group(verbs: Any, name: str, what: str) -> Any:
    return verbs.add_parser(name, help=what, description=what).add_subparsers(metavar="VERB", required=True)


def _casebook(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("casebook", metavar="CASEBOOK", type=Path)


def _at_day(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--day", metavar="DATE", type=_day, help="the day for which consent is judged (today)")


def _new_file(text: str) -> Path:
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{path.name or 'this'} is a folder, name a file")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent.name}, make it first")
    return path


def _day(text: str) -> str:
    from vigkit.records import is_day

    if not is_day(text):
        raise argparse.ArgumentTypeError("write the day as year-month-day, such as 2026-11-22")
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise argparse.ArgumentTypeError("write the time in seconds, such as 12.4")
    return seconds


def _whole(least: int, most: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"write a whole number from {least} to {most}")
        return int(text)

    return whole


def _verb(words: Sequence[str]) -> str:
    """The verb as far as it can be told before the words are parsed."""
    plain = [word for word in words if not word.startswith("-")][:2]
    plain = plain if plain[:1] in (["film"], ["moment"]) else plain[:1]
    return " ".join(word for word in plain if re.fullmatch("[a-z]{1,20}", word))


def _share(pack: Progress) -> float:
    """The part of it that is done: looking first, then making."""
    if pack.total is None:
        return pack.looked / max(pack.looked + pack.left, 1)
    return (pack.total - pack.left) / pack.total if pack.total else 1.0


def _how_far(pack: Progress) -> str:
    """How far a pack has come, as one says it."""
    failed = f", {pack.failed} left out" if pack.failed else ""
    takes = f": {_about(pack.seconds)}" if pack.seconds is not None else ""
    if pack.total is None:
        return f"{pack.looked} of {_count(pack.looked + pack.left, 'cycle')} looked at{failed}{takes}"
    left = f", {pack.left} to go{takes}" if pack.left else ""
    return f"{pack.done} of {_count(pack.total, 'log')} done{failed}{left}"


def _about(seconds: float) -> str:
    """A time that nobody can know exactly.

    >>> _about(4), _about(44), _about(61), _about(200), _about(6000)
    ('a few seconds', 'about 40 seconds', 'about 1 minute', 'about 3 minutes', 'about 2 hours')
    """
    if seconds < 10:
        return "a few seconds"
    if seconds < 60:
        return f"about {round(seconds, -1):.0f} seconds"
    if seconds < 5400:
        return f"about {_count(round(seconds / 60), 'minute')}"
    return f"about {_count(round(seconds / 3600), 'hour')}"


@contextmanager
def _progress(asked: argparse.Namespace, *, timed: bool = True) -> Iterator[Report]:
    """A bar that knows the end on a terminal, plain lines elsewhere; always on standard error."""
    if not sys.stderr.isatty():
        last, when = "", 0.0

        def line(part: float, what: str) -> None:
            nonlocal last, when
            now = time.monotonic()
            if what != last and not asked.json and (part >= 1 or now >= when + _EVERY):
                print(what, file=sys.stderr, flush=True)
                last, when = what, now

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), *([TimeRemainingColumn()] if timed else ()))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Looking", total=1.0)
        yield lambda part, what: bar.update(task, completed=part, description=what)
