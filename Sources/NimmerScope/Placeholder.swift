/// The oscilloscope as a value: what happened becomes a state, and a state becomes a screen.
public enum NimmerScope {}
