"""Two servers never share a data directory."""

from pathlib import Path

import pytest

from vwindow.data_lock import DataLock
from vwindow.errors import Unavailable


def test_a_second_server_is_told_so(tmp_path: Path) -> None:
    first = DataLock(tmp_path)
    with pytest.raises(Unavailable, match="another server"):
        DataLock(tmp_path)
    first.release()
    DataLock(tmp_path).release()
