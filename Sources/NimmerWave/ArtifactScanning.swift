// The artifacts that a wave names, on the hot path: a list as every writer writes it is passed over where it lies, without an allocation; any
// other is read as all messages are.

extension Bytes {
    /// Passes over the list of artifacts of a wave (spec/artifacts.md, Waves that name artifacts).
    ///
    /// - Throws: the same ``Refusal`` as the general reader.
    @inline(never)
    func skipArtifacts(_ i: inout Int, _ flags: inout ScanFlags) throws(Refusal) {
        let start = i
        if let end = plainArtifacts(i) {
            i = end
            return
        }
        try skipValue(&i, depth: 2, &flags)
        do throws(Refusal) {
            let list = try JSON(parsing: bytes(ByteRange(start, i &- start)))
            _ = try [ArtifactReference].read(list, as: ArtifactReference.list)
        } catch { throw error.within("body.artifacts") }
    }

    /// The end of a list in the plain form: nothing written with escapes, no other key and no fraction. Nil: another form, or not a list.
    private func plainArtifacts(_ start: Int) -> Int? {
        var i = start
        guard peek(i) == UInt8(ascii: "[") else { return nil }
        i &+= 1
        skipSpace(&i)
        if peek(i) == UInt8(ascii: "]") { return i &+ 1 }
        for _ in 0..<ArtifactReference.most {
            guard let end = plainArtifact(i) else { return nil }
            i = end
            skipSpace(&i)
            switch peek(i) {
            case UInt8(ascii: "]"): return i &+ 1
            case UInt8(ascii: ","): i &+= 1
            default: return nil
            }
            skipSpace(&i)
        }
        return nil
    }

    private func plainArtifact(_ start: Int) -> Int? {
        var i = start
        guard peek(i) == UInt8(ascii: "{") else { return nil }
        i &+= 1
        var seen = 0
        for place in 0..<3 {
            skipSpace(&i)
            let key: Int
            if begins(i, "\"digest\"") {
                (key, i) = (1, i &+ 8)
            } else if begins(i, "\"type\"") {
                (key, i) = (2, i &+ 6)
            } else if begins(i, "\"bytes\"") {
                (key, i) = (4, i &+ 7)
            } else {
                return nil
            }
            guard seen & key == 0 else { return nil }
            seen |= key
            skipSpace(&i)
            guard peek(i) == UInt8(ascii: ":") else { return nil }
            i &+= 1
            skipSpace(&i)
            guard let end = key == 1 ? digest(i) : key == 2 ? mediaType(i) : wholeNumber(i) else { return nil }
            i = end
            skipSpace(&i)
            guard peek(i) == UInt8(ascii: place < 2 ? "," : "}") else { return nil }
            i &+= 1
        }
        return i
    }

    private func begins(_ start: Int, _ text: StaticString) -> Bool {
        text.withUTF8Buffer { wanted in
            for place in wanted.indices where peek(start &+ place) != wanted[place] { return false }
            return true
        }
    }

    private func digest(_ start: Int) -> Int? {
        guard peek(start) == UInt8(ascii: "\"") else { return nil }
        for place in 1...64 {
            let c = peek(start &+ place)
            guard c &- 0x30 <= 9 || c &- 0x61 <= 5 else { return nil }
        }
        return peek(start &+ 65) == UInt8(ascii: "\"") ? start &+ 66 : nil
    }

    private func mediaType(_ start: Int) -> Int? {
        guard peek(start) == UInt8(ascii: "\"") else { return nil }
        var (i, slashes, isFirst) = (start &+ 1, 0, true)
        while i &- start <= MediaType.longest {
            let c = peek(i)
            switch c {
            case UInt8(ascii: "\""): return slashes == 1 && !isFirst ? i &+ 1 : nil
            case UInt8(ascii: "/"):
                guard !isFirst else { return nil }
                slashes &+= 1
                isFirst = true
            default:
                guard MediaType.isNameByte(c, isFirst: isFirst) else { return nil }
                isFirst = false
            }
            i &+= 1
        }
        return peek(i) == UInt8(ascii: "\"") && slashes == 1 && !isFirst ? i &+ 1 : nil
    }

    /// At most 15 digits, which every reader takes for the same number.
    private func wholeNumber(_ start: Int) -> Int? {
        var i = start
        while peek(i) &- 0x30 <= 9, i &- start < 15 { i &+= 1 }
        guard i > start, i == start &+ 1 || peek(start) != 0x30 else { return nil }
        switch peek(i) {
        case 0x20, 0x09, 0x0a, 0x0d, UInt8(ascii: ","), UInt8(ascii: "}"): return i
        default: return nil
        }
    }
}

extension ArtifactReference {
    /// The most that one wave names.
    public static let most = 8
    /// Their list on the wire.
    static let list = FieldKind.list(.record(fields), most)

    /// A list of them by its text on the wire; nothing for what is not one.
    package static func list(parsing text: [UInt8]) -> [ArtifactReference] {
        guard !text.isEmpty, let json = try? JSON(parsing: text) else { return [] }
        return (try? [ArtifactReference].read(json, as: list)) ?? []
    }

    /// Its name on screens: the beginning of its digest, its type and its size.
    package var name: String { "\(digest.short) \(type.text) \(bytes) B" }
}
