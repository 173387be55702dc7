"""The gate's mathematics (gates.md), as far as the scripts of the driver need it: one region, no vectors, no reflex."""


class Gate:
    """Follows one gate through waves; times in milliseconds."""

    def __init__(self, window, half_life, weight=0.1, open_=0.5, close=-0.5, release=0.5, floor=0.2):
        self.window, self.half_life, self.gain = window, half_life, 1 / (1 - min(weight, 0.8))
        self.open, self.close, self.release, self.floor = open_, close, release, floor
        self.potential, self.time, self.state, self.seen = 0.0, None, "stable", {}
        self.openings = self.closings = 0
        # How near it came to a threshold: what is too near depends on the last bits of a time.
        self.margin = 9.0

    def wave(self, at, origin, confidence, polarity=1):
        """A wave arrives."""
        if self.time is not None:
            self.potential *= 2 ** (-(at - self.time) / self.half_life)
            if self.state == "open" and self.potential < self.release * self.open:
                self.state = "stable"
            if self.state == "closed" and self.potential > self.release * self.close:
                self.state = "stable"
        self.time = at
        self.seen = {o: w for o, w in self.seen.items() if at - w[0] <= self.window}
        if confidence < self.floor:
            return
        others = [w for o, w in self.seen.items() if o != origin]
        support = sum(w[1] * min(polarity, w[2]) for w in others) / max(sum(w[1] for w in others), 0.5)
        novelty = min(1, (at - self.seen[origin][0]) / self.window) if origin in self.seen else 1
        pushed = self.potential + self.gain * confidence * support * novelty
        self.potential = max(-1, min(1, pushed))
        self.seen[origin] = (at, confidence, polarity)
        self.margin = min(self.margin, abs(self.potential - self.open), abs(self.potential - self.close))
        if self.state == "stable" and self.potential >= self.open:
            self.state = "open"
            self.openings += 1
        elif self.state == "stable" and self.potential <= self.close:
            self.state = "closed"
            self.closings += 1
