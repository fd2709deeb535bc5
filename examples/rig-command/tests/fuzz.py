"""A fuzz box as a program: fuzz.py SEND.wav RETURN.wav KNOBS.json."""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.io import wavfile

DELAY_FRAMES = 64

send, target, knobs = sys.argv[1:]
rate, audio = wavfile.read(send)
values = json.loads(Path(knobs).read_text(encoding="utf-8"))
driven = 10 ** (values["volume"] / 20 - 0.7) * np.tanh(10 ** (values["drive"] / 8) * audio)
delayed = np.concatenate([np.zeros(DELAY_FRAMES), driven])[: len(audio)]
hiss = 1e-5 * np.random.default_rng(0).standard_normal(len(audio))
wavfile.write(target, rate, (delayed + hiss).astype(np.float32))
