"""A film comes in through the browser: straight to the casebook's disk, however large, or not at all."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from test_lab import WAIT, Server, server, until

from vigkit import pages
from vigkit.casebook import Casebook
from vigkit.pages.agree import _add
from vigkit.pages.desk import Desk

__all__ = ["server"]  # a fixture
PIECE = bytes(1 << 20)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    pages._desks.clear()


def put(server: Server, path: str, body: object, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT)
    with contextlib.closing(connection):
        headers = {"Authorization": f"token {server.token}"} | headers
        connection.request(
            "PUT", server.base + path, body=body, headers={k: v for k, v in headers.items() if v}
        )  # type: ignore[arg-type]
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@pytest.fixture
def handle(server: Server, book: Casebook, monkeypatch: pytest.MonkeyPatch) -> str:
    return server.offered(book, monkeypatch)


def brought(book: Casebook) -> list[Path]:
    return sorted(book.folder.glob("cache/brought/*"))


def test_a_film_that_was_brought_is_taken_in_and_its_cycle_knows_it(
    server: Server, book: Casebook, handle: str, small_film: Path
) -> None:
    status, name = put(server, f"vigkit/bring/{handle}/mp4", small_film.read_bytes())
    assert status == 200 and brought(book) == [book.folder / "cache/brought" / name]
    desk = Desk.open("2-consent-and-film", book.folder)
    told = _add(desk, {"brought": name, "people": "S1; C1,", "kind": []})
    assert "Added the film" in told["say"]
    assert not (book.folder / "cache/brought").exists()
    film = desk.now().films[-1]
    assert desk.contents().films[film].people == ("S1", "C1")


def test_a_large_film_is_never_held_in_memory(server: Server, book: Casebook, handle: str) -> None:
    process = psutil.Process(server.process.pid)
    size = 700  # MB: more than Jupyter lets anybody send in one piece
    put(server, f"vigkit/bring/{handle}/mp4", PIECE)
    before = process.memory_info().rss
    body = (PIECE for _ in range(size))
    status, name = put(server, f"vigkit/bring/{handle}/mp4", body, **{"Content-Length": str(size << 20)})
    assert status == 200
    assert (book.folder / "cache/brought" / name).stat().st_size == size << 20
    assert process.memory_info().rss - before < 100 << 20


def test_nobody_brings_anything_without_the_token(server: Server, book: Casebook, handle: str) -> None:
    status, _ = put(server, f"vigkit/bring/{handle}/mp4", PIECE, Authorization="")
    assert status in (302, 403)
    status, _ = put(server, f"vigkit/bring/{'0' * 32}/mp4", PIECE)
    assert status == 409
    assert put(server, f"vigkit/bring/{handle}/../mp4", PIECE)[0] == 404
    assert not brought(book)


def test_an_empty_film_is_told_in_words(server: Server, book: Casebook, handle: str) -> None:
    status, sentence = put(server, f"vigkit/bring/{handle}/mp4", b"")
    assert status == 409 and "It is empty" in sentence
    assert not brought(book)


def test_what_is_broken_off_leaves_nothing(server: Server, book: Casebook, handle: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT)
    connection.putrequest("PUT", f"{server.base}vigkit/bring/{handle}/mp4")
    connection.putheader("Authorization", f"token {server.token}")
    connection.putheader("Content-Length", str(5 << 20))
    connection.endheaders()
    connection.send(PIECE)
    until(lambda: brought(book))
    connection.close()
    until(lambda: not brought(book))


def test_a_film_that_cannot_be_read_is_told_and_gone(server: Server, book: Casebook, handle: str) -> None:
    _, name = put(server, f"vigkit/bring/{handle}/mp4", b"this is no film at all")
    deck = pages.film(book.folder)
    told: list[dict[str, object]] = []
    deck.send = lambda content, buffers=None: told.append(content)
    deck.receive({"to": 1, "op": "do", "name": "bring", "given": {"brought": name, "people": "S1"}})
    [answer] = [each for each in told if each.get("to") == 1]
    assert "cannot be used" in str(answer["problem"])
    assert not brought(book)
