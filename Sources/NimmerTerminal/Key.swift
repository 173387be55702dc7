/// A key, click or paste at the keyboard.
public enum Key: Hashable, Sendable {
    /// Something that is written: a letter, a digit, a space.
    case character(Character)
    /// With Ctrl: a lower-case letter, or one of `@ [ \ ] ^ _`.
    case control(Character)
    /// With Alt.
    case alt(Character)
    case up, down, left, right
    case shiftUp, shiftDown, shiftLeft, shiftRight
    case home, end, pageUp, pageDown, insert, delete
    case enter, tab, backTab, escape, backspace
    /// F1, F2, ….
    case function(Int)
    /// Pasted text, where the terminal marks it.
    case paste(String)
    /// The mouse, where the terminal reports it.
    case mouse(Pointer)
    /// Background of the terminal as `0xRRGGBB`: its answer to ``Terminal/askBackground()``.
    case background(UInt32)
}
