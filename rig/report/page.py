"""The page: figures, sound and the model put into one file that needs nothing else."""

import base64
import html
import json
import math
from dataclasses import asdict, dataclass, is_dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from rig.report.figures import Report
from rig.report.results import Listened

if TYPE_CHECKING:
    from rig.report.modelled import Modelled

_PAGE = resources.files(__package__) / "page"
#: In this order: each uses what stands in front of it.
SCRIPTS = ("vendor/d3.min.js", "engine.js", "nam.js", "charts.js", "dials.js", "sections.js",
           "words.js", "statistics.js", "listen.js", "unsure.js", "play.js", "main.js")  # fmt: skip
#: What runs in the audio thread.
WORKLET = ("engine.js", "worklet.js")
#: While a capture runs, the page is loaded again this often.
REFRESH_S = 30


@dataclass(frozen=True)
class Content:
    """What a page is made of.

    Attributes:
        report: Its figures.
        modelled: What needs the final model; None where there is none.
        listened: What listeners found, where somebody has read their files in.
        model: The model's digest.
        note: Why something is missing.
        refreshes: Whether the page loads itself anew, since a capture is running.
    """

    report: Report
    modelled: "Modelled | None" = None
    listened: Listened | None = None
    model: str | None = None
    note: str | None = None
    refreshes: bool = False


def read(name: str) -> str:
    """A part of the page."""
    return (_PAGE / name).read_text(encoding="utf-8")


def finite(value: Any) -> Any:
    """Plain values for JSON, which knows neither infinities nor what is no number."""
    if is_dataclass(value) and not isinstance(value, type):
        return finite(asdict(value))
    if isinstance(value, dict):
        return {str(key): finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def embedded_json(value: Any) -> str:
    """JSON that may stand in a page, whatever a stranger's session says in it."""
    text = json.dumps(finite(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # A session's own words could end the element, or begin a comment.
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


# By hand and not by a library of templates: there are seven places to fill in.
def page(content: Content) -> str:
    """Return the whole page."""
    refresh = f'<meta http-equiv="refresh" content="{REFRESH_S}">' if content.refreshes else ""
    parts = {
        "title": html.escape(content.report.session),
        "refresh": refresh,
        "style": read("style.css"),
        "report": embedded_json(content),
        # JSON strings, so that whatever is in the sources cannot end the element.
        "worklet": embedded_json("\n".join(read(name) for name in WORKLET)),
        "player": base64.b64encode((_PAGE / "player.wasm").read_bytes()).decode(),
        "script": "\n".join(read(name) for name in SCRIPTS),
    }
    # One pass: what a part brings is not looked at again.
    pieces = read("page.html").split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        filled += [parts[name], rest]
    return "".join(filled)
