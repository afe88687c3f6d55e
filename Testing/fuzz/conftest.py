"""The modules beside this file import each other by name, in the tests as in ``run.py``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
