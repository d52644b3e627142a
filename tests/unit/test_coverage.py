"""docs/coverage.md lists every clause and names only what exists."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if re.match(r"^\| ([3-8]\.[0-9.]+( [a-d])?|[AB]) \|", line)
]

CLAUSES = """
3.1 3.2 3.3 3.4 3.4.1 3.4.2 4.1 4.2.1 4.2.2 4.2.3 4.3.1 4.3.2 4.3.3 4.3.4 4.4.1 4.4.2 4.4.3 4.4.4
5.1.1 5.1.2 5.1.3.1 5.1.3.2 5.1.3.3 5.2.1.1 5.2.1.2 5.2.1.3 5.2.2.1 5.2.2.2 5.2.2.3
6.1.1 6.1.2 6.1.3 6.2.1 6.2.2 6.3.1.1 6.3.1.2 6.3.1.3 6.3.2.1 6.3.2.2 6.3.2.3 6.3.2.4
6.3.3.1 6.3.3.2 6.3.3.3 6.3.4.1 6.3.4.2 6.3.5 6.3.6 7.1 7.2.1 7.2.2 7.3.1 7.3.2 7.4 8.1 8.2 8.3 A B
"""


def test_every_clause_has_a_row() -> None:
    assert set(CLAUSES.split()) <= {row[0] for row in ROWS}


def test_every_named_file_or_folder_exists() -> None:
    for path in re.findall(r"`([a-z_]+/[^` ]*)`", TEXT):
        assert (ROOT / path).exists(), path


def test_what_is_here_names_its_test_and_what_is_not_names_none() -> None:
    for clause, _, feature, where, test in ROWS:
        assert (test == "–") == (where in ("later", "–")), clause
        assert (where == "–") == (feature == "–"), clause
