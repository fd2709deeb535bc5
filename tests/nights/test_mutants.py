"""What the machine of nights is tried on: each mend is still there to be taken out."""

import ast
import shutil
from pathlib import Path

import pytest

from benchmarks.night_mutants import MUTANTS, ROOT, Mutant, spoil


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.fault)
def test_a_mend_can_be_taken_out(mutant: Mutant, tmp_path: Path) -> None:
    copy = tmp_path / mutant.file
    copy.parent.mkdir(parents=True)
    shutil.copy(ROOT / mutant.file, copy)
    spoil(tmp_path, mutant)
    # What is left still runs: a machine that falls over an error of syntax has found nothing.
    ast.parse(copy.read_text(encoding="utf-8"))
    with pytest.raises(ValueError, match="stands there no more"):
        spoil(tmp_path, mutant)
