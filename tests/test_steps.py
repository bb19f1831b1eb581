"""What a person does, and how far it reaches: from a moment on the command line to the page."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from conftest import CYCLE, PERSON, told, tree_hash
from films import numbers

from vigkit import files, steps
from vigkit.casebook import Casebook
from vigkit.cycle import Bundle, Film, LeftOut
from vigkit.errors import BadPrinciples, BadRecord, BadUsage, FilmChanged, FilmMissing, NotACasebook

Run = Callable[..., subprocess.CompletedProcess[str]]
DAY = "2026-02-01"


class Page(HTMLParser):
    """The words of a page, section by section, as a reader sees them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sections: dict[str, str] = {}
        self.pictures = 0
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "section":
            self._open = dict(attrs)["data-vk"] or ""
        self.pictures += tag == "img"

    def handle_data(self, data: str) -> None:
        self.sections[self._open] = self.sections.get(self._open, "") + data


SECTIONS = ["question", "situation", "moments", "i-did", "they-did", "rungs", "about-question"]
SECTIONS += ["working-point", "next-film", "bring", "change", "supervisor"]
SAID = {
    "saw": "C1 held out the cup – and I “waited”.",
    "felt": "Wärme, ein bisschen 孩子 & joy < 5",
    "thought": "It's C1's turn; 100% hers!",
    "wished": "To let her begin again (and again)",
    "why": "My question asks how I wait: here I do.",
    "better": "I was quiet for three whole seconds.",
}


def test_a_moment_added_on_the_command_line_reaches_the_page_word_for_word(
    book: Casebook, tmp_path: Path, vigkit: Run
) -> None:
    words = [part for word, text in SAID.items() for part in (f"--{word}", text)]
    where = ("moment", "add", book.folder, "01-snack", "--film", "snack")
    first = (*where, "--start", "0", "--end", "5.48", "--principle", "EN1", "--share", "supervision")
    stored = told(vigkit(*first, *words, "--joy", "--json"))["result"]
    assert {word: stored[word] for word in SAID} == SAID and (stored["id"], stored["start"]) == ("m1", 0)
    kept_back = told(vigkit(*where, "--start", "8", "--end", "9", "--saw", "for nobody", "--json"))["result"]
    assert kept_back["id"] == "m2" and "share" not in kept_back

    packed = vigkit("pack", book.folder, "-o", tmp_path / "logs", "--day", DAY, "--json")
    assert (packed.returncode, told(packed)["result"]["rendered"]) == (0, 1), packed.stderr
    text = (tmp_path / "logs" / "S1-test" / "01-snack.html").read_text(encoding="utf-8")
    page = Page(text)
    for word, said in SAID.items():
        shown = [name for name, seen in page.sections.items() if said in " ".join(seen.split())]
        assert shown, f"{word} is on no section"
    assert SAID["felt"] in page.sections["rungs"] and SAID["better"] in page.sections["moments"]
    assert "0:00" in page.sections["moments"] and "0:05.48" in page.sections["moments"]
    assert "Waits" in page.sections["moments"] and page.pictures == 1
    assert "for nobody" not in text
    assert CYCLE["question"][0]["words"] in page.sections["question"]  # type: ignore[index]
    assert set(page.sections) == {"", *SECTIONS}
    again = told(vigkit("pack", book.folder, "-o", tmp_path / "logs", "--day", DAY, "--json"))["result"]
    assert (again["rendered"], again["kept"]) == (0, 1)


# --- A casebook, its films -------------------------------------------------------------------------------


def test_each_new_casebook_has_an_id_of_its_own(tmp_path: Path) -> None:
    made = [steps.new(tmp_path / str(n), code="S1") for n in range(5)]
    ids = {book.owner.id for book in made}
    assert len(ids) == 5 and all(re.fullmatch(r"S1-[a-z]{6}", id) for id in ids)
    assert [p.code for p in made[0].owner.people] == ["S1"] and made[0].owner.kept_months == 2
    with pytest.raises(BadUsage):
        steps.new(tmp_path / "pilot", role="pilot")
    assert not (tmp_path / "pilot").exists()


