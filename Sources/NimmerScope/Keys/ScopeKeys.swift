/// Every key of the oscilloscope and what it does: help, the line at the bottom and the documentation read this one list.
public enum ScopeKeys {
    /// Keys that do one thing.
    public struct Entry: Sendable, Hashable {
        /// As a person reads them: `+ -`.
        public let keys: String
        /// What they do.
        public let meaning: String
    }

    /// Keys that belong together.
    public struct Group: Sendable, Hashable {
        /// What they are about.
        public let title: String
        /// The keys.
        public let entries: [Entry]
    }

    /// All of them.
    public static let groups = [
        Group(
            title: "Time",
            entries: [
                Entry(keys: "Space", meaning: "pause; again: live"),
                Entry(keys: "← →  h l", meaning: "scrub; with Shift, or H L, ten times"),
                Entry(keys: "Home  End", meaning: "the oldest; live again"),
                Entry(keys: "+ -  0", meaning: "zoom in, out, as at the start"),
                Entry(keys: "x", meaning: "second marker here, or off"),
                Entry(keys: "s", meaning: "sweep or roll"),
            ]),
        Group(
            title: "Panes",
            entries: [
                Entry(keys: "Tab  1–4", meaning: "next pane; scope gates log inspect"),
                Entry(keys: "↑ ↓  k j", meaning: "lane, gate, line"),
                Entry(keys: "PgUp PgDn", meaning: "a page; in the scope, of time"),
                Entry(keys: "Enter", meaning: "inspect what is selected"),
                Entry(keys: "r", meaning: "messages indented or as they came"),
                Entry(keys: "Esc", meaning: "close, back"),
            ]),
        Group(
            title: "What is shown",
            entries: [
                Entry(keys: "/", meaning: "filter: subject, domain, cell, text"),
                Entry(keys: "/!", meaning: "all but what contains it"),
                Entry(keys: "m M", meaning: "minimum confidence down, up"),
                Entry(keys: "c", meaning: "clear the buffer"),
            ]),
        Group(
            title: "Files",
            entries: [
                Entry(keys: "w", meaning: "record for nimmer replay; again: stop"),
                Entry(keys: "e", meaning: "export the window: CSV and SVG"),
                Entry(keys: "< >", meaning: "a recording slower, faster"),
            ]),
        Group(
            title: "Program",
            entries: [
                Entry(keys: "?", meaning: "this help"),
                Entry(keys: "Ctrl-L", meaning: "draw the screen again"),
                Entry(keys: "Ctrl-Z", meaning: "to the shell; fg comes back"),
                Entry(keys: "q  Ctrl-C", meaning: "quit"),
            ]),
    ]
}
