import Glibc
import Testing

@testable import NimmerWave

/// Messages are declared once (decision 0023): what is written from the declarations is what they say, and the hot path, which is
/// written by hand, takes and refuses what they do.
@Suite struct DeclarationTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    @Test func theGeneratedFilesAreThoseOfTheDeclarations() throws {
        let stream = try #require(
            popen("python3 '\(Self.root)/Sources/NimmerWave/Messages/generate.py' --check 2>&1", "r"))
        var output: [UInt8] = []
        while case let byte = fgetc(stream), byte != EOF { output.append(UInt8(truncatingIfNeeded: byte)) }
        let status = pclose(stream)
        #expect(status == 0, "\(String(decoding: output, as: UTF8.self))")
    }

    @Test func theLimitsOfTheHotPathAreThoseOfTheDeclaration() {
        let kinds = Dictionary(uniqueKeysWithValues: WaveSignal.fields.map { ($0.key, $0.kind) })
        #expect(kinds["vector"] == .vector(Wire.maximumVector))
        #expect(kinds["interval_ms"] == .positive(Wire.maximumInterval))
        #expect(Command.fields.first { $0.key == "lease_ms" }?.kind == .whole(1...Wire.maximumLease))
        #expect(
            AcceptedOutcome.fields.first { $0.key == "origins" }?.kind
                == .list(.record(OriginRecord.fields), AcceptedOutcome.maximumOrigins))
    }

    @Test func theHotPathKnowsEachDeclaredFieldAndNoOther() {
        var declared: [String: Bool] = ["header": true, "body": true]
        for field in Header.fields { declared["header.\(field.key)"] = field.isRequired }
        for field in Source.fields { declared["header.source.\(field.key)"] = field.isRequired }
        for field in WaveSignal.fields { declared["body.\(field.key)"] = field.isRequired }
        let keys = (0..<WaveKey.unknown.rawValue).compactMap(WaveKey.init(rawValue:))
        #expect(Dictionary(uniqueKeysWithValues: keys.map { ($0.path, WaveKey.required & $0.bit != 0) }) == declared)
        for path in declared.keys {
            let key = path.split(separator: ".").last.map { Array("\($0)\"".utf8) } ?? []
            var count = 0
            let found = key.scan { WaveKey.plain($0, 0, &count) }
            #expect(found.path == path && count == key.count - 1, "\(path)")
        }
    }

    /// Each field absent, twice, and with values of each wrong kind, read on the hot path and by the generated reader.
    @Test func theHotPathRefusesInTheWordsOfTheDeclaration() throws {
        let whole = try JSON(
            parsing: sample(
                extra:
                    ##","lifeforce_cost":1,"region":"a.b","polarity":-1,"origin":"o","vector":[1],"correlation_id":"c","##
                    + #""interval_ms":5"#))
        let wrongs: [JSON] = [
            .null, true, "", "UPPER case", .string(String(repeating: "x", count: 200)), .raw(Array("1e400".utf8)), -1,
            2,
            0.5, 1e300, [], [:], ["x"], .array((0...Wire.maximumVector).map { .number(Double($0)) }), "a..b",
            .string(String(repeating: "a.", count: 80) + "a"), .array([.raw(Array("1e999".utf8))]),
        ]
        // The head's own: of these the hot path names what it knows.
        let ownWords: Set = ["message_type", "version", "garden"]
        var refused = 0
        for path in [["header"], ["header", "source"], ["body"]] {
            for key in whole.at(path).object?.keys ?? [] {
                let value = whole.at(path)[key] ?? .null
                let changes: [(inout JSONObject) -> Void] =
                    [{ $0[key] = nil }, { $0.members.append(.init(key, value)) }]
                    + wrongs.map { wrong in { $0[key] = wrong } }
                for change in changes {
                    let bytes = whole.changed(path[...], change).bytes
                    let hot = refusal { () throws(Refusal) in _ = try hotDecode(bytes) }
                    let tree = refusal { () throws(Refusal) in _ = try Envelope<WaveSignal>(decoding: bytes) }
                    let isSame = ownWords.contains(key) ? (hot == nil) == (tree == nil) : hot == tree
                    #expect(isSame, "\(hot ?? "taken") / \(tree ?? "taken")")
                    if hot != nil { refused += 1 }
                }
            }
        }
        #expect(refused > 250)
    }

    @Test(arguments: AnyMessage.bodies.indices) func whatIsMissingOrTwiceIsNamed(type: Int) throws {
        for field in AnyMessage.bodies[type].fields {
            for bytes in try SampleMessages.all().filter({
                $0.name.hasPrefix("\(AnyMessage.bodies[type].type.rawValue)-full")
            }) {
                let whole = try JSON(parsing: bytes.bytes)
                let value = try #require(whole["body"]?[field.key], "\(field.key) of a full message")
                let without = whole.changed(["body"]) { $0[field.key] = nil }.bytes
                let twice = whole.changed(["body"]) { $0.members.append(.init(field.key, value)) }.bytes
                #expect(
                    refusal { () throws(Refusal) in _ = try AnyMessage.decode(without) }
                        == (field.isRequired ? "body.\(field.key) is missing" : nil))
                #expect(
                    refusal { () throws(Refusal) in _ = try AnyMessage.decode(twice) }
                        == "body.\(field.key) appears twice")
            }
        }
    }

    /// Every member of every sample left out in turn, at any depth: what is read without it is the same when it was written.
    @Test(arguments: AnyMessage.bodies.indices) func whatMayBeAbsentIsReadAsItIsWritten(type: Int) throws {
        let body = AnyMessage.bodies[type]
        var taken = 0
        for sample in try SampleMessages.all() where sample.name.hasPrefix("\(body.type.rawValue)-") {
            for bytes in try JSON(parsing: sample.bytes).withoutOneMember.map(\.bytes) {
                guard try Self.isReadAsWritten(body, bytes) else { continue }
                taken += 1
            }
        }
        #expect(taken > 0)
    }

    /// Returns whether a message is taken; one that is must be the same after writing and reading.
    private static func isReadAsWritten<Body: MessageBody>(_ type: Body.Type, _ bytes: [UInt8]) throws -> Bool {
        guard let first = try? Envelope<Body>(decoding: bytes) else { return false }
        let second = try Envelope<Body>(decoding: first.encoded())
        #expect(second == first, "\(String(decoding: bytes, as: UTF8.self))")
        return true
    }
}

extension JSON {
    /// What stands at a path of keys.
    fileprivate func at(_ path: [String]) -> JSON { path.reduce(self) { $0[$1] ?? .null } }

    /// The value once for each member of each object in it, without that member.
    fileprivate var withoutOneMember: [JSON] {
        switch self {
        case .object(let object):
            return object.members.indices.flatMap { index -> [JSON] in
                var less = object.members
                let member = less.remove(at: index)
                let changed = member.value.withoutOneMember.map { inner in
                    var members = object.members
                    members[index].value = inner
                    return JSON.object(JSONObject(members))
                }
                return [.object(JSONObject(less))] + changed
            }
        case .array(let items):
            return items.indices.flatMap { index in
                items[index].withoutOneMember.map { inner in
                    var changed = items
                    changed[index] = inner
                    return .array(changed)
                }
            }
        default: return []
        }
    }

    /// The same with an object below changed.
    fileprivate func changed(_ path: ArraySlice<String>, _ change: (inout JSONObject) -> Void) -> JSON {
        var own = object ?? [:]
        if let key = path.first {
            own[key] = (own[key] ?? .null).changed(path.dropFirst(), change)
        } else {
            change(&own)
        }
        return .object(own)
    }
}
