"""Compiles rig/report/page/player.c to player.wasm, which plays models in a report's page.

python -m tools.make_player

It needs clang and lld (Debian: clang lld). The binary carries the digest of its source in a section
of its own; a test holds that it is this source's.
"""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PAGE = Path(__file__).parents[1] / "rig" / "report" / "page"
SOURCE, BINARY = PAGE / "player.c", PAGE / "player.wasm"
#: The binary's section that holds the digest of what it was made of.
SECTION = b"source"
FLAGS = ("--target=wasm32", "-O3", "-msimd128", "-mbulk-memory", "-nostdlib", "-ffreestanding",
         "-Wall", "-Wextra", "-Werror", "-Wl,--no-entry", "-Wl,--strip-all")  # fmt: skip

#: The hyperbolic tangent is 1 to half a step of float32 from here on.
END = 9.0
#: Degrees above and below the line, in the square of the argument.
UP, DOWN = 4, 4
ROUNDS, POINTS = 40, 4001


def fitted_tanh() -> tuple[Floats, Floats]:
    """Coefficients of a ratio in x^2 that is tanh(x) / x, lowest first.

    Least squares, again and again: points count for more where the last fit was off the most, so
    that it ends near the fit whose largest error is smallest (source: Lawson's algorithm).
    """
    x = END * np.sin(np.linspace(0, 1, POINTS)[1:] * np.pi / 2)
    square, wanted = (x / END) ** 2, np.tanh(x) / x
    powers = square[:, None] ** np.arange(max(UP, DOWN) + 1)
    above, below = powers[:, : UP + 1], powers[:, 1 : DOWN + 1]
    weight, under = np.ones_like(x), np.ones_like(x)
    for _ in range(ROUNDS):
        # Divided by the last denominator, the linear equations are those of the ratio itself.
        scale = weight / (wanted * under)
        rows = np.concatenate([above, -wanted[:, None] * below], 1) * scale[:, None]
        found = np.linalg.lstsq(rows, wanted * scale, rcond=None)[0]
        under = 1.0 + below @ found[UP + 1 :]
        off = np.abs(above @ found[: UP + 1] / under - wanted) / wanted
        weight *= (off / off.max() + 0.05) ** 0.3
        weight /= weight.max()
    top, bottom = found[: UP + 1], np.concatenate([[1.0], found[UP + 1 :]])
    return top / END ** (2.0 * np.arange(UP + 1)), bottom / END ** (2.0 * np.arange(DOWN + 1))


def header() -> str:
    """The fitted coefficients as C."""
    above, below = fitted_tanh()
    lines = [f"#define TANH_END {END}f", f"#define TANH_UP {UP}", f"#define TANH_DOWN {DOWN}"]
    for name, values in (("TANH_ABOVE", above), ("TANH_BELOW", below)):
        numbers = ", ".join(f"{np.float32(value):.9e}f" for value in values)
        lines.append(f"static const float {name}[] = {{{numbers}}};")
    return "\n".join(lines) + "\n"


def digest() -> bytes:
    """Of the source that a binary has to be made of."""
    return hashlib.sha256(SOURCE.read_bytes()).hexdigest().encode()


def with_digest(binary: bytes) -> bytes:
    """The binary with a section behind the others: its number, its length, its name, the digest."""
    body = bytes([len(SECTION)]) + SECTION + digest()
    return binary + bytes([0, len(body)]) + body


def main() -> None:
    """Compile it."""
    clang = shutil.which("clang")
    if clang is None:
        raise SystemExit("clang is not installed (Debian: apt install clang lld)")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "tanh.h").write_text(header(), encoding="utf-8")
        out = place / "player.wasm"
        subprocess.run([clang, *FLAGS, f"-I{place}", "-o", out, SOURCE], check=True)
        BINARY.write_bytes(with_digest(out.read_bytes()))
    print(f"wrote {BINARY}: {BINARY.stat().st_size} bytes")


if __name__ == "__main__":
    main()