def test_an_empty_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    assert steps.new(tmp_path / "here").folder == tmp_path / "here"


def test_a_film_is_copied_or_left_where_it_lies_and_never_altered(book: Casebook, small_film: Path) -> None:
    before = (small_film.read_bytes(), small_film.stat().st_mtime_ns)
    copied = steps.add_film(book, small_film, people=["S1", "C1", "C1", "C2"])
    left = steps.add_film(book, small_film, people=["C2"], refer=True, kind="shared-review")
    assert (copied.id, copied.file, copied.people) == ("film-1", "films/film-1.mp4", ("S1", "C1", "C2"))
    assert (left.id, left.file, left.kind) == ("film-2", str(small_film.resolve()), "shared-review")
    assert (small_film.read_bytes(), small_film.stat().st_mtime_ns) == before
    assert book.film_file(copied).read_bytes() == before[0] and book.film_file(left) == small_film.resolve()
    assert copied.seconds == 20, "the length of the film itself"
    found = {p.code: p.kind for p in Casebook(book.folder).owner.people}
    assert found == {"S1": "adult", "C1": None, "C2": None}, "codes that nobody had named, kind unset"


def test_a_film_of_any_length_is_taken_in(book: Casebook, tmp_path: Path) -> None:
    """M06: ten minutes, or three and a half, or what there is."""
    from films import ffmpeg

    for seconds in (210, 600, 2700):
        path = tmp_path / f"{seconds}.mp4"
        ffmpeg(
            "-f",
            "lavfi",
            "-i",
            f"color=gray:s=64x36:r=2:d={seconds}",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            path,
        )
        assert steps.add_film(book, path, people=["S1"]).seconds == seconds


def test_a_cut_is_as_long_as_the_moment(book: Casebook, tmp_path: Path) -> None:
    """M07: 12.40 to 17.90 is 5.50 seconds, one frame more or less, and begins with its own frame."""
    steps.mark(book, "01-snack", film="snack", start=12.4, end=17.9, share=["supervision"])
    steps.cut(book, "01-snack", "m1", tmp_path / "clip.mp4", purpose="supervision", day=DAY)
    shown = numbers(tmp_path / "clip.mp4")
    assert shown == list(range(310, 310 + len(shown))) and abs(len(shown) / 25 - 5.5) <= 1 / 25


def test_a_picture_is_the_one_on_the_screen(book: Casebook, tmp_path: Path) -> None:
    import numpy as np
    from films import number_of
    from PIL import Image

    steps.mark(book, "01-snack", film="snack", start=0, end=2, share=["supervision"])
    for at, when, number in (
        (0.0, 0.0, 0),
        (0.039, 0.039, 0),
        (0.04, 0.04, 1),
        (1.999, 1.999, 49),
        (None, 1.0, 25),
    ):
        out = tmp_path / "picture.png"
        assert steps.still(book, "01-snack", "m1", out, purpose="supervision", at=at, day=DAY) == when
        assert number_of(np.asarray(Image.open(out).convert("L"))) == number


@pytest.fixture
def left_outside(book: Casebook, tmp_path: Path) -> tuple[Casebook, Film, Path]:
    """A casebook with a film that was left where it lay, and the place."""
    from films import make

    (tmp_path / "stick").mkdir()
    place = make(tmp_path / "stick/walk.mp4", 50, rate="25")
    return book, steps.add_film(book, place, people=["S1"], id="walk", refer=True), place


def test_a_film_that_is_referred_to_may_be_missed(left_outside: tuple[Casebook, Film, Path]) -> None:
    book, film, place = left_outside
    place.unlink()
    with pytest.raises(FilmMissing):
        book.film_file(film)


