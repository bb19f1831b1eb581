"""Nothing travels along: all that a camera or a person can write into a film, and all that we make of it."""

from __future__ import annotations

import getpass
import platform
import re
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import films
import imageio_ffmpeg
import pytest
from conftest import CYCLE, PERSON

from vigkit import steps
from vigkit.casebook import Casebook

GATE = "supervision"
WORD = "PLANT"  # in everything that is planted, and nowhere else
HOME = f"{WORD}grandma"
NAME = f"{WORD}anna in class 3b.mov"
PLACE = ("55.9533", "003.1883")
DAY = "2024-05-06"
UTF16 = f"{WORD}sixteen"
TAGS = {
    "title": f"{WORD}title",
    "artist": f"{WORD}artist",
    "comment": f"{WORD}comment",
    "description": f"{WORD}description ä",
    "com.apple.quicktime.location.ISO6709": f"+{PLACE[0]}-{PLACE[1]}/{WORD}iso",
    "com.apple.quicktime.creationdate": f"{DAY}T07:08:09+0200",
    "com.apple.quicktime.make": f"{WORD}make",
    "com.apple.quicktime.model": f"{WORD}model",
    "creation_time": f"{DAY}T07:08:09Z",
}
STREAM_TAGS = {"handler_name": f"{WORD}handler", "title": f"{WORD}track", "creation_time": f"{DAY}T07:08:09Z"}
# every box that a clip of ours may hold, and no other: none for chapters, time code, subtitles or data
_FOR_ALL = "ftyp moov mvhd trak tkhd edts elst mdia mdhd hdlr minf vmhd smhd dinf dref stbl stsd stts stss"
_FOR_TABLES = "stsc stsz stco ctts sgpd sbgp mdat free udta meta"
OURS = {*_FOR_ALL.split(), *_FOR_TABLES.split()}
INSIDE = {"moov", "trak", "edts", "mdia", "minf", "stbl", "udta", "dinf"}
# the list of tags, always there: it is empty, and names a form, not a device
NO_TAGS = bytes.fromhex("000000356d65746100000000") + b"\0\0\0\x21hdlr" + bytes(8) + b"mdirappl" + bytes(9)
NO_TAGS += b"\0\0\0\x08ilst"
CONSTANT = {  # what ffmpeg says of every .mp4, whoever made it
    "major_brand": ("isom",),
    "minor_version": ("512",),
    "compatible_brands": ("isomiso2avc1mp41",),
    "handler_name": ("VideoHandler", "SoundHandler"),
    "vendor_id": ("[0][0][0][0]",),
    "encoder": ("",),
}


def box(kind: bytes, data: bytes) -> bytes:
    """A box as .mp4 and .mov are made of."""
    return struct.pack(">I", 8 + len(data)) + kind + data


