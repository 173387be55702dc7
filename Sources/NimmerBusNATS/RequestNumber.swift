extension UInt128 {
    /// A number that cannot be guessed, from the kernel's generator.
    static func unguessable() -> UInt128 {
        // The system's generator is the kernel's (getrandom(2)).
        var generator = SystemRandomNumberGenerator()
        return random(in: .min ... .max, using: &generator)
    }

    /// The 32 digits of the number, in lower case.
    var hexadecimal: String {
        String(unsafeUninitializedCapacity: 32) { digits in
            for place in 0..<32 {
                let value = UInt8(truncatingIfNeeded: self >> UInt128(124 - 4 * place)) & 15
                digits[place] = value < 10 ? 0x30 + value : 0x57 + value
            }
            return 32
        }
    }

    /// The number that exactly 32 digits in lower case name; nil for any other text.
    init?(hexadecimal digits: some Collection<UInt8>) {
        guard digits.count == 32 else { return nil }
        var number: UInt128 = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: number = number << 4 | UInt128(digit - 0x30)
            case 0x61...0x66: number = number << 4 | UInt128(digit - 0x57)
            default: return nil
            }
        }
        self = number
    }
}