def test_a_film_that_has_moved_is_found_by_its_bytes(
    left_outside: tuple[Casebook, Film, Path], tmp_path: Path
) -> None:
    book, film, place = left_outside
    (tmp_path / "elsewhere/deep").mkdir(parents=True)
    decoy = tmp_path / "elsewhere/walk.mp4"  # the same name and size, and other bytes
    decoy.write_bytes(place.read_bytes()[:-1] + b"x")
    moved = place.rename(tmp_path / "elsewhere/deep/IMG 0042.MP4")
    found = Casebook(book.folder)
    assert found.film_file(film).samefile(moved)
    assert tree_hash(book.folder / "films") == tree_hash(found.folder / "films"), "the record stays"
    again = moved.rename(tmp_path / "elsewhere/walk-2.mp4")
    files._sizes.cache_clear()  # a folder that was looked through is remembered for seconds
    assert found.film_file(film).samefile(again)
    decoy.rename(place)
    with pytest.raises(FilmChanged):  # something else in the very place is told, not passed by
        found.film_file(film)


def test_a_result_never_takes_the_place_of_a_film_that_has_moved(
    left_outside: tuple[Casebook, Film, Path], tmp_path: Path
) -> None:
    book, _, place = left_outside
    (tmp_path / "elsewhere").mkdir()
    moved = place.rename(tmp_path / "elsewhere/moved.mp4")
    before = moved.read_bytes()
    for film in ("snack", "walk"):
        moment = steps.mark(book, "01-snack", film=film, start=0, end=1, share=["supervision"])
        for make in (steps.cut, steps.still):
            with pytest.raises(BadUsage, match="place of a film"):
                make(book, "01-snack", moment.id, moved, purpose="supervision", day=DAY)
    with pytest.raises(BadUsage, match="place of a film"):
        steps.short(book, "01-snack", moved, purpose="supervision", day=DAY)
    with pytest.raises(BadUsage, match="place of a film"):
        steps.sheet(book, "01-snack", moved, purpose="supervision", day=DAY, hide="blur")
    assert moved.read_bytes() == before


def test_a_long_film_gets_a_kind_word(book: Casebook) -> None:
    """M06: 10 minutes are usual; a film of 45 is taken in, with a hint."""
    film = book.contents().films["snack"]
    assert steps.hint(replace(film, seconds=600.0)) is None
    told = steps.hint(replace(film, seconds=2700.0))
    assert told and "45 minutes" in told and "Choose 10 minutes" in told


# --- Moments and goals -----------------------------------------------------------------------------------


def test_a_moment_has_an_id_that_no_other_ever_had(book: Casebook) -> None:
    ids = [steps.mark(book, "01-snack", film="snack", start=n, end=n + 1).id for n in range(3)]
    assert ids == ["m1", "m2", "m3"]
    left = book.cycle("01-snack")
    fewer = {**steps.show(book, "01-snack"), "moments": steps.show(book, "01-snack")["moments"][1:]}
    steps.put(book, "cycle", fewer)
    assert [m.id for m in book.cycle("01-snack").moments] == ["m2", "m3"] and len(left.moments) == 3
    assert steps.mark(book, "01-snack", film="snack", start=0, end=1).id == "m4"


def test_a_film_without_an_id_gets_one_that_is_free(book: Casebook, small_film: Path) -> None:
    (book.folder / "films" / "film-1.json").write_text("{ half a record", encoding="utf-8")
    assert [steps.add_film(book, small_film, people=["S1"]).id for _ in range(2)] == ["film-2", "film-3"]


def test_marking_adds_the_film_to_the_cycle(book: Casebook) -> None:
    assert book.cycle("01-snack").films == ()
    steps.mark(book, "01-snack", film="snack", start=0, end=1)
    assert book.cycle("01-snack").films == ("snack",)


