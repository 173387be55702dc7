// Numbers that come from outside (a message, a recording, a setting, an answer of a server) are converted and added up with
// these: the operators of the language end the process where a result does not fit.

extension FixedWidthInteger {
    /// The whole number nearest to zero within a number; where that does not fit, the nearest that does. Zero for what is
    /// no number.
    @inlinable
    public init(saturating value: Double) {
        if let fitting = Self(exactly: value.rounded(.towardZero)) {
            self = fitting
        } else {
            self = value.isNaN ? 0 : value < 0 ? .min : .max
        }
    }

    /// The sum; where it does not fit, the nearest number that does.
    @inlinable
    public func addingSaturated(_ other: Self) -> Self {
        let (sum, isBeyond) = addingReportingOverflow(other)
        return isBeyond ? (other < 0 ? .min : .max) : sum
    }

    /// The difference; where it does not fit, the nearest number that does.
    @inlinable
    public func subtractingSaturated(_ other: Self) -> Self {
        let (difference, isBeyond) = subtractingReportingOverflow(other)
        // Unsigned numbers can only fall below zero.
        return isBeyond ? (self < other ? .min : .max) : difference
    }
}

extension Double {
    /// The number where it is finite, as every number on the wire must be; the nearest that is, where a sum went beyond; zero
    /// for what is not a number.
    @inlinable
    public var finite: Double {
        isNaN ? 0 : min(.greatestFiniteMagnitude, max(-.greatestFiniteMagnitude, self))
    }
}

extension Duration {
    /// The duration in nanoseconds, bounded by what 64 bits hold.
    @inlinable
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, isBeyond) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return isBeyond
            ? (seconds < 0 ? .min : .max) : product.addingSaturated(attoseconds / 1_000_000_000)
    }

    /// A number of milliseconds, to the nanosecond and at most 292 years either way; zero for what is not a number.
    @inlinable
    public static func milliseconds(saturating milliseconds: Double) -> Duration {
        .nanoseconds(Int64(saturating: (milliseconds * 1_000_000).rounded()))
    }

    /// A number of seconds, to the nanosecond and at most 292 years either way; zero for what is not a number.
    @inlinable
    public static func seconds(saturating seconds: Double) -> Duration {
        .milliseconds(saturating: seconds * 1000)
    }
}

// MARK: - What is not used

// The language's own conversions from doubles end the process where the number does not fit. Within this package these stand in
// front of them: they do not end it, and the compiler's message names what to write instead.

extension Int {
    @available(*, deprecated, message: "use init(saturating:), or init(exactly:) where a part must be refused")
    package init(_ value: Double) { self.init(saturating: value) }
}
extension Int8 {
    @available(*, deprecated, message: "use init(saturating:)")
    package init(_ value: Double) { self.init(saturating: value) }
}
extension Int16 {
    @available(*, deprecated, message: "use init(saturating:)")
    package init(_ value: Double) { self.init(saturating: value) }
}
extension Int32 {
    @available(*, deprecated, message: "use init(saturating:)")
    package init(_ value: Double) { self.init(saturating: value) }
}
extension Int64 {
    @available(*, deprecated, message: "use init(saturating:)")
    package init(_ value: Double) { self.init(saturating: value) }
}
extension UInt8 {
    @available(*, deprecated, message: "use init(saturating:)")
    package init(_ value: Double) { self.init(saturating: value) }
}
extension UInt16 {
    @available(*, deprecated, message: "use init(saturating:)")
    package init(_ value: Double) { self.init(saturating: value) }
}
extension UInt32 {
    @available(*, deprecated, message: "use init(saturating:)")
    package init(_ value: Double) { self.init(saturating: value) }
}
extension UInt64 {
    @available(*, deprecated, message: "use init(saturating:)")
    package init(_ value: Double) { self.init(saturating: value) }
}

extension Duration {
    @available(*, deprecated, message: "use milliseconds(saturating:)")
    package static func milliseconds(_ milliseconds: Double) -> Duration { .milliseconds(saturating: milliseconds) }
    @available(*, deprecated, message: "use seconds(saturating:)")
    package static func seconds(_ seconds: Double) -> Duration { .seconds(saturating: seconds) }
}
