"""The lab: films by handle and id from any Jupyter server, and a launcher that leaves nothing behind."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import films as drawing
import psutil
import pytest
import websocket
from conftest import PERSON, ROOT, told, tree_hash

from vigkit import casebook, content, steps
from vigkit.casebook import Casebook
from vigkit.demo import place
from vigkit.errors import BadUsage, VigkitError
from vigkit.lab import films

WAIT = 60.0
GIGABYTE = 1 << 30


def until(what: Callable[[], Any], seconds: float = WAIT) -> Any:
    """What a function gives as soon as it gives something."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)
    return found


# --- Any Jupyter server ----------------------------------------------------------------------------------


@dataclass
class Server:
    """Somebody's own Jupyter server, and where it keeps the handles of open casebooks."""

    process: subprocess.Popen[bytes]
    port: int
    base: str
    token: str
    place: Path

    def ask(
        self, path: str, method: str = "GET", **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and body of one request, by the very path."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        headers = {"Authorization": f"token {self.token}"} | headers
        with contextlib.closing(connection):
            connection.request(method, self.base + path, headers={k: v for k, v in headers.items() if v})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def offered(self, book: Casebook, monkeypatch: pytest.MonkeyPatch) -> str:
        """The handle that a kernel of this server would get for a casebook."""
        monkeypatch.setenv(films.PLACE, str(self.place))
        handle = films.offer(book)
        assert handle is not None
        return handle


@contextlib.contextmanager
def serving(folder: Path, base: str) -> Iterator[Server]:
    """`jupyter server` as this environment starts it by itself, under a base URL as a JupyterHub gives it."""
    for name in ("home", "runtime", "temporary", "root"):
        (folder / name).mkdir()
    token = secrets.token_hex(16)
    options = {
        "ip": "127.0.0.1",
        "port": 0,
        "base_url": base,
        "root_dir": folder / "root",
        "allow_root": True,
    }
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter_server", f"--IdentityProvider.token={token}"),
            *(f"--ServerApp.{name}={value}" for name, value in options.items()),
            "--no-browser",
        ],
        env=os.environ
        | {"HOME": str(folder / "home"), "JUPYTER_RUNTIME_DIR": str(folder / "runtime")}
        | {"TMPDIR": str(folder / "temporary")},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        told = until(lambda: list((folder / "runtime").glob("jpserver-*.json")) and _info(folder / "runtime"))
        places = list((folder / "temporary").glob("vigkit-films-*"))
        assert len(places) == 1, "the extension is not enabled: install vigkit again (python start.py test)"
        server = Server(process, told["port"], base, token, places[0])
        until(lambda: _answers(server.port))
        yield server
    finally:
        process.terminate()
        process.wait(timeout=WAIT)
    assert not places[0].exists(), "the handles go with the server"


def _info(runtime: Path) -> dict[str, Any]:
    for file in runtime.glob("jpserver-*.json"):
        with contextlib.suppress(ValueError):  # it is being written
            return dict(json.loads(file.read_text()))
    return {}


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module", params=["/", "/user/ann/"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), request.param) as server:
        yield server


