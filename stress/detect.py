"""Which detectors are asked where all of them are."""

import racer

ALL: tuple[str, ...] = tuple(racer.DETECTORS)
