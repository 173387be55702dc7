import NimmerServers
import NimmerWave
import Testing

@testable import NimmerBus

/// What other clients of a bucket can write, by mistake or not (spec/artifacts.md, Objects).
@Suite("Objects that other clients wrote")
struct ObjectAttackTests {
    private func store() async throws -> (StreamArtifactStore, InMemoryBus) {
        let bus = InMemoryBus()
        return (try await StreamArtifactStore.open(.dev, on: bus), bus)
    }

    private func describe(_ name: String, _ json: JSON, in store: StreamArtifactStore) async throws {
        try await store.bus.publishDurably(
            try store.metadataSubject(name), payload: json.bytes, id: .v7(), headers: [Headers.rollUp: "sub"])
    }

    private func object(_ name: String, nuid: String, _ digest: ArtifactDigest?, size: Int = 3) -> JSON {
        [
            "name": .string(name), "bucket": "DEV-ARTIFACTS", "nuid": .string(nuid), "size": .number(Double(size)),
            "chunks": 1, "digest": .string(digest.map { "SHA-256=\(Base64.urlText($0.bytes))" } ?? ""),
        ]
    }

    @Test("an object under the name of a digest that it does not have is not that artifact")
    func borrowedName() async throws {
        let (store, bus) = try await store()
        let (real, other) = (ArtifactDigest(of: [1, 2, 3]), ArtifactDigest(of: [9, 9, 9]))
        try await bus.publishDurably(try store.chunkSubject("other"), payload: [9, 9, 9], id: .v7())
        try await describe(real.text, object(real.text, nuid: "other", other), in: store)
        #expect(try await store.describe(real) == nil)
        #expect(try await store.contents(other, atMost: 3) == [9, 9, 9])
        try await store.put([1, 2, 3], type: .binary)
        #expect(try await store.contents(real, atMost: 3) == [1, 2, 3])
    }

    @Test(
        "a description that lies about its digest, its size or its chunks is damaged, and nothing beyond its size is read"
    )
    func liedAbout() async throws {
        let (store, bus) = try await store()
        let digest = ArtifactDigest(of: [1, 2, 3])
        for (bytes, size, code) in [
            ([4, 5, 6], 3, ArtifactError.Code.damaged), ([1, 2, 3], 2, .damaged), ([1, 2, 3], 4, .incomplete),
            ([UInt8](repeating: 1, count: 100_000), 3, .damaged),
        ] as [([UInt8], Int, ArtifactError.Code)] {
            try await bus.purge(stream: store.stream, subject: try store.chunkSubject("lie"))
            try await bus.publishDurably(try store.chunkSubject("lie"), payload: bytes, id: .v7())
            try await describe("lie", object("lie", nuid: "lie", digest, size: size), in: store)
            let error = await #expect(throws: ArtifactError.self) { try await store.contents(digest, atMost: .max) }
            #expect(error?.code == code, "\(size): \(String(describing: error))")
        }
    }

    @Test(
        "a wildcard for the subject of its chunks reads and removes nothing of others",
        arguments: ["*", ">", "a.b", "a b", "x\u{0}", ""])
    func wildcards(_ nuid: String) async throws {
        let (store, _) = try await store()
        let kept = try await store.put([1, 2, 3], type: .binary)
        let digest = ArtifactDigest(of: [7])
        try await describe("trap", object("trap", nuid: nuid, digest), in: store)
        #expect(try await store.describe(digest) == nil)
        #expect(try await store.list().others.map(\.name) == ["trap"])
        #expect(try await store.remove(digest) == false)
        #expect(try await store.contents(kept.digest, atMost: 3) == [1, 2, 3])
    }

    @Test("a description under another's subject stands for nothing")
    func foreignSubject() async throws {
        let (store, _) = try await store()
        let kept = try await store.put([1, 2, 3], type: .binary)
        try await describe("mine", object(kept.name, nuid: "x", kept.digest), in: store)
        #expect(try await store.list().artifacts.count == 1)
        #expect(try await store.list().others.map(\.name) == ["mine"])
    }

    @Test("a link within the bucket is followed one step, and no other")
    func links() async throws {
        let (store, _) = try await store()
        let kept = try await store.put([1, 2, 3], type: .binary)
        func link(_ name: String, _ bucket: String, _ target: String?) async throws {
            var link: JSONObject = ["bucket": .string(bucket)]
            if let target { link["name"] = .string(target) }
            let json: JSON = ["name": .string(name), "nuid": "link", "options": ["link": .object(link)]]
            try await describe(name, json, in: store)
        }
        try await link("good", "DEV-ARTIFACTS", kept.name)
        try await link("again", "DEV-ARTIFACTS", "good")
        try await link("self", "DEV-ARTIFACTS", "self")
        try await link("outside", "DEV-LEARNED", "math")
        try await link("whole", "DEV-ARTIFACTS", nil)
        let list = try await store.list()
        #expect(list.artifacts.map(\.name) == [kept.name, "good"])
        #expect(list.others.map(\.name).sorted() == ["again", "outside", "self", "whole"])
        #expect(try await store.remove(kept.digest))
        #expect(try await store.list().artifacts.isEmpty)
    }

    @Test("sizes that are no sizes are refused", arguments: ["-1", "1.5", "1e300", "\"3\"", "[]"])
    func sizes(_ size: String) throws {
        let text = "{\"name\": \"a\", \"nuid\": \"n\", \"size\": \(size)}"
        #expect(throws: Refusal.self) { try ObjectMetadata(parsing: Array(text.utf8)) }
    }

    @Test("chunks of an upload that ended without a word go after an hour, those of other clients with their age")
    func leftovers() async throws {
        let (store, bus) = try await store()
        var random = SystemRandomNumberGenerator()
        let old = MessageID.v7(at: Timestamp.now().advanced(nanoseconds: -3_700_000_000_000), using: &random).text
        let kept = try await store.put([1, 2, 3], type: .binary)
        for nuid in [old, MessageID.v7().text, "foreign"] {
            try await bus.publishDurably(try store.chunkSubject(nuid), payload: [1], id: .v7())
        }
        #expect(try await store.removeLeftovers() == 1)
        #expect(try await bus.subjects(of: store.stream, matching: try store.pattern("C.*")).count == 3)
        #expect(try await store.contents(kept.digest, atMost: 3) == [1, 2, 3])
    }

    @Test("those who put the same bytes at once leave one artifact, whole, and no chunks of the others")
    func atOnce() async throws {
        let (store, bus) = try await store()
        let bytes = [UInt8](repeating: 5, count: 300_000)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 { group.addTask { try await store.put(bytes, type: .binary) } }
            try await group.waitForAll()
        }
        #expect(try await store.list().artifacts.count == 1)
        #expect(try await store.contents(ArtifactDigest(of: bytes), atMost: .max) == bytes)
        #expect(try await bus.subjects(of: store.stream, matching: try store.pattern("C.*")).count == 1)
    }

    @Test("what is described is read again as it was written")
    func roundTrip() throws {
        var object = ObjectMetadata(name: "a\u{1F600}/../b", nuid: "N-1_x")
        (object.bytes, object.chunks, object.digest) = (5, 1, ArtifactDigest(of: [1]))
        (object.type, object.sender) = (try MediaType("image/png"), try Token("cam"))
        #expect(try ObjectMetadata(parsing: object.encoded(bucket: "B", at: .now())) == object)
        var link = ObjectMetadata(name: "l", nuid: "")
        link.link = ObjectMetadata.Link(bucket: "B", name: nil)
        #expect(try ObjectMetadata(parsing: link.encoded(bucket: "B", at: .now())) == link)
    }
}
