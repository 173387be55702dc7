/// The terminal as a value: a screen of cells turned into bytes, and bytes turned into keys.
public enum NimmerTerminal {}
