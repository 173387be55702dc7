/// Style of a cell of the screen, besides its glyph.
public struct Style: Hashable, Sendable {
    /// The glyph's colour.
    public var foreground: Color
    /// The colour behind it.
    public var background: Color
    /// Weight and the like.
    public var attributes: Attributes

    /// Weight and the like; each a bit.
    public struct Attributes: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// Heavier.
        public static let bold = Attributes(rawValue: 1)
        /// Fainter.
        public static let dim = Attributes(rawValue: 2)
        /// Slanted, where the terminal can.
        public static let italic = Attributes(rawValue: 4)
        /// Underlined.
        public static let underline = Attributes(rawValue: 8)
        /// Foreground and background exchanged.
        public static let reverse = Attributes(rawValue: 16)
    }

    /// The terminal's own colours, nothing else.
    public static let plain = Style()

    /// A style; what is not given is as the terminal has it.
    public init(
        foreground: Color = .standard, background: Color = .standard, bold: Bool = false, dim: Bool = false,
        italic: Bool = false, underline: Bool = false, reverse: Bool = false
    ) {
        self.foreground = foreground
        self.background = background
        attributes = []
        self.bold = bold
        self.dim = dim
        self.italic = italic
        self.underline = underline
        self.reverse = reverse
    }

    /// Heavier.
    public var bold: Bool {
        get { attributes.contains(.bold) }
        set { set(.bold, newValue) }
    }

    /// Fainter.
    public var dim: Bool {
        get { attributes.contains(.dim) }
        set { set(.dim, newValue) }
    }

    /// Slanted, where the terminal can.
    public var italic: Bool {
        get { attributes.contains(.italic) }
        set { set(.italic, newValue) }
    }

    /// Underlined.
    public var underline: Bool {
        get { attributes.contains(.underline) }
        set { set(.underline, newValue) }
    }

    /// Foreground and background exchanged.
    public var reverse: Bool {
        get { attributes.contains(.reverse) }
        set { set(.reverse, newValue) }
    }

    private mutating func set(_ attribute: Attributes, _ on: Bool) {
        if on { attributes.insert(attribute) } else { attributes.remove(attribute) }
    }

    /// The same with other parts.
    public func with(
        foreground: Color? = nil, background: Color? = nil, adding added: Attributes = [],
        removing removed: Attributes = []
    ) -> Style {
        var style = self
        if let foreground { style.foreground = foreground }
        if let background { style.background = background }
        style.attributes.formUnion(added)
        style.attributes.subtract(removed)
        return style
    }
}
