import NimmerWave

/// Descriptions of objects in the stream, and the subjects of both.
extension StreamArtifactStore {
    /// A description, and where the stream has it.
    struct Entry: Sendable {
        var metadata: ObjectMetadata
        var sequence: UInt64
        var at: Timestamp
    }

    /// The object that a digest names: the one of that name, else one that another client gave another name.
    func entry(of digest: ArtifactDigest) async throws(ArtifactError) -> Entry? {
        if let entry = try await newest(named: digest.text), !entry.metadata.isDeleted, entry.metadata.link == nil,
            entry.metadata.digest == digest
        {
            return entry
        }
        return try await entries().found.first { $0.metadata.digest == digest && $0.metadata.link == nil }
    }

    /// The newest description of a name, of a removed object too; nil where there is none, or none that can be read.
    func newest(named name: String) async throws(ArtifactError) -> Entry? {
        let stored = try await asking { bus throws(BusError) in
            try await bus.lastMessage(stream: self.stream, subject: try self.metadataSubject(name))
        }
        guard let stored, let metadata = try? ObjectMetadata(parsing: stored.message.payload) else { return nil }
        return Entry(metadata: metadata, sequence: stored.sequence, at: stored.message.at)
    }

    /// Every object that was not removed, the oldest first, and those whose description cannot be read.
    func entries() async throws(ArtifactError) -> (found: [Entry], damaged: [ArtifactList.Other]) {
        // Not the newest of each subject: for that a server must be asked for all subjects, chunks included. Each name has one message, since
        // each replaces those before it; where a client does without, the last counts.
        let stored = try await asking { bus throws(BusError) in
            try await bus.read(stream: self.stream, filter: try self.pattern("M.*"))
        }
        var newest: [Subject: UInt64] = [:]
        for one in stored { newest[one.message.subject] = one.sequence }
        var found: [Entry] = []
        var damaged: [ArtifactList.Other] = []
        for one in stored where newest[one.message.subject] == one.sequence {
            do throws(Refusal) {
                let metadata = try ObjectMetadata(parsing: one.message.payload)
                // Under the name of another it would stand for that.
                guard (try? metadataSubject(metadata.name)) == one.message.subject else {
                    throw .wrong("name", "must be that of the subject", found: "'\(metadata.name.prefix(80))'")
                }
                guard !metadata.isDeleted else { continue }
                found.append(Entry(metadata: metadata, sequence: one.sequence, at: one.message.at))
            } catch {
                let name =
                    one.message.subject.text.split(separator: ".").last
                    .flatMap { Base64.decode(url: String($0)) }.map { String(decoding: $0, as: UTF8.self) } ?? ""
                damaged.append(ArtifactList.Other(name: name, reason: error.description))
            }
        }
        return (found, damaged)
    }

    /// The object that an entry is or, within this bucket, stands for.
    func target(of entry: Entry, among entries: [Entry]) -> Result<Entry, ArtifactError> {
        var target = entry
        if let link = entry.metadata.link {
            guard link.bucket == bucket, let name = link.name else {
                return .failure(ArtifactError(.invalid, "a link to the bucket '\(link.bucket.prefix(80))'"))
            }
            guard let found = entries.first(where: { $0.metadata.name == name && $0.metadata.link == nil }) else {
                return .failure(ArtifactError(.notFound, "a link to '\(name.prefix(80))', which is not there"))
            }
            target = found
        }
        guard target.metadata.digest != nil else {
            return .failure(ArtifactError(.invalid, "an object without a SHA-256"))
        }
        return .success(target)
    }

    /// A description for callers. The entry is an object with a digest.
    func info(_ entry: Entry) -> ArtifactInfo {
        let metadata = entry.metadata
        let age = bounds.maximumAge
        return ArtifactInfo(
            digest: metadata.digest ?? ArtifactDigest(of: []), name: metadata.name, type: metadata.type,
            bytes: metadata.bytes, created: entry.at,
            expires: age > .zero ? entry.at.advanced(nanoseconds: age.nanoseconds) : nil, sender: metadata.sender)
    }

    /// Stores a description in the place of the one before.
    ///
    /// - Parameter replacing: the sequence of that one, 0 for none; another one there is a conflict. Nil: whatever is there.
    func publish(
        _ metadata: ObjectMetadata, replacing sequence: UInt64?, id: MessageID
    ) async throws(BusError) {
        var headers: Headers = [Headers.rollUp: "sub"]
        if let sequence { headers[Headers.expectedLastOfSubject] = "\(sequence)" }
        try await bus.publishDurably(
            try metadataSubject(metadata.name), payload: metadata.encoded(bucket: bucket, at: now()), id: id,
            headers: headers)
    }

    /// Removes the chunks of an object.
    func purge(_ nuid: String) async throws(ArtifactError) {
        try await asking { bus throws(BusError) in
            _ = try await bus.purge(stream: self.stream, subject: try self.chunkSubject(nuid))
        }
    }

    func chunkSubject(_ nuid: String) throws(BusError) -> Subject { try subject("C.\(nuid)") }

    func metadataSubject(_ name: String) throws(BusError) -> Subject {
        try subject("M.\(Base64.urlText(Array(name.utf8)))")
    }

    func pattern(_ rest: String) throws(BusError) -> SubjectPattern {
        do { return try SubjectPattern("$O.\(bucket).\(rest)") } catch {
            throw BusError(.invalid, error.description)
        }
    }

    private func subject(_ rest: String) throws(BusError) -> Subject {
        do { return try Subject(foreign: "$O.\(bucket).\(rest)") } catch {
            throw BusError(.invalid, error.description)
        }
    }

    /// Work on the bus, with its failures as those of the store.
    func asking<Value>(
        _ body: (any Bus) async throws(BusError) -> Value
    ) async throws(ArtifactError) -> Value {
        do throws(BusError) { return try await body(bus) } catch { throw ArtifactError(error) }
    }
}