def boxes(data: bytes) -> Iterator[tuple[str, bytes]]:
    """All boxes, those inside others too."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8:
            return
        name = kind.decode("latin-1")
        yield name, data[at + 8 : at + size]
        if name in INSIDE:
            yield from boxes(data[at + 8 : at + size])
        at += size


def dates(data: bytes) -> list[bytes]:
    """When film and tracks were made and changed; eight bytes of nothing where it is not said."""
    heads = [inner for kind, inner in boxes(data) if kind in ("mvhd", "tkhd", "mdhd")]
    return [inner[4:20] if inner[0] else inner[4:12] for inner in heads]


def plant(folder: Path) -> Path:
    """A film with everything in it that can be: in tags, streams, boxes, pictures and its name."""
    # 4:2:2, so that a browser needs a proxy
    twofold = (*films.H264[:-1], "yuv422p")
    plain = films.make(folder / "plain.mov", 100, rate="25", sound=4.0, video=twofold)
    chapters, words, gps = folder / "chapters.txt", folder / "words.srt", folder / "gps.bin"
    chapters.write_text(
        f";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=4\ntitle={WORD}chapter\n", encoding="utf-8"
    )
    words.write_text(f"1\n00:00:00,000 --> 00:00:04,000\n{WORD}subtitle\n", encoding="utf-8")
    gps.write_text(f"{WORD}gps +{PLACE[0]}", encoding="utf-8")
    inputs = ("-i", plain, "-i", chapters, "-i", words, "-f", "data", "-i", gps)
    maps = ("-map", "0:v", "-map", "0:a", "-map", "2", "-map", "3", "-map_metadata", "1")
    said = [w for key, value in TAGS.items() for w in ("-metadata", f"{key}={value}")]
    said += [w for key, value in STREAM_TAGS.items() for w in ("-metadata:s", f"{key}={value}")]
    sei = f"h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+{WORD}sei"
    kept = ("-c", "copy", "-c:s", "mov_text", "-tag:d", "gpmd", "-bsf:v", sei, "-timecode", "01:02:03:04")
    tagged = folder / "tagged.mov"
    films.ffmpeg(*inputs, *maps, *said, *kept, "-movflags", "use_metadata_tags", tagged)
    # what older phones write, by hand; the index is the last box, so nothing else moves
    text = f"+{PLACE[0]}-{PLACE[1]}/".encode()
    xyz = box(b"\xa9xyz", struct.pack(">HH", len(text), 0x15C7) + text)
    spot = struct.pack(">iii", -3 << 16, 55 << 16, 0)
    where = b"\0\0\0\0\x15\xc7" + f"{WORD}loci\0".encode() + b"\0" + spot + b"earth\0\0"
    old = box(b"udta", xyz + box(b"loci", where) + box(b"cprt", b"\0\0\0\0\x15\xc7" + UTF16.encode("utf-16")))
    data = bytearray(tagged.read_bytes())
    at = data.rindex(b"moov") - 4
    assert at + struct.unpack_from(">I", data, at)[0] == len(data)
    data[at : at + 4] = struct.pack(">I", len(data) - at + len(old))
    xmp = box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + f"<x>{WORD}xmp</x>".encode())
    film = folder / NAME
    film.write_bytes(bytes(data) + old + xmp)
    return film


def reported(film: Path) -> str:
    """What ffmpeg says of a file, what an edit list hides included."""
    editing = () if film.suffix in (".jpg", ".png") else ("-ignore_editlist", "1")
    words = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", *editing, "-i", str(film)]
    said = subprocess.run(words, capture_output=True, check=False).stderr.decode("utf-8", "replace")
    return said.partition("\n")[2]  # the first line holds where it lies


def traces(data: bytes) -> set[str]:
    """Which of all the words that tell where, when or who are in these bytes."""
    names = {n for n in (getpass.getuser(), platform.node(), Path.home().name) if len(n) > 5}
    words = {WORD, WORD.lower(), *PLACE, DAY, "Lavf", "Lavc", "x264", "Exif", "http://", ".mov", *names}
    ways = ("utf-8", "utf-16-le", "utf-16-be")
    return {w for w in words for way in ways if w.encode(way) in data}


@dataclass(frozen=True, kw_only=True)
class Made:
    """A film with all of it, and everything that a user can make of it."""

    book: Casebook
    original: Path
    films: list[Path]
    stills: list[Path]
    others: list[Path]


@pytest.fixture(scope="module", params=["copied", "left where it lies"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("private") / HOME
    folder.mkdir()
    original = plant(folder)
    book = steps.new(folder / "casebook", code="S1", id="S1-private")
    steps.add_film(book, original, people=["S1", "C1"], id="snack", refer=request.param != "copied")
    for person in ("S1", "C1"):
        steps.put(book, "consent", PERSON | {"person": person})
    steps.put(book, "cycle", CYCLE)
    for start in (1.0, 2.0):
        steps.mark(
            book, "01-snack", film="snack", start=start, end=start + 1, share=[GATE], better="I waited"
        )
    out = folder / "out"
    out.mkdir()
    made_films = [out / "clip.mp4", out / "silent.mp4", out / "hidden.mp4", out / "short.mp4"]
    stills = [out / "still.jpg", out / "still.png", out / "sheet.jpg", out / "sheet.png"]
    steps.cut(book, "01-snack", "m1", made_films[0], purpose=GATE)
    steps.cut(book, "01-snack", "m1", made_films[1], purpose=GATE, silent=True)
    steps.cut(book, "01-snack", "m2", made_films[2], purpose=GATE, hide="blur")
    steps.short(book, "01-snack", made_films[3], purpose=GATE)
    for still in stills[:2]:
        steps.still(book, "01-snack", "m1", still, purpose=GATE)
    for sheet in stills[2:]:
        steps.sheet(book, "01-snack", sheet, purpose=GATE, hide="blur")
    proxy, reason = steps.playable(book, "snack")
    assert reason and proxy != original
    strip = steps.strip(book, "snack")
    cache = [p for p in (book.folder / "cache").rglob("*") if p.is_file() and p.name != "moved.txt"]
    made_films += [p for p in cache if p.suffix == ".mp4"]
    assert proxy in made_films and strip in cache
    # what the strip holds is in base64: the pictures in it are stills, too
    from vigkit.film.strip import read

    for number, sheet_of_strip in enumerate(read(strip).sheets):
        stills.append(out / f"strip{number}.jpg")
        stills[-1].write_bytes(sheet_of_strip)
    return Made(book=book, original=original, films=made_films, stills=stills, others=cache)


def test_all_of_it_is_in_the_film(made: Made) -> None:
    data, said = made.original.read_bytes(), reported(made.original)
    planted = (
        "title artist comment description iso make model handler track chapter subtitle gps sei loci xmp"
    )
    for word in planted.split():
        assert f"{WORD}{word}".encode() in data, word
    assert UTF16.encode("utf-16-le") in data and {WORD, *PLACE, DAY, "Lavf", "x264"} <= traces(data)
    kinds = [kind for kind, _ in boxes(data)]
    assert {"udta", "meta", "\xa9xyz", "loci", "uuid", "tref", "gmhd"} <= set(kinds)
    for fourcc in (b"tmcd", b"gpmd", b"keys", b"chap", b"text"):
        assert fourcc in data, fourcc
    assert any(date.strip(b"\0") for date in dates(data))
    kept = [*TAGS.values(), *STREAM_TAGS.values(), f"{WORD}chapter"]
    for value in (v for v in kept if DAY not in v):
        assert value in said or value == f"{WORD}track", value
    assert len(re.findall(r"Stream #0:\d", said)) >= 5 and "Chapters:" in said and "timecode" in said


def test_no_clip_proxy_or_short_film_holds_any_of_it(made: Made) -> None:
    assert len(made.films) >= 9  # four that were asked for; in the cache the same, and the proxy
    for film in made.films:
        data = film.read_bytes()
        assert not traces(data), film.name
        assert {kind for kind, _ in boxes(data)} <= OURS, film.name
        assert dates(data) and not b"".join(dates(data)).strip(b"\0"), film.name
        assert [inner for kind, inner in boxes(data) if kind == "udta"] in ([], [NO_TAGS]), film.name
        for fourcc in (b"\xa9xyz", b"\xa9too", b"\xa9nam", b"loci", b"tmcd", b"gpmd", b"tx3g"):
            assert fourcc not in data, (film.name, fourcc)


def test_no_tag_and_no_stream_but_picture_and_sound_is_reported(made: Made) -> None:
    for film in made.films:
        said = reported(film)
        kinds = re.findall(r"^  Stream #0:\d.*?: (\w+):", said, re.M)
        assert kinds in (["Video", "Audio"], ["Video"]), film.name
        found = re.findall(r"^ +([\w. -]+?) *: (.*)$", said, re.M)
        tags = {key: value for key, value in found if key not in ("Duration", "Stream #0")}
        for key, value in tags.items():
            assert value.strip() in CONSTANT.get(key, ()), (film.name, key, value)
        assert "Chapter" not in said


def test_a_picture_is_pixels_and_nothing_else(made: Made) -> None:
    assert len(made.stills) == 5
    for still in made.stills:
        data = still.read_bytes()
        assert not traces(data), still.name
        assert "Metadata" not in reported(still)
        if still.suffix == ".png":
            at, kinds = 8, []
            while at < len(data):
                size, kind = struct.unpack_from(">I4s", data, at)
                kinds.append(kind)
                at += 12 + size
            assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"} and at == len(data)
        else:
            at, markers = 2, []
            while (marker := data[at + 1]) != 0xDA:  # behind it come the pixels
                markers.append(marker)
                at += 2 + struct.unpack_from(">H", data, at + 2)[0]
            # JFIF, tables, the size: no comment (FE), and of what programs write (E0 to EF) only JFIF
            assert set(markers) <= {0xE0, 0xDB, 0xC0, 0xC2, 0xC4} and data[-2:] == b"\xff\xd9"
            assert markers.count(0xE0) == 1 and data[6:11] == b"JFIF\0"


def test_what_the_casebook_keeps_has_ids_for_names_and_no_words_of_the_film(made: Made) -> None:
    names = [p.relative_to(made.book.folder).as_posix() for p in made.book.folder.rglob("*")]
    assert names and not [n for n in names if WORD.lower() in n.lower() or "anna" in n.lower()]
    for kept in made.others:
        assert re.fullmatch(r"(\w+-)?[0-9a-f]{24}(-probe-[\w.]+)?\.(mp4|json)", kept.name), kept.name
        assert not traces(kept.read_bytes()), kept.name
        assert str(made.original.parent).encode() not in kept.read_bytes()
    record = made.book.folder / "films/snack.json"
    told = record.read_text(encoding="utf-8")
    # where a film was left is all that is remembered, for without it nobody finds it
    referred = not (made.book.folder / "films/snack.mov").exists()
    assert (WORD in told) == referred and told.count(NAME) == referred
