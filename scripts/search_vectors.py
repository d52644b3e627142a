"""Write static/core/search-vectors.json from the catalogue's search; `--check` only compares."""

import sys
from pathlib import Path

from vwindow.catalogue.export import export_vectors

TARGET = Path(__file__).resolve().parent.parent / "static" / "core" / "search-vectors.json"


def main() -> int:
    """Write or check the file; return the exit status."""
    text = export_vectors()
    if "--check" in sys.argv:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            print(f"{TARGET.name} is not what the search says: run scripts/search_vectors.py", file=sys.stderr)
            return 1
        return 0
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
