import NimmerSystem
import NimmerSystemFile
import NimmerThalamus
import NimmerWave
import Testing

/// Who may speak as which origin in the thalamus (decision 0018).
@Suite("Origins in the thalamus")
struct OriginGrantTests {
    static let file = """
        nimmerverse: 1
        name: plant
        cells:
          - {name: alpha, command: [alpha]}
          - {name: beta, command: [beta]}
          - name: gateway
            command: [gateway]
            origins: ["vm-*", beta]
          - {name: twin-a, command: [twin], origins: [twin]}
          - {name: twin-b, command: [twin], origins: [twin]}
        """

    private func bench(_ file: String? = OriginGrantTests.file) throws -> Bench {
        let system = try file.map { try SystemFile(parsing: Array($0.utf8), file: "plant.yaml") }
        return Bench { $0.origins = OriginGrants(system) }
    }

    private func refusal(_ bench: inout Bench, _ cell: String, as origin: String, at: Double = 0) -> Refusal? {
        do { try bench.wave(cell, 0.95, at: at, origin: origin) } catch { return error as? Refusal }
        return nil
    }

    /// Where everybody may speak as every cell a grant holds nobody back, and what was written before there were grants goes on.
    @Test("are taken as they are without identities and grants")
    func takenAsTheyAre() throws {
        func system(_ cells: String) throws -> SystemFile {
            try SystemFile(parsing: Array("nimmerverse: 1\nname: s\ncells:\n\(cells)".utf8), file: "s.yaml")
        }
        let plain = try system("  - {name: a, command: [a]}\n")
        let granting = try system("  - {name: a, command: [a], origins: [x]}\n  - {name: b, command: [b]}\n")
        #expect(OriginGrants(plain, hasIdentities: false).permits("a", as: "z"))
        #expect(OriginGrants(nil, hasIdentities: false).permits("a", as: "z"))
        #expect(!OriginGrants(plain, hasIdentities: true).permits("a", as: "z"))
        #expect(!OriginGrants(nil, hasIdentities: true).permits("a", as: "z"))
        #expect(!OriginGrants(granting, hasIdentities: false).permits("b", as: "z"))
        #expect(OriginGrants(granting, hasIdentities: false).permits("a", as: "x"))
    }

    @Test("one cell that claims three witnesses is none of them: its gate has no witness and does not open")
    func onlyItself() throws {
        var bench = try bench()
        for index in 0..<3 {
            let refused = try #require(refusal(&bench, "alpha", as: "witness-\(index)", at: Double(index)))
            #expect(refused.code == .permission && refused.field == "body.origin")
            #expect(
                refused.message
                    == "the origin 'witness-\(index)' is not granted to 'alpha': the entry 'alpha' of plant.yaml:4 needs the line  "
                    + "origins: [\"witness-\(index)\"]")
        }
        #expect(bench.take().isEmpty && bench.thalamus.regionCount == 0)
        #expect(bench.thalamus.counters.ungranted == 3 && bench.thalamus.counters.rejected == 3)
        #expect(refusal(&bench, "alpha", as: "alpha", at: 5) == nil, "its own name is its own")
    }

    @Test("no cell speaks as another: a star does not cover a cell's name, writing it out does")
    func anothersName() throws {
        var bench = try bench()
        #expect(refusal(&bench, "alpha", as: "beta") != nil)
        #expect(refusal(&bench, "gateway", as: "beta") == nil)
        let greedy = Self.file + "\n  - {name: greedy, command: [greedy], origins: [\"*\"]}\n"
        var other = try self.bench(greedy)
        #expect(refusal(&other, "greedy", as: "alpha") != nil)
        #expect(refusal(&other, "greedy", as: "anything") == nil)
    }

    @Test("a granted pattern makes independent witnesses; those who share an origin stay one")
    func granted() throws {
        var bench = try bench()
        try bench.wave("gateway", 0.95, at: 0, origin: "vm-1")
        try bench.wave("gateway", 0.95, at: 10, origin: "vm-2")
        #expect(bench.take().map(\.transition.toState) == [.open])
        for index in 0..<50 {
            try bench.wave("twin-a", 0.95, at: 20 + Double(index), domain: "twins", origin: "twin")
            try bench.wave("twin-b", 0.95, at: 20.5 + Double(index), domain: "twins", origin: "twin")
        }
        #expect(bench.take().isEmpty)
        #expect(refusal(&bench, "gateway", as: "xvm-1", at: 100) != nil)
    }

    @Test("without a system file each speaks as itself only; a cell that the file lacks, too")
    func unknownVariables() throws {
        var without = try bench(nil)
        #expect(refusal(&without, "alpha", as: "x")?.message.contains("--system FILE") == true)
        #expect(refusal(&without, "alpha", as: "alpha") == nil)
        var with = try bench()
        #expect(
            refusal(&with, "stranger", as: "x")?.message.contains(
                "plant.yaml needs under cells:  - {name: stranger, command: [stranger], origins: [\"x\"]}") == true)
    }

    @Test(
        "what is granted stays so, and what is not is refused, however many names there are and however they are numbered anew"
    )
    func manyNames() throws {
        var bench = try bench()
        var refused = 0
        // More than there are numbers for.
        for index in 0..<66_000 {
            try bench.wave("gateway", 0.3, at: Double(index) / 100, domain: "many", origin: "vm-\(index)")
            guard index % 66 == 0 else { continue }
            try bench.wave("gateway", 0.3, at: Double(index) / 100, domain: "many", origin: "vm-0")
            if refusal(&bench, "alpha", as: "vm-\(index)", at: Double(index) / 100) != nil { refused += 1 }
        }
        #expect(refused == 1000 && bench.thalamus.counters.ungranted == 1000)
    }

    @Test("a message whose origin is written with escapes is held against the same grants")
    func escaped() throws {
        var bench = try bench()
        let plain = Envelope(
            id: .v7(), at: Bench.epoch, from: Source(entityID: "alpha", entityType: .cell),
            WaveSignal(
                domain: try Token("math"), confidence: 0.9, semanticContent: [:], origin: try Token("witness"))
        ).encoded()
        let text = String(decoding: plain, as: UTF8.self)
        let escaped = Array(text.split(separator: "\"witness\"").joined(separator: "\"\\u0077itness\"").utf8)
        #expect(escaped.count > plain.count)
        let subject = Array("dev.nervous.cells.alpha.wave".utf8)
        #expect(throws: Refusal.self) {
            _ = try bench.thalamus.receive(subject: subject.span.bytes, payload: escaped.span.bytes, arrival: nil)
        }
        #expect(bench.thalamus.counters.ungranted == 1)
    }
}