@pytest.fixture
def film(server: Server, book: Casebook, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of the film `snack` for this server."""
    return f"vigkit/film/{server.offered(book, monkeypatch)}/snack"


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("", 200, slice(None)),
        ("bytes=0-", 200, slice(None)),
        ("bytes=0-0", 206, slice(1)),
        ("bytes=0-99", 206, slice(100)),
        ("bytes=1000-65999", 206, slice(1000, 66000)),
        ("bytes=-500", 206, slice(-500, None)),
        ("bytes=2000-", 206, slice(2000, None)),
        ("bytes=2000-99999999999", 206, slice(2000, None)),
        ("furlongs=1-2", 200, slice(None)),
    ],
)
def test_a_film_comes_whole_or_in_the_part_that_is_asked_for(
    server: Server, film: str, small_film: Path, asked: str, status: int, part: slice
) -> None:
    data = small_film.read_bytes()
    found, headers, body = server.ask(film, Range=asked)
    assert (found, body) == (status, data[part])
    assert headers["Accept-Ranges"] == "bytes" and headers["Content-Type"] == "video/mp4"
    if status == 206:
        start, end, _ = part.indices(len(data))
        assert headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(data)}"
    again, shown, nothing = server.ask(film, "HEAD", Range=asked)
    assert (again, nothing) == (status, b"")
    assert shown["Content-Length"] == headers["Content-Length"] == str(len(body))


def test_a_part_that_is_not_there_is_refused(server: Server, film: str, small_film: Path) -> None:
    size = small_film.stat().st_size
    for asked in (f"bytes={size}-", f"bytes={size + 5}-{size + 9}"):
        status, headers, body = server.ask(film, Range=asked)
        assert (status, headers["Content-Range"], body) == (416, f"bytes */{size}", b"")


def test_a_browser_keeps_nothing_of_a_film(server: Server, film: str) -> None:
    for words in ({}, {"If-None-Match": "*"}, {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}):
        status, headers, _ = server.ask(film, **words)
        assert (status, headers["Cache-Control"]) == (200, "no-store")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert not {"etag", "last-modified", "expires"} & {name.lower() for name in headers}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("given", ["", "token 0123456789abcdef"])
def test_without_the_token_nobody_sees_a_film(server: Server, film: str, method: str, given: str) -> None:
    for path in (film, f"{film}/proxy"):
        status, headers, body = server.ask(path, method, Authorization=given)
        assert status in (302, 403) and b"ftyp" not in body
        assert "video" not in (headers["Content-Type"] or "")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_film_can_only_be_looked_at(server: Server, film: str, book: Casebook, method: str) -> None:
    before = tree_hash(book.folder)
    assert server.ask(film, method)[0] in (403, 405)
    assert tree_hash(book.folder) == before


def test_only_a_film_of_an_open_casebook_is_served(server: Server, film: str, book: Casebook) -> None:
    handle = film.split("/")[2]
    assert server.ask(film)[0] == 200
    for other in (
        *("vigkit/film", f"vigkit/film/{handle}", f"{film}/other", f"{film}/proxy/x", f"{film}/x/proxy"),
        *(f"vigkit/film/{handle}/nobody", f"vigkit/film/{secrets.token_hex(16)}/snack"),
        *(f"vigkit/film/{handle.upper()}1/snack", f"vigkit/film/{handle[:-1]}/snack"),
        *(f"vigkit/film/{handle}/..%2f..%2fcasebook.json", f"vigkit/film/{handle}/../casebook.json"),
        *(
            f"vigkit/film/{handle}/%2e%2e",
            f"vigkit/film/{handle}/films%2fsnack.mp4",
            f"vigkit/film/../{film}",
        ),
        *(f"vigkit/film/{handle}/%2fetc%2fpasswd", "vigkit/film/..%2f..%2fetc/passwd", f"{film}%00"),
        f"vigkit/film/{'..%2f' * 8}etc%2fpasswd/snack",
    ):
        status, headers, body = server.ask(other)
        assert status == 404 and "video" not in headers["Content-Type"], other
        assert book.owner.id.encode() not in body and b"root:" not in body
    status, headers, body = server.ask(f"vigkit/film/{handle}/nobody")
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert body.decode() == "There is no film nobody in this casebook. Choose snack."


def test_a_consent_that_is_taken_back_stops_the_very_next_request(
    server: Server, film: str, book: Casebook
) -> None:
    assert server.ask(film, Range="bytes=0-9")[0] == 206
    given = PERSON["consents"][0] | {"withdrawn": "2026-02-01"}
    steps.put(book, "consent", PERSON | {"person": "C1", "consents": [given]})
    for path in (film, f"{film}/proxy"):
        for method in ("GET", "HEAD"):
            status, headers, _ = server.ask(path, method, Range="bytes=0-9")
            assert (status, headers["Cache-Control"]) == (410, "no-store")
        assert server.ask(path)[2].decode().startswith("The consent of C1 for the film snack was taken back.")


def test_a_film_that_has_gone_or_changed_is_told_in_words(server: Server, film: str, book: Casebook) -> None:
    file = book.folder / "films/snack.mp4"
    data = file.read_bytes()
    file.write_bytes(data + b"x")
    status, _, body = server.ask(film)
    assert status == 409 and b"has changed since it was first looked at" in body
    file.unlink()
    status, _, body = server.ask(film)
    assert status == 404 and b"is not there" in body
    file.write_bytes(data)
    assert server.ask(film)[0] == 200


def test_a_casebook_that_has_gone_is_told_in_words(
    server: Server, film: str, book: Casebook, tmp_path: Path
) -> None:
    assert server.ask(film)[0] == 200
    book.folder.rename(tmp_path / "elsewhere")
    status, headers, body = server.ask(film)
    assert status in (404, 503) and headers["Content-Type"].startswith("text/plain")
    assert str(tmp_path).encode() not in body and body.decode().endswith(".")


def test_a_copy_for_browsers_is_served_when_it_was_made(
    server: Server, book: Casebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "walk.avi"
    drawing.ffmpeg("-f", "lavfi", "-i", "testsrc=d=1:r=10:s=64x64", "-c:v", "mjpeg", source)
    steps.add_film(book, source, people=["S1"], id="walk")
    path = f"vigkit/film/{server.offered(book, monkeypatch)}/walk/proxy"
    status, _, body = server.ask(path)
    assert status == 404 and body.decode().endswith(".")
    made, reason = steps.playable(book, "walk")
    assert reason and server.ask(path)[::2] == (200, made.read_bytes())
    assert server.ask(path, Range="bytes=5-9")[::2] == (206, made.read_bytes()[5:10])


def test_one_casebook_has_one_handle_and_no_server_no_handle(
    book: Casebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(films.PLACE, raising=False)
    assert films.offer(book) is None
    monkeypatch.setenv(films.PLACE, str(tmp_path / "gone"))
    assert films.offer(book) is None
    (tmp_path / "here").mkdir()
    monkeypatch.setenv(films.PLACE, str(tmp_path / "here"))
    handle = films.offer(book)
    assert handle == films.offer(Casebook(book.folder)) and len(handle or "") == 32
    other = films.offer(steps.new(tmp_path / "other"))
    assert other not in (None, handle)
    assert films.opened(handle or "").folder == book.folder.resolve()
    for wrong in ("", "nobody", "../" + str(handle), "0" * 32):
        with pytest.raises(BadUsage):
            films.opened(wrong)


# --- Large films -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, small_film: Path) -> Path:
    """A film of more than a gigabyte, most of it a box that says nothing and takes no room on the disk."""
    path = tmp_path_factory.mktemp("large") / "large.mp4"
    data = small_film.read_bytes()
    size = GIGABYTE + 12345 - len(data)
    path.write_bytes(data + (1).to_bytes(4, "big") + b"free" + size.to_bytes(8, "big"))
    with path.open("r+b") as file:
        file.truncate(len(data) + size)
    return path


@pytest.fixture
def with_large(tmp_path: Path, large: Path) -> Casebook:
    book = steps.new(tmp_path / "large-casebook")
    steps.add_film(book, large, people=["S1"], id="large", refer=True)
    return book


def test_a_large_film_begins_at_once_and_is_never_held(
    tmp_path: Path, with_large: Casebook, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that has just started has read no film; when it has served one it is as small as before."""
    began = time.monotonic()
    with large.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    to_read = time.monotonic() - began
    with serving(tmp_path, "/") as server:
        path = f"vigkit/film/{server.offered(with_large, monkeypatch)}/large"
        process = psutil.Process(server.process.pid)
        server.ask("api/status")
        before = process.memory_info().rss
        began = time.monotonic()
        status, headers, body = server.ask(path, Range="bytes=0-65535")
        first = time.monotonic() - began
        assert (status, len(body)) == (206, 65536) and body[4:8] == b"ftyp"
        assert first < to_read / 3, f"{first:.2f} s to begin, {to_read:.2f} s to read it all"
        for at in (GIGABYTE, GIGABYTE // 2, 100):
            assert server.ask(path, Range=f"bytes={at}-{at + 99}")[1]["Content-Length"] == "100"
        most, got = before, 0
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT)
        connection.request("GET", "/" + path, headers={"Authorization": f"token {server.token}"})
        answer = connection.getresponse()
        while piece := answer.read(1 << 24):
            got += len(piece)
            most = max(most, process.memory_info().rss)
        connection.close()
        assert got == large.stat().st_size == int(headers["Content-Range"].split("/")[1])
        assert most - before < 40e6, f"{(most - before) / 1e6:.0f} MB more than before"


def test_a_large_film_is_read_once_by_whoever_adds_it(
    with_large: Casebook, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = with_large.folder / "cache/large" / casebook.STAMP
    state = large.stat()
    assert stamp.read_text().split()[:2] == [str(state.st_size), str(state.st_mtime_ns)]
    casebook._hashes.clear()  # as in another process
    assert steps.shown_film(with_large, "large") == large
    assert not casebook._hashes, "it was not read again"


def test_a_stamp_holds_for_that_size_and_time_alone(with_large: Casebook, large: Path) -> None:
    stamp = with_large.folder / "cache/large" / casebook.STAMP
    kept, state = stamp.read_text(), large.stat()
    try:
        os.utime(large, ns=(state.st_atime_ns, state.st_mtime_ns + 2_000_000_000))
        assert steps.shown_film(with_large, "large") == large
        assert stamp.read_text() != kept, "it was read again, and is remembered as it is now"
        with large.open("r+b") as file:  # a byte of it
            file.seek(-1, 2)
            file.write(b"x")
        with pytest.raises(VigkitError, match="has changed"):
            steps.shown_film(with_large, "large")
    finally:
        with large.open("r+b") as file:
            file.truncate(state.st_size - 1)
            file.truncate(state.st_size)
        os.utime(large, ns=(state.st_atime_ns, state.st_mtime_ns))


def test_what_is_refused_leaves_no_stamp(
    with_large: Casebook, large: Path, vigkit: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (with_large.folder / "cache/large" / casebook.STAMP).write_text("another film")
    before = tree_hash(with_large.folder)
    assert vigkit("film", "proxy", with_large.folder, "larger").returncode == 2
    record = with_large.folder / "films/large.json"
    text = record.read_text()
    digest = json.loads(text)["sha256"]
    record.write_text(text.replace(digest, "0" * 64))
    assert vigkit("film", "proxy", with_large.folder, "large").returncode == 2
    record.write_text(text)
    assert tree_hash(with_large.folder) == before


def test_a_small_film_has_no_stamp(book: Casebook) -> None:
    steps.shown_film(book, "snack")
    assert not list(book.folder.rglob(casebook.STAMP))


# --- Pages -----------------------------------------------------------------------------------------------

PAGE: dict[str, Any] = {
    "cells": [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# A page"},
        {
            "cell_type": "code",
            "id": "one",
            "metadata": {},
            "source": "1 + 1",
            "outputs": [],
            "execution_count": None,
        },
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def page(words: str) -> bytes:
    """A page with these words."""
    first = PAGE["cells"][0] | {"source": words}
    return json.dumps(PAGE | {"cells": [first, *PAGE["cells"][1:]]}).encode()


def words_of(book: Casebook, name: str = "1-goal.ipynb") -> str:
    text = (book.folder / "workbooks" / name).read_text(encoding="utf-8")
    return str(json.loads(text)["cells"][0]["source"])


def test_a_new_casebook_has_its_pages(tmp_path: Path) -> None:
    book = steps.new(tmp_path / "new")
    assert sorted(f"{name}.ipynb" for name in book.pages) == sorted(content.pages())


def test_an_older_page_is_replaced_and_a_changed_one_stays(book: Casebook) -> None:
    file = book.folder / "workbooks/1-goal.ipynb"
    file.unlink(missing_ok=True)
    book.copy_pages({file.name: page("Version 1")})
    assert words_of(book) == "Version 1"
    ran = json.loads(file.read_text())
    ran["cells"][1].update(
        outputs=[{"output_type": "stream", "name": "stdout", "text": "2"}], execution_count=3
    )
    file.write_text(json.dumps(ran))  # a Jupyter of the person's own has saved it
    book.copy_pages({file.name: page("Version 1")})
    assert "outputs" in file.read_text() and json.loads(file.read_text()) == ran, "nothing new, so it stays"
    book.copy_pages({file.name: page("Version 2")})
    assert words_of(book) == "Version 2"
    mine = json.loads(file.read_text())
    mine["cells"][0]["source"] = "My own words"
    file.write_text(json.dumps(mine))
    book.copy_pages({file.name: page("Version 3")})
    assert words_of(book) == "My own words"


@pytest.mark.parametrize(
    "there", [page("Somebody's own").decode(), "no page at all", "[]", "{}", '{"cells": 3}']
)
def test_a_page_that_is_not_ours_stays(book: Casebook, there: str) -> None:
    file = book.folder / "workbooks/1-goal.ipynb"
    file.parent.mkdir(exist_ok=True)
    file.write_text(there)
    book.copy_pages({file.name: page("Ours")})
    assert file.read_text() == there


@pytest.mark.parametrize("there", ["", " \n"])
def test_a_page_that_was_broken_off_is_put_back(book: Casebook, there: str) -> None:
    file = book.folder / "workbooks/1-goal.ipynb"
    file.parent.mkdir(exist_ok=True)
    file.write_text(there)
    book.copy_pages({file.name: page("Ours")})
    assert words_of(book) == "Ours"


# --- The launcher ----------------------------------------------------------------------------------------


@dataclass
class Lab:
    """A running `vigkit lab`, and the folder that its temporary files go to."""

    process: subprocess.Popen[str]
    url: str
    temporary: Path

    @property
    def token(self) -> str:
        return self.url.partition("token=")[2]

    def ask(self, path: str, data: Any = None, token: bool = True) -> tuple[int, bytes]:
        """Status and body; a redirect is an answer."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=WAIT)
        headers = {"Authorization": f"token {self.token}"} if token else {}
        with contextlib.closing(connection):
            body = None if data is None else json.dumps(data)
            connection.request("GET" if data is None else "POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def kernel(self) -> psutil.Process:
        """Start a kernel as a page does."""
        session = {"path": "tiny.ipynb", "type": "notebook", "name": "", "kernel": {"name": "python3"}}
        assert self.ask("/api/sessions", session)[0] == 201
        found = until(self.kernels)
        return found[0]

    def kernels(self) -> list[psutil.Process]:
        found = []
        for process in self.everybody():
            with contextlib.suppress(psutil.NoSuchProcess):  # it ends while we look
                if "ipykernel_launcher" in " ".join(process.cmdline()):
                    found.append(process)
        return found

    @contextlib.contextmanager
    def connected(self) -> Iterator[psutil.Process]:
        """A kernel that has begun, and a page that listens to it."""
        process = self.kernel()
        [kernel] = json.loads(self.ask("/api/kernels")[1])
        address = f"ws://{urlsplit(self.url).netloc}/api/kernels/{kernel['id']}/channels?token={self.token}"
        with contextlib.closing(websocket.create_connection(address, timeout=WAIT)):
            until(lambda: json.loads(self.ask("/api/kernels")[1])[0]["execution_state"] == "idle")
            yield process

    def everybody(self) -> list[psutil.Process]:
        me = psutil.Process(self.process.pid)
        return [me, *me.children(recursive=True)]


@contextlib.contextmanager
def lab(book: Path, folder: Path, *words: str, **environment: str) -> Iterator[Lab]:
    """`vigkit lab`, with temporary files and a home of its own."""
    for name in ("temporary", "home"):
        (folder / name).mkdir(exist_ok=True)
    places = {"TMPDIR": str(folder / "temporary"), "HOME": str(folder / "home")}
    with (folder / "errors").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "vigkit", "lab", str(book), "--json", "--no-browser", *words],
            env=os.environ | places | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, (folder / "errors").read_text()
            yield Lab(process, json.loads(line)["result"]["url"], folder / "temporary")
        finally:
            process.terminate()
            process.wait(timeout=WAIT)
            if process.stdout is not None:
                process.stdout.close()


@pytest.fixture
def with_page(book: Casebook) -> Casebook:
    book.copy_pages({"tiny.ipynb": page("# Tiny")})
    return book


def test_it_tells_one_address_when_it_answers(with_page: Casebook, tmp_path: Path) -> None:
    with lab(with_page.folder, tmp_path, "--page", "tiny") as running:
        with urllib.request.urlopen(running.url, timeout=WAIT) as answer:
            assert answer.status == 200 and b"jupyter-config-data" in answer.read()
        assert urlsplit(running.url).path == "/doc/tree/tiny.ipynb"
        assert running.ask("/doc/tree/tiny.ipynb", token=False)[0] == 302
        assert running.ask("/api/contents", token=False)[0] == 403
        assert running.ask("/api/terminals")[0] == 404
        names = [each["name"] for each in json.loads(running.ask("/api/contents")[1])["content"]]
        assert sorted(names) == sorted({"tiny.ipynb", *content.pages()})
        assert running.ask("/files/../casebook.json")[0] in (403, 404)
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(timeout=WAIT) == 130
        assert running.process.stdout is not None and running.process.stdout.read() == ""


@pytest.mark.parametrize("stop", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_whoever_stops_it_leaves_nothing_behind(with_page: Casebook, tmp_path: Path, stop: str) -> None:
    with lab(with_page.folder, tmp_path, "--page", "tiny") as running:
        kernel = running.kernel()
        before = running.everybody()
        assert len(list(running.temporary.iterdir())) == 1
        running.process.send_signal(getattr(signal, stop))
        assert running.process.wait(timeout=WAIT) == 130
        until(lambda: not any(each.is_running() for each in before))
        assert not kernel.is_running() and not list(running.temporary.iterdir())
    assert not list((tmp_path / "home").rglob("*")) and (tmp_path / "errors").read_text() == ""


def test_it_can_be_stopped_while_a_kernel_starts(with_page: Casebook, tmp_path: Path) -> None:
    with lab(with_page.folder, tmp_path, "--page", "tiny") as running:
        running.kernel()
        running.process.send_signal(signal.SIGINT)
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(timeout=WAIT) == 130
    assert not list(running.temporary.iterdir())


def test_the_persons_own_jupyter_is_neither_read_nor_touched(with_page: Casebook, tmp_path: Path) -> None:
    home = tmp_path / "home"
    spoiled = "raise SystemExit('the settings of the person were read')"
    without = {"disabledExtensions": {"@jupyterlab/notebook-extension": True}}
    kernel = {"argv": ["false"], "display_name": "Not this one", "language": "python"}
    for name, text in {
        ".jupyter/jupyter_server_config.py": spoiled,
        ".jupyter/jupyter_config.py": spoiled,
        ".jupyter/jupyter_lab_config.py": spoiled,
        ".jupyter/jupyter_server_config.d/other.json": '{"ServerApp": {"jpserver_extensions": {"no": true}}}',
        ".jupyter/lab/user-settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings": "{broken",
        ".jupyter/custom/custom.css": "body { display: none }",
        ".jupyter/labconfig/page_config.json": json.dumps(without),
        ".local/share/jupyter/kernels/python3/kernel.json": json.dumps(kernel),
        ".ipython/profile_default/startup/first.py": spoiled,
        ".ipython/profile_default/ipython_config.py": spoiled,
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    before = tree_hash(home)
    places = {
        "JUPYTER_CONFIG_PATH": str(home / ".jupyter"),
        "JUPYTER_PATH": str(home / ".local/share/jupyter"),
    }
    with lab(with_page.folder, tmp_path, "--page", "tiny", **places) as running:
        with running.connected() as kernel:
            assert kernel.exe() == psutil.Process(running.process.pid).exe()
            assert Path(kernel.cwd()) == with_page.folder.resolve() / "workbooks"
        assert b"display: none }" not in running.ask("/custom/custom.css")[1].splitlines()[0]
        assert list(json.loads(running.ask("/api/kernelspecs")[1])["kernelspecs"]) == ["python3"]
        assert b'notebook-extension"' not in running.ask("/doc/tree/tiny.ipynb")[1]
    assert tree_hash(home) == before


def test_it_listens_to_this_computer_alone(with_page: Casebook, tmp_path: Path) -> None:
    with lab(with_page.folder, tmp_path, "--page", "tiny") as running:
        with running.connected():
            used = [c for each in running.everybody() for c in each.net_connections("inet")]
        assert len(used) > 5 and {c.laddr.ip for c in used} == {"127.0.0.1"}
        assert {c.raddr.ip for c in used if c.raddr} <= {"127.0.0.1"}


def test_another_site_cannot_talk_to_it(with_page: Casebook, tmp_path: Path) -> None:
    """A name that leads to 127.0.0.1 is refused, whatever comes with it."""
    with lab(with_page.folder, tmp_path, "--page", "tiny") as running:
        port = urlsplit(running.url).port or 0
        for path in ("/api/contents", "/doc/tree/tiny.ipynb", "/custom/custom.css"):
            assert running.ask(path)[0] == 200
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
            headers = {"Host": f"example.org:{port}", "Authorization": f"token {running.token}"}
            with contextlib.closing(connection):
                connection.request("GET", path, headers=headers)
                assert connection.getresponse().status in (403, 404)


def test_a_folder_that_has_gone_is_an_empty_one(with_page: Casebook, tmp_path: Path) -> None:
    """Jupyter looks into it every ten seconds, and would tell in words of its own that it is not there."""
    with lab(with_page.folder, tmp_path) as running:
        with_page.folder.rename(tmp_path / "away")
        for content in (1, 0):
            status, told = running.ask(f"/api/contents/?content={content}")
            assert status == 200 and json.loads(told)["content"] == ([] if content else None)
        assert running.ask("/api/contents/tiny.ipynb")[0] == 404
        (tmp_path / "away").rename(with_page.folder)
        assert "tiny.ipynb" in str(running.ask("/api/contents/?content=1")[1])


def test_a_port_that_is_taken_is_passed_over(with_page: Casebook, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with lab(with_page.folder, tmp_path, "--page", "tiny", "--port", str(port)) as running:
            assert urlsplit(running.url).port not in (None, port)
            assert running.ask("/api/status")[0] == 200


def test_a_browser_comes_in_by_an_address_for_one_visit(with_page: Casebook, tmp_path: Path) -> None:
    """Every program here can see which address a browser is given, so it is no key any more afterwards."""
    visited = tmp_path / "visited"
    script = tmp_path / "browser.py"
    script.write_text(f"import sys, pathlib; pathlib.Path({str(visited)!r}).write_text(sys.argv[1])")
    process = subprocess.Popen(
        [sys.executable, "-m", "vigkit", "lab", str(with_page.folder), "--page", "tiny", "--json"],
        env=os.environ | {"BROWSER": f"{sys.executable} {script} %s"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    try:
        assert process.stdout is not None
        running = Lab(process, json.loads(process.stdout.readline())["result"]["url"], tmp_path)
        address = until(lambda: visited.exists() and visited.read_text())
        assert running.token not in address
        with urllib.request.urlopen(address, timeout=WAIT) as answer:
            assert answer.url == running.url and answer.status == 200
        assert running.ask(urlsplit(address).path, token=False)[0] == 404
    finally:
        process.terminate()
        process.communicate(timeout=WAIT)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nowhere"], "not-a-casebook"),
        (["."], "not-a-casebook"),
        (["casebook", "--page", "../x"], "bad-usage"),
        (["casebook", "--page", ""], "bad-usage"),
        (["casebook", "--port", "80"], "bad-usage"),
    ],
)
def test_what_it_refuses_changes_nothing(
    words: list[str],
    code: str,
    book: Casebook,
    vigkit: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    (book.folder / "workbooks/0-welcome.ipynb").unlink(missing_ok=True)
    before = tree_hash(book.folder.parent)
    run = vigkit("lab", *words, "--json", "--no-browser", cwd=book.folder.parent)
    assert (run.returncode, told(run)["error"]["code"]) == (2, code)
    assert tree_hash(book.folder.parent) == before


# --- The demonstration -----------------------------------------------------------------------------------

DRAW = """
import sys
from pathlib import Path
from vigkit.demo import place
print(place.drawn_once(Path(sys.argv[1]), drawn=Path(sys.argv[2])))
"""


def test_the_demonstration_is_drawn_once_whoever_asks(tmp_path: Path, drawn: Path) -> None:
    words = [sys.executable, "-c", DRAW, str(tmp_path), str(drawn)]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(2)]
    told = [process.communicate(timeout=5 * WAIT)[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert told[0] == told[1] and Casebook(told[0]).cycles
    made = Path(told[0], "casebook.json").stat().st_mtime_ns
    assert place.drawn_once(tmp_path, drawn=drawn) == Path(told[0])
    assert Path(told[0], "casebook.json").stat().st_mtime_ns == made
    Path(told[0], "casebook.json").unlink()  # swept away by a system that tidies up
    assert Casebook(place.drawn_once(tmp_path, drawn=drawn)).cycles


@pytest.mark.skipif(os.name == "nt", reason="there are no owners of folders that one can ask for")
def test_a_folder_that_somebody_else_has_put_there_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ours = place.ours()
    assert ours == place.ours() and ours.parent == tmp_path and ours.stat().st_mode & 0o77 == 0
    ours.rmdir()
    (tmp_path / "theirs").mkdir()
    ours.symlink_to(tmp_path / "theirs")
    assert place.ours() not in (ours, tmp_path / "theirs")
