"""The finished session's report, made once, and a browser to look at it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rig.report.make import REPORT, make
from tests.report.browser import Opened, browser, opened


@pytest.fixture(scope="session")
def reported(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the finished session with its report."""
    folder = tmp_path_factory.mktemp("reports") / "töne & <mehr>"
    shutil.copytree(finished, folder)
    make(folder)
    return folder


# Of the package: a page that is open computes for as long as it is, beside everybody else's tests.
@pytest.fixture(scope="package")
def chrome() -> Iterator[Any]:
    with browser() as started:
        yield started


@pytest.fixture(scope="package")
def shown(chrome: Any, reported: Path) -> Opened:
    """The report as it is seen at a desk."""
    return opened(chrome, reported / REPORT, viewport={"width": 1280, "height": 900})
