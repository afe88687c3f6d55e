"""Where models are looked for (architecture.md, house rule 8)."""

from __future__ import annotations

from pathlib import Path

from .bundle_io import MODEL_FILE

_LIBRARY = Path(__file__).resolve().parents[1]
SHIPPED_FOLDERS: tuple[Path, ...] = tuple(folder / "trained_models" for folder in _LIBRARY.parents[:2])
"""``trained_models`` beside TACEResponseLib (installed extension) and beside its parent (checkout)."""


def find_bundle(name_or_path: str | Path) -> Path:
    """Folder of a bundle: the path itself if it is one, else the shipped model of that name.

    Raises ValueError with the names of the shipped models.
    """
    folders = [Path(name_or_path), *(folder / name_or_path for folder in SHIPPED_FOLDERS)]
    for folder in folders:
        if (folder / MODEL_FILE).is_file():
            return folder
    shipped = shipped_bundles()
    if folders[0].is_dir():
        raise ValueError(f"The folder {name_or_path} is not a model: it has no {MODEL_FILE}.")
    raise ValueError(
        f"There is no model {name_or_path}. Give a model's folder"
        + (f" or one of the names {', '.join(shipped)}." if shipped else ".")
    )


def shipped_bundles() -> tuple[str, ...]:
    """Names of the models that came with this installation."""
    return tuple(sorted({file.parent.name for folder in SHIPPED_FOLDERS for file in folder.glob(f"*/{MODEL_FILE}")}))
