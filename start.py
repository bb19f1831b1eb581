"""Sets vigkit up in a folder of its own, .venv beside this file, and runs it there.

    python start.py             makes the demonstration, packs it and opens the page
    python start.py test        runs the whole test suite
    python start.py WORDS...    runs vigkit WORDS...

Standard library only. It must parse on Python 3.6, so that it can say which version it needs.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import venv
import webbrowser
from pathlib import Path

HERE = Path(os.path.normpath(Path(__file__).absolute())).parent  # without .., by whatever way one came
VENV = HERE / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
UV = BIN / ("uv.exe" if os.name == "nt" else "uv")
LOG = VENV / "setup.log"
UNFINISHED = VENV / "unfinished"
CACHE = HERE / ".setup-cache"

# What would send an installation or an import to another place than .venv.
ELSEWHERE = (
    *("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV"),
    *("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON"),
    *("UV_TARGET", "UV_PREFIX", "UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_PROJECT_ENVIRONMENT"),
)


def say(sentence: str) -> None:
    """Standard output belongs to vigkit, which may be asked for JSON."""
    print(sentence, file=sys.stderr, flush=True)


def too_old(version: "tuple[int, ...]") -> str:
    """What to do about a Python that is too old; nothing where it will do."""
    if version >= (3, 11):
        return ""
    return (
        f"vigkit needs Python 3.11 or newer. This is Python {version[0]}.{version[1]}.\n"
        "Get a newer one from python.org, then run this file with it."
    )


def too_long(folder: str, system: str) -> str:
    """What to do about a folder name too long for Windows: the longest file in .venv needs another 160."""
    if system != "nt" or len(folder) <= 95:
        return ""
    return (
        f"The name of this folder has {len(folder)} characters. Windows allows about 95.\n"
        "Move it to a shorter place, for example C:\\vigkit, then run this again."
    )


def environment() -> "dict[str, str]":
    """The environment of every command started here."""
    mine = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    if os.name == "nt":
        # Before 3.13 Windows reads an installed path in the system's own encoding: an umlaut is lost.
        mine.update(PYTHONUTF8="1", PYTHONPATH=str(HERE))
    return mine


def logged(*words: str) -> bool:
    """Whether a command of the set-up went well; what it says goes to the log."""
    mine = environment()
    mine.update(PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0", PIP_NO_INPUT="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    # Nothing is written outside this folder, unless you chose a place for downloads yourself.
    mine.setdefault("PIP_CACHE_DIR", str(CACHE / "pip"))
    mine.setdefault("UV_CACHE_DIR", str(CACHE / "uv"))
    with LOG.open("a", encoding="utf-8") as log:
        log.write("\n$ " + " ".join(words) + "\n")
        log.flush()
        try:
            done = subprocess.run(
                words, cwd=HERE, env=mine, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False
            )
        except OSError as problem:
            # A company's rules or a virus scanner may refuse a program that was installed a moment ago.
            log.write(f"{problem}\n")
            return False
    return done.returncode == 0


def pip() -> "list[str]":
    """The command that installs into .venv: this Python's own pip, or else the one it brings along."""
    outside = [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    inside = [str(PYTHON), "-m", "pip"]
    if logged(*outside, "--version"):
        return outside
    if logged(*inside, "--version") or logged(str(PYTHON), "-m", "ensurepip"):
        return inside
    sys.exit(
        "This Python has no pip, and vigkit needs it once, to set itself up.\n"
        "On Debian or Ubuntu, type: sudo apt install python3-venv\n"
        "Then run the same command again."
    )


def install(extra: str) -> bool:
    """Installs from wheels/ if that folder is there, then from the network; with uv, then with pip alone."""
    installer = pip()
    project = ["-c", "constraints.txt", "-e", "." + extra]
    stick = [["--no-index", "--find-links", "wheels"]] if any(HERE.glob("wheels/*.whl")) else []
    for source in [*stick, []]:
        if not UV.exists():
            logged(*installer, "install", *source, "-c", "constraints.txt", "uv<1")
        if UV.exists() and logged(str(UV), "pip", "install", "--python", str(PYTHON), *source, *project):
            return True
        # uv does not read pip's settings: a company's own mirror is known to pip alone.
        say("Trying another way. This can take 5 minutes.")
        if logged(*installer, "install", "--no-compile", *source, *project):
            return True
    return False


def works() -> bool:
    """Whether .venv was made in this place and its Python runs: the one it came from may be gone."""
    settings = VENV / "pyvenv.cfg"
    if not PYTHON.exists() or not settings.exists() or str(VENV) not in settings.read_text(encoding="utf-8"):
        return False
    question = "import sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([PYTHON, "-I", "-c", question], stderr=subprocess.DEVNULL).returncode == 0


def key() -> str:
    """Changes when the packages have to be looked at again."""
    files = [VENV / "pyvenv.cfg", HERE / "pyproject.toml", HERE / "constraints.txt"]
    return hashlib.sha256(b"\0".join([os.fsencode(HERE), *(file.read_bytes() for file in files)])).hexdigest()


def packages() -> "set[Path]":
    """What stands in .venv, on Windows and elsewhere."""
    return {*VENV.glob("Lib/site-packages/*"), *VENV.glob("lib/*/site-packages/*")}


def set_up(extra: str = "") -> None:
    """Makes .venv ready for this version of vigkit; where it is ready, nothing is touched."""
    ready = VENV / ("ready" + extra)
    if not UNFINISHED.exists() and works() and ready.exists() and ready.read_text() == key():
        return
    sentence = too_long(str(HERE), os.name)
    if sentence:
        sys.exit(sentence)
    say("Setting up. This takes 1 to 3 minutes the first time.")
    if UNFINISHED.exists() or not works():
        # A package half copied looks like a whole one, so what was interrupted is made afresh.
        venv.create(VENV, clear=True, symlinks=os.name != "nt")
    LOG.write_text("")
    UNFINISHED.touch()
    before, done = packages(), False
    try:
        done = install(extra)
    finally:
        if done or packages() == before:
            UNFINISHED.unlink()
    if not done:
        sys.exit(
            "vigkit is not set up yet. Check that this computer is online and has 1 GB of space.\n"
            "Without a network, copy your trainer's folder wheels beside start.py.\n"
            "Then run the same command again.\n"
            "The details are in .venv/setup.log."
        )
    shutil.rmtree(CACHE, ignore_errors=True)
    for name in {"ready", "ready" + extra}:
        (VENV / name).write_text(key())
    say("Ready.")


def run(*words: str, out: "int | None" = None) -> int:
    """The exit code of a module's command in .venv."""
    # -P: a file json.py in the folder you are in is not taken for Python's own.
    process = subprocess.Popen([PYTHON, "-P", "-m", *words], env=environment(), stdout=out)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        # Ctrl C in a terminal reaches the command too; it ends in its own time.
        try:
            process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            if os.name != "nt":
                process.send_signal(signal.SIGINT)
            process.wait()
        return 130
    return code if code >= 0 else 128 - code


def hand_over(*words: str) -> int:
    """Gives the rest to a module in .venv. Its exit code becomes ours."""
    if os.name == "nt":
        return run(*words)
    sys.stdout.flush()
    # Nothing of this file stays behind, so that every signal reaches the command itself.
    os.execve(PYTHON, [str(PYTHON), "-P", "-m", *words], environment())


def near(path: Path) -> Path:
    """The path as seen from here: a home folder, and a name with it, stays out of what is shown."""
    try:
        return Path(os.path.relpath(path))
    except ValueError:  # Windows: another drive
        return path


def demonstration(browser: bool) -> int:
    """Makes the demonstration once, packs what is new, and shows the index."""
    people = near(HERE / "demonstration" / "people")
    logs = people.parent / "logs"
    index = logs / "index.html"
    if not people.exists():
        people.parent.mkdir(exist_ok=True)
        code = run("vigkit", "demo", str(people), out=subprocess.DEVNULL)
        if not people.exists():
            return code or 1
    # 1 says that something was left out: the demonstration holds a cycle that may not be shown.
    code = run("vigkit", "pack", str(people), "-o", str(logs))
    if code not in (0, 1) or not index.exists():
        return code or 1
    print(f"The logs are in\n{index}", flush=True)
    if browser:
        webbrowser.open(index.resolve().as_uri())
    return 0


def main(words: "list[str]") -> int:
    """Does what the words ask for. Returns the exit code."""
    sentence = too_old(sys.version_info[:2])
    if sentence:
        sys.exit(sentence)
    try:
        set_up("[test]" if words[:1] == ["test"] else "")
        if words in ([], ["--no-browser"]):
            return demonstration(browser=not words)
        if words[0] != "test":
            return hand_over("vigkit", *words)
        os.chdir(HERE)
        return hand_over("pytest", *words[1:])
    except KeyboardInterrupt:
        say("Stopped. Run the same command again to go on.")
        return 130
    except OSError as problem:
        say(f"The folder of start.py cannot be used: {problem.strerror}.")
        say("Make room or move it to a folder of your own, then run this again.")
        return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
