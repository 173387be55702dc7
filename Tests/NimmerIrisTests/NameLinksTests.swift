import Foundation
import NimmerIris
import NimmerPlatform
import Testing

@Suite("Names that are linked")
struct NameLinksTests {
    @Test(
        "words that mean the same link names, in any order of the two",
        arguments: [
            ("math", "arithmetic"), ("car", "automobile"), ("kitchen.temp", "kitchen.temperature"),
            ("living-room.humid", "loungeHumidity"), ("livingroom", "living-room"),
            ("temperature", "temperature.sensor"),
            ("doors", "door"), ("co2", "carbon-dioxide"), ("pump.1", "pump1"),
        ])
    func linked(_ first: String, _ second: String) throws {
        let links = try RepositoryMeanings.links.get()
        #expect(links.relation(first, second) == .linked)
        #expect(links.relation(second, first) == .linked)
    }

    @Test(
        "other numbers, and other things of one kind, are apart",
        arguments: [
            ("pump.1", "pump.2"), ("room101", "room102"), ("motor.left", "motor.right"), ("pump", "pump.2"),
            ("kitchen.temperature", "bedroom.temperature"), ("kitchen.temperature", "kitchen.humidity"),
            ("door", "window"), ("hot", "cold"), ("tank.level", "tank.leak"),
            ("database.errors", "database.latency"),
        ])
    func apart(_ first: String, _ second: String) throws {
        let links = try RepositoryMeanings.links.get()
        #expect(links.relation(first, second) == .apart)
        #expect(links.relation(second, first) == .apart)
    }

    @Test(
        "all others are open",
        arguments: [
            ("math", "door"), ("kitchen", "kitchen.temperature"), ("", "door"), ("", ""), ("温度", "door"), ("co2", "co"),
            ("...", "math"),
        ])
    func open(_ first: String, _ second: String) throws {
        #expect(try RepositoryMeanings.links.get().relation(first, second) == .open)
    }

    @Test("the file has each line of the list that is written by hand")
    func alike() throws {
        let links = try RepositoryMeanings.links.get()
        let path = RepositoryMeanings.data.appending(path: "alike.tsv").path
        let text = String(decoding: try RepositoryMeanings.bytes(path), as: UTF8.self)
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: "\t").map(String.init)
            for (first, second) in zip(words.dropFirst(), words.dropFirst(2)) {
                let relation = links.relation(first, second)
                // What one line separates another may link.
                #expect(words[0] == "=" ? relation == .linked : relation != .open, "\(first) \(second)")
            }
        }
    }

    @Test("without a table, words that are not shared are left open")
    func withoutTable() throws {
        let links = try NameLinks(path: RepositoryMeanings.linksPath)
        #expect(links.relation("tank.level", "tank.leak") == .open)
        #expect(links.relation("tank.level", "reservoir.level") == .linked)
    }

    @Test("any bytes have a relation, the same in both directions")
    func anyBytes() throws {
        let links = try RepositoryMeanings.links.get()
        var random = SplitMix(seed: 5)
        let words = [
            "left", "right", "pump", "1", "2", "sensors", "room", "living", "co2", "é", "", "temp", "temperature",
        ]
        for _ in 0..<3000 {
            let names = (0..<2).map { _ in
                (0..<Int.random(in: 0...15, using: &random)).map { _ in words.randomElement(using: &random)! }
                    .joined(separator: Bool.random(using: &random) ? "." : "_")
            }
            #expect(links.relation(names[0], names[1]) == links.relation(names[1], names[0]), "\(names)")
            #expect(links.relation(names[0], names[0]) != .apart, "\(names)")
        }
    }

    @Test("a damaged file is refused by name, and wrong numbers under a right digest lead nowhere")
    func damaged() throws {
        let good = try RepositoryMeanings.bytes(RepositoryMeanings.linksPath)
        func failure(_ bytes: [UInt8]) -> String {
            do throws(DataFileError) {
                _ = try NameLinks(bytes: bytes, name: "a.links")
                return "read"
            } catch { return error.description }
        }
        #expect(failure(good) == "read")
        #expect(good.count <= 1_500_000)
        var other = good
        other[3] = 0x58
        #expect(failure(other) == "a.links: magic: found 'NIMXINK1', expected 'NIMLINK1'")
        other = good
        other[1000] ^= 1
        #expect(failure(other).hasPrefix("a.links: digest: found "))
        other = good
        other[35] = 0xff
        #expect(failure(other).hasPrefix("a.links: names: found "))
        var random = SplitMix(seed: 9)
        for _ in 0..<5 {
            other = good
            for _ in 0..<50_000 {
                other[Int.random(in: 128..<other.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            DataFileDigest.write(&other)
            let links = try NameLinks(bytes: other, name: "hostile")
            for name in ["math", "kitchen.temperature", "pump.1"] { _ = links.relation(name, "door") }
        }
    }
}