def test_putting_a_cycle_replaces_it_whole_and_names_its_films(book: Casebook) -> None:
    steps.mark(book, "01-snack", film="snack", start=0, end=1, saw="gone with the next")
    moment = {"id": "m7", "film": "snack", "start": 0, "end": 20}
    stored = steps.put(book, "cycle", CYCLE | {"moments": [moment]})
    assert stored == steps.show(book, "01-snack") and stored["films"] == ["snack"]
    assert [m["id"] for m in stored["moments"]] == ["m7"]


def test_three_goals_are_kept_and_a_fourth_is_refused_in_words(book: Casebook) -> None:
    """M05"""
    goals: list[dict[str, Any]] = [
        {"id": f"g{n}", "words": "To wait", "hoped": 10, "ratings": [{"on": DAY, "now": n}, {"now": 4.5}]}
        for n in range(4)
    ]
    stored = steps.put(book, "cycle", CYCLE | {"goals": goals[:3]})
    assert stored["goals"] == goals[:3], "zero is a rating, and so is a half"
    with pytest.raises(BadRecord) as caught:
        steps.put(book, "cycle", CYCLE | {"goals": goals})
    assert "at most 3 goals" in caught.value.sentence
    assert steps.show(book, "01-snack")["goals"] == goals[:3]


def test_a_note_says_which_version_was_read(book: Casebook) -> None:
    note = {"format": 1, "cycle": "01-snack", "by": "V1", "read": "forged", "notice": "I notice the pause"}
    first = steps.put(book, "note", note)
    assert first["read"] == book.cycle_hash("01-snack")
    steps.mark(book, "01-snack", film="snack", start=0, end=1)
    assert (
        steps.put(book, "note", note)["read"] == Casebook(book.folder).cycle_hash("01-snack") != first["read"]
    )
    late = steps.put(book, "note", note | {"by": "V2", "read": first["read"]})
    assert late["read"] == first["read"], "they read it before it changed, and say so"
    assert sorted(p.name for p in (book.folder / "notes").glob("*.json")) == [
        "01-snack.V1.json",
        "01-snack.V2.json",
    ]


def test_a_consent_names_people_who_are_new(book: Casebook) -> None:
    steps.put(book, "consent", PERSON | {"person": "C5"})
    assert [p.code for p in Casebook(book.folder).owner.people] == ["S1", "C1", "C5"]


def test_unknown_records_are_refused(book: Casebook) -> None:
    with pytest.raises(BadUsage):
        steps.put(book, "film", {"format": 1})


# --- What goes to a pack ---------------------------------------------------------------------------------


def test_the_same_cycle_gives_the_same_bundle_on_every_day_it_may_be_shown(book: Casebook) -> None:
    steps.mark(book, "01-snack", film="snack", start=0, end=1, share=["supervision"])
    days = ("2026-01-05", DAY, "2031-01-01")
    made = [steps.bundle(book, book.contents(), "01-snack", "supervision", day) for day in days]
    assert made[0] == made[1] == made[2] and len(made[0].stills) == 1


def test_one_broken_cycle_never_stops_the_rest(book: Casebook, tmp_path: Path) -> None:
    steps.put(book, "cycle", CYCLE | {"id": "02-next", "number": 2})
    (book.folder / "cycles" / "01-snack.json").write_text("{", encoding="utf-8")
    other = steps.new(tmp_path / "other", id="s1-TEST")
    steps.put(other, "cycle", CYCLE)
    empty = tmp_path / "empty"
    empty.mkdir()
    found = list(steps.jobs([book.folder, other.folder, empty], "supervision", DAY))
    assert [e.cycle.id for e in found if isinstance(e, Bundle)] == ["02-next"]
    left = [(e.casebook, e.code) for e in found if isinstance(e, LeftOut)]
    assert left == [("S1-test", "bad-record"), ("s1-TEST", "sync-copy"), (None, "not-a-casebook")]


