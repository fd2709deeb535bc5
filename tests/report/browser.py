"""A headless Chromium, the system's own, that opens a report as a double click would."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def chromium() -> str:
    """Skip where there is none; in CI there is, and there nothing is skipped."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("chromium must be installed in CI")
        pytest.skip("chromium is not installed")
    return found


@dataclass
class Opened:
    """A page, and everything that it complained of or asked for."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def call(self, script: str, *arguments: object) -> Any:
        return self.page.evaluate(script, list(arguments))


@contextmanager
def browser() -> Iterator[Any]:
    """A browser that plays without being asked twice, as a page that was clicked on may."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    # In a container there is no second layer to lock itself into.
    arguments = ["--autoplay-policy=no-user-gesture-required", "--no-sandbox"]
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=arguments)
        yield started
        started.close()


def opened(started: Any, report: Path, **context: Any) -> Opened:
    """The report in a window of its own."""
    page = started.new_context(**context).new_page()
    found = Opened(page)
    page.on("console", lambda message: found.complaints.append(message.text))
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("request", lambda request: found.requests.append(request.url))
    page.goto(report.as_uri())
    return found
