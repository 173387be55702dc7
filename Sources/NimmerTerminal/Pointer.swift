/// A press of the mouse's left button, or a turn of its wheel, at a cell of the screen.
public struct Pointer: Hashable, Sendable {
    /// Kind of event.
    public enum Action: Hashable, Sendable {
        /// The left button was pressed.
        case press
        /// The wheel was turned away from the person.
        case wheelUp
        /// The wheel was turned towards the person.
        case wheelDown
    }

    /// Kind of event.
    public let action: Action
    /// Column, from 0.
    public let x: Int
    /// Row, from 0.
    public let y: Int
    /// Indicates whether Ctrl or Shift was held.
    public let isModified: Bool

    /// An event at a cell.
    public init(_ action: Action, x: Int, y: Int, isModified: Bool = false) {
        self.action = action
        self.x = x
        self.y = y
        self.isModified = isModified
    }

    /// The event in a terminal's report: its button code and its place, counted from 1; nil for what means nothing here: other buttons,
    /// releases, movement, places outside of every screen.
    init?(code: Int, column: Int, row: Int) {
        let isWheel = code & 64 != 0
        guard code >= 0, code & ~0b101_1111 == 0, 1...65_535 ~= column, 1...65_535 ~= row else { return nil }
        switch (isWheel, code & 3) {
        case (false, 0): action = .press
        case (true, 0): action = .wheelUp
        case (true, 1): action = .wheelDown
        default: return nil
        }
        x = column - 1
        y = row - 1
        isModified = code & 0b1_0100 != 0
    }
}