def test_a_folder_of_casebooks_stands_for_all_of_them(tmp_path: Path) -> None:
    books = [steps.new(tmp_path / "all" / name).folder for name in ("b", "a")]
    (tmp_path / "all" / "films").mkdir()
    (tmp_path / "all" / "half" / "cycles").mkdir(parents=True)
    half = tmp_path / "all" / "half"
    assert steps.casebooks([tmp_path / "all"]) == [books[1], books[0], half]
    assert steps.casebooks([books[0], tmp_path / "all", books[0]]) == [books[0], books[1], half]
    for nothing in (tmp_path / "none", tmp_path / "all" / "films"):
        with pytest.raises(NotACasebook):
            steps.casebooks([nothing])


def test_keys_of_a_later_version_are_stored_and_given_back(book: Casebook) -> None:
    record = CYCLE | {"sheet": {"a": [1, None]}, "question": [{"words": "How?", "mood": "calm"}]}
    assert steps.put(book, "cycle", record) == record
    assert json.loads((book.folder / "cycles" / "01-snack.json").read_text(encoding="utf-8")) == record


@pytest.mark.parametrize("verb", ["cut", "still", "bundle"])
@pytest.mark.parametrize(
    "place", ["casebook.json", "cycles/01-snack.json", "films/snack.mp4", "films/new.mp4", "clips"]
)
def test_no_result_takes_the_place_of_something_in_a_casebook(book: Casebook, verb: str, place: str) -> None:
    moment = steps.mark(book, "01-snack", film="snack", start=1, end=2, share=["supervision"])
    before, out = tree_hash(book.folder), book.folder / place
    with pytest.raises(BadUsage):
        if verb == "bundle":
            steps.bundle_file(book, "01-snack", out, purpose="supervision")
        else:
            getattr(steps, verb)(book, "01-snack", moment.id, out, purpose="supervision")
    assert tree_hash(book.folder) == before


def test_no_result_takes_the_place_of_a_film_that_is_referred_to(
    book: Casebook, tmp_path: Path, small_film: Path
) -> None:
    other = tmp_path / "other.mp4"
    other.write_bytes(small_film.read_bytes())
    steps.add_film(book, other, people=["S1"], id="other", refer=True)
    moment = steps.mark(book, "01-snack", film="snack", start=1, end=2, share=["supervision"])
    link = tmp_path / "link.mp4"
    link.hardlink_to(other)
    for out in (other, link):
        with pytest.raises(BadUsage):
            steps.cut(book, "01-snack", moment.id, out, purpose="supervision")
    assert other.read_bytes() == small_film.read_bytes()


def test_people_are_described_by_putting_the_casebook(book: Casebook) -> None:
    record = steps.show(book)
    del record["cycles"]
    record["people"] = [{"code": "C1", "kind": "child", "tells_us_by": ["gaze", "AAC"]}]
    stored = steps.put(book, "casebook", record)
    assert [p["code"] for p in stored["people"]] == ["C1", "S1"]  # nobody who is filmed falls out
    assert book.owner.people[0].tells_us_by == ("gaze", "AAC")
    for other in ({"id": "S9-test"}, {"owner": "S9"}, {"people": [{"code": "C1"}, {"code": "C1"}]}):
        with pytest.raises(BadRecord):
            steps.put(book, "casebook", record | other)


def test_what_a_sync_client_has_named_stays_out_of_a_pack(tmp_path: Path, book: Casebook) -> None:
    """A computer's or a folder's name may be a person's, and others open the pack."""
    cycle = book.folder / "cycles" / "01-snack.json"
    for name in ("01-snack-LAPTOP-ANNABERG", "Copy of 01-snack (Anna Berg)"):
        cycle.with_name(f"{name}.json").write_bytes(cycle.read_bytes())
    cycle.with_name("01-snack-ANNABERG-2.json").write_text("{", encoding="utf-8")
    book.folder.joinpath("consent/C1-ANNABERG.json").write_text("{", encoding="utf-8")
    half = tmp_path / "Casebook of Anna Berg"
    half.joinpath("cycles").mkdir(parents=True)
    found = list(steps.jobs([book.folder, half], "supervision", DAY))
    left = [each for each in found if isinstance(each, LeftOut)]
    assert {each.code for each in left} == {"sync-copy", "bad-record", "not-a-casebook"}
    assert {each.cycle for each in left} == {"01-snack", None}
    assert not [each for each in left if re.search("anna|laptop", f"{each.sentence} {each.cycle}", re.I)]


