"""Write the SHA-256 of the models in ``trained_models`` into ``models/shipped_models.py``.

Run it in the checkout's root after a model was trained anew: ``python Testing/tools/update_shipped_models.py``.
"""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "TACEResponse" / "TACEResponseLib" / "models" / "shipped_models.py"


def shipped_now() -> dict[str, str]:
    """Name and SHA-256 of each model in ``trained_models``, as its own file states them."""
    files = sorted((ROOT / "trained_models").glob("*/model.json"))
    return {file.parent.name: json.loads(file.read_text(encoding="utf-8"))["sha256"] for file in files}


if __name__ == "__main__":
    rows = "".join(f'    "{name}": "{sha256}",\n' for name, sha256 in shipped_now().items())
    text = TABLE.read_text(encoding="utf-8")
    start = "SHIPPED_SHA256: Mapping[str, str] = {\n"
    TABLE.write_text(re.sub(re.escape(start) + r".*?\}\n", start + rows + "}\n", text, flags=re.S), encoding="utf-8")
