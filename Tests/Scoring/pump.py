"""The pump system with a declared reflex: what its sensors make of a recording, whatever trust they have earned."""
import re

GATE = "    plant: {window_ms: 30000, half_life_ms: 15000, open_threshold: 0.9, weight: 0.9}\n"


def declared(text):
    """A system file in which the gate of the plant is a declared reflex."""
    text, count = re.subn(r"    plant:\n      trust: earned\n(?:      .*\n)*", GATE, text)
    if count != 1:
        raise SystemExit("the gate of the plant is not where it was in pump.yaml")
    return text
