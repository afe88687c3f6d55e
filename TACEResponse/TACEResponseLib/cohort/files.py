"""Writing results so that a full disk or a kill never leaves half a file under its final name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""What a JSON file can hold."""

_PART = ".part"
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_KINDS = {True: "folder", False: "file"}


def check_can_write(path: Path, folder: bool) -> None:
    """Raises ValueError if no file, or no ``folder``, can be written at ``path``; called before long work."""
    if path.exists() and path.is_dir() != folder:
        raise ValueError(f"{path} is a {_KINDS[not folder]}; give the name of a {_KINDS[folder]}.")
    import tempfile

    existing = path
    while not existing.is_dir() and existing != existing.parent:
        existing = existing.parent
        if existing.is_file():
            raise ValueError(f"{path} cannot be written: {existing} is a file, not a folder.")
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror}.") from error


def replace_file(path: Path, content: bytes, private: bool = False) -> None:
    """Write ``content`` beside ``path`` under a temporary name, then rename it; an existing file is replaced whole.

    A ``private`` file can be read by its owner only, from its first byte. Raises ValueError with the reason (full disk,
    read-only folder) and leaves no temporary file behind then.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}{_PART}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # One left behind by a process of the same number may be readable by others.
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, _NEW_FILE, 0o600 if private else 0o666), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise ValueError(f"{path} cannot be written: {error.strerror}.") from error


@contextmanager
def new_folder(path: Path, replace: bool = False) -> Iterator[Path]:
    """Fill a temporary folder beside ``path``; it gets its final name only when the block ends without an error.

    A folder that already exists is refused unless it is empty; with ``replace`` it is taken away as the last step
    before the renaming, and kept if the block fails. Raises ValueError then, or if ``path`` cannot be written.
    """
    if path.exists() and (not path.is_dir() or (any(path.iterdir()) and not replace)):
        raise ValueError(f"{path} already exists; choose another name or remove it first.")
    part = path.with_name(f".{path.name}.{os.getpid()}{_PART}")
    old = path.with_name(f".{path.name}.{os.getpid()}.old{_PART}")
    try:
        part.mkdir(parents=True)
        yield part
        if path.exists():
            path.replace(old)
        part.replace(path)
    except OSError as error:
        # One without a number comes from no file: a cancelled progress, for example.
        if error.errno is None:
            raise
        raise ValueError(f"{path} cannot be written: {error.strerror}.") from error
    except ValueError as error:
        if str(part) not in str(error):
            raise
        # What was not written is reported under the name that it would have had.
        raise ValueError(str(error).replace(str(part), str(path))) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