def test_one_casebook_named_by_two_ways_is_one(book: Casebook, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(book.folder)
    around = tmp_path / "casebook" / ".." / "casebook"
    assert steps.casebooks([book.folder, link, around]) == [book.folder]


def test_a_moment_that_a_hand_has_put_outside_the_film_is_not_shown(book: Casebook) -> None:
    steps.mark(book, "01-snack", film="snack", start=1, end=2, share=["supervision"])
    file = book.folder / "cycles" / "01-snack.json"
    file.write_text(file.read_text("utf-8").replace('"end": 2', '"end": 200'), encoding="utf-8")
    found = list(steps.jobs([book.folder], "supervision", DAY))
    assert [each.code for each in found if isinstance(each, LeftOut)] == ["moment-outside-film"]
    assert not book.folder.joinpath("cache").exists()


def test_a_bundle_with_words_that_cannot_be_read_is_refused(book: Casebook, tmp_path: Path) -> None:
    book.folder.joinpath("principles.csv").write_text("id,label\nZZ9,y\n", encoding="utf-8")
    with pytest.raises(BadPrinciples, match="line 2"):
        steps.bundle_file(book, "01-snack", tmp_path / "b.json", purpose="supervision")
    assert not tmp_path.joinpath("b.json").exists()


@pytest.mark.parametrize("place", ["notes", "cycles", "kept/pack", "private"])
def test_a_pack_never_lies_among_the_records(book: Casebook, vigkit: Run, place: str) -> None:
    before = tree_hash(book.folder)
    run = vigkit("pack", book.folder, "-o", book.folder / place, "--json")
    assert (run.returncode, told(run)["error"]["code"]) == (2, "bad-usage")
    assert tree_hash(book.folder) == before


def test_a_time_before_the_film_is_told_as_such_by_every_verb(
    book: Casebook, vigkit: Run, tmp_path: Path
) -> None:
    moment = {"id": "m1", "film": "snack", "start": -1, "end": 3}
    file = tmp_path / "cycle.json"
    file.write_text(json.dumps(CYCLE | {"films": ["snack"], "moments": [moment]}), encoding="utf-8")
    run = vigkit("put", book.folder, "cycle", file, "--json")
    assert (run.returncode, told(run)["error"]["code"]) == (2, "moment-outside-film")


@pytest.mark.parametrize(
    "name", ["C1conflict", "the copy", "C1 (1)"], ids=["written together", "nobody's", "numbered"]
)
def test_a_consent_that_may_be_anybodys_stops_the_film(book: Casebook, name: str) -> None:
    steps.mark(book, "01-snack", film="snack", start=1, end=2, share=["supervision"])
    book.folder.joinpath(f"consent/{name}.json").write_text("{bro", encoding="utf-8")
    found = list(steps.jobs([book.folder], "supervision", DAY))
    assert not [each for each in found if isinstance(each, Bundle)]


def test_a_copy_of_a_film_that_cannot_be_read_stops_the_film(book: Casebook) -> None:
    steps.mark(book, "01-snack", film="snack", start=1, end=2, share=["supervision"])
    book.folder.joinpath("films/snack (1).json").write_text("{bro", encoding="utf-8")
    found = list(steps.jobs([book.folder], "supervision", DAY))
    assert {each.code for each in found if isinstance(each, LeftOut)} == {"bad-record", "consent-missing"}
