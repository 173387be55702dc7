import NimmerWave

extension CrashSuspects {
    /// The record as it is kept.
    public var json: JSON {
        [
            "life": .string(life.text), "instance": .string(instance), "begun_at": .string(begunAt.rfc3339),
            "ended": .bool(isEnded), "after_crash": .bool(isAfterCrash),
            "taken": .array(taken.map(\.text).sorted().map { .string($0) }),
            "suspects": .array(
                suspects.sorted { $0.key < $1.key }.map { place, suspect in
                    [
                        .string(place.stream), .number(Double(place.sequence)), .number(Double(suspect.crashes)),
                        .number(suspect.window), .number(Double(suspect.phase.rawValue)),
                    ]
                }),
            "given_back": .array(
                givenBack.sorted().map { [.string($0.stream), .number(Double($0.sequence))] }),
        ]
    }

    /// A record as it was kept; nil when the text is not one, or anything in it is not what was written.
    public init?(_ json: JSON) {
        guard let life = json["life"]?.string.flatMap({ try? MessageID($0) }),
            let begun = json["begun_at"]?.string.flatMap({ try? Timestamp(rfc3339: $0) }),
            let instance = json["instance"]?.string, let isEnded = json["ended"]?.bool,
            let isAfterCrash = json["after_crash"]?.bool, let taken = json["taken"]?.array,
            let suspects = json["suspects"]?.array, let givenBack = json["given_back"]?.array
        else { return nil }
        self.init(life: life, instance: instance, at: begun)
        self.isEnded = isEnded
        self.isAfterCrash = isAfterCrash
        for item in taken {
            guard let id = item.string.flatMap({ try? MessageID($0) }) else { return nil }
            self.taken.insert(id)
        }
        for item in suspects {
            guard let parts = item.array, parts.count == 5, let place = Place(parts), let crashes = parts[2].int,
                let window = parts[3].double, let phase = parts[4].int.flatMap(Phase.init(rawValue:))
            else { return nil }
            self.suspects[place] = Suspect(crashes: crashes, window: window, phase: phase)
        }
        for item in givenBack {
            guard let place = item.array.flatMap(Place.init) else { return nil }
            self.givenBack.insert(place)
        }
    }
}

extension CrashSuspects.Place {
    fileprivate init?(_ parts: [JSON]) {
        guard parts.count >= 2, let stream = parts[0].string, let sequence = parts[1].int, sequence >= 0 else {
            return nil
        }
        self.init(stream: stream, sequence: UInt64(sequence))
    }
}
