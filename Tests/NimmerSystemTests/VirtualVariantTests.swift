import NimmerGate
import NimmerSystem
import NimmerWave
import Testing

@testable import NimmerSystemFile

/// Variants of the virtual garden in a system file: an overlay, as strict as what it lies over, and its way into the real settings.
@Suite struct VirtualVariantTests {
    private static let plant = """
        # The plant.
        nimmerverse: 1
        name: plant

        gates:
          defaults:
            open_threshold: 0.9   # two must agree
            weight: 0.5
            reflex_weight: 0.7
            trust: earned
          regions:
            plant: {window_ms: 60000}
            "attic.>": {quorum: 2}
        thalamus:
          regions: {plant: [plant, "plant.>"]}
        cells:
          # Flow of the pump.
          - name: flow
            kind: sensor/v1
            settings:
              floor: 0.3
          - {name: pressure, kind: sensor/v1, settings: {region: plant.pump}}
          - name: door
            kind: http/v1

        """

    private func system(_ virtual: String) throws(SystemError) -> SystemFile {
        try SystemFile(parsing: Array((Self.plant + virtual).utf8), file: "plant.yaml")
    }

    private static let eager = """
        virtual:
          eager:
            gates:
              defaults: {open_threshold: 0.8}
              regions:
                plant: {open_threshold: 0.75, window_ms: 30000}
            cells:
              flow: {floor: 0.5}
              pressure: {region: plant}
          two:
            gates: {defaults: {quorum: 2}}

        """

    @Test func anOverlayChangesWhatItNamesAndNothingElse() throws {
        let system = try system(Self.eager)
        #expect(system.virtual.map(\.name) == ["eager", "two"])
        let eager = system.applying(try #require(system.variant("eager")))
        let plant = eager.gates.configuration(region: "plant")
        #expect(plant.openThreshold == 0.75 && plant.windowMilliseconds == 30_000 && plant.weight == 0.5)
        #expect(eager.gates.configuration(region: "attic.a").openThreshold == 0.8)
        #expect(eager.gates.configuration(region: "attic.a").quorum == 2)
        #expect(eager.cells[0].settings.first { $0.key == "floor" }?.value.number == 0.5)
        #expect(eager.cells[1].settings.map(\.value.text) == ["plant"])
        #expect(eager.virtual.isEmpty)
        #expect(system.gates.configuration(region: "plant").openThreshold == 0.9)
        let two = system.applying(try #require(system.variant("two")))
        #expect(two.gates.configuration(region: "plant").quorum == 2)
        #expect(two.gates.configuration(region: "plant").windowMilliseconds == 60_000)
    }

    @Test func itsNameFollowsFromAllThatItJudgesBy() throws {
        let one = try system(Self.eager)
        let other = try system(Self.eager.replacing("0.75", with: "0.76"))
        #expect(one.virtual[0].digest != other.virtual[0].digest)
        #expect(one.virtual[1].digest == other.virtual[1].digest)
        let moved = try SystemFile(parsing: Array(("\n\n" + Self.plant + Self.eager).utf8), file: "plant.yaml")
        #expect(moved.virtual.map(\.digest) == one.virtual.map(\.digest))
        let below = Self.plant.replacing("open_threshold: 0.9 ", with: "open_threshold: 0.95")
        let changed = try SystemFile(parsing: Array((below + Self.eager).utf8), file: "plant.yaml")
        #expect(changed.virtual[1].digest != one.virtual[1].digest)
    }

    @Test(arguments: [
        ("virtual: [a]", "a list of 1", "virtual: a mapping of variants"),
        ("virtual: {Eager: {gates: {defaults: {quorum: 2}}}}", "'Eager'", "1 to 63 of a-z"),
        ("virtual: {a: {}}", "nothing that differs", "settings of gates"),
        ("virtual: {a: {gate: {}}}", "gate", "gates"),
        ("virtual: {a: {gates: {defaults: {open_treshold: 0.4}}}}", "open_treshold", "open_threshold"),
        ("virtual: {a: {gates: {defaults: {open_threshold: 1.4}}}}", "1.4", "0"),
        ("virtual: {a: {gates: {defaults: {weight: 0.69}}}}", "weight 0.69", "untried"),
        ("virtual: {a: {gates: {defaults: {open_threshold: 0.6}}}}", "open_threshold 0.6", "untried"),
        ("virtual: {a: {cells: {flaw: {floor: 0.4}}}}", "'flaw' (did you mean 'flow'?)", "a cell of this file"),
        ("virtual: {a: {cells: {flow: {floor: 0.2}}}}", "0.2", "from 0.3, the real floor, to 1"),
        ("virtual: {a: {cells: {door: {floor: 0.1}}}}", "0.1", "from 0.2, the real floor"),
        ("virtual: {a: {cells: {flow: {learning_samples: 50}}}}", "learning_samples", "not each reading"),
        ("virtual: {a: {cells: {flow: {region: 'A b'}}}}", "'A b'", "region: tokens"),
        ("virtual: {a: {thalamus: {max_regions: 4}}}", "max_regions", ""),
        ("virtual: {a: {thalamus: {regions: {plant: []}}}}", "a list of 0", "patterns"),
    ])
    func whatIsWrongIsRefusedWithItsPlace(text: String, found: String, expected: String) throws {
        let error = #expect(throws: SystemError.self) { try system(text + "\n") }
        #expect(error?.found.contains(found) == true, "\(String(describing: error))")
        #expect(error?.expected.contains(expected) == true || error?.description.contains(expected) == true)
        #expect((error?.mark.line ?? 0) > 20)
    }

    @Test func allMistakesOfVariantsAreNamedAtOnce() throws {
        let text =
            Self.plant + """
                virtual:
                  a: {cells: {flow: {learning_samples: 20}}}
                  b: {gates: {defaults: {quorom: 2}}}
                  c: {}
                  d: {gates: {defaults: {quorum: 2}}}

                """
        let mistakes = try SystemMistakes(in: Array(text.utf8), file: "plant.yaml")
        #expect(mistakes.all.count == 3, "\(mistakes.all)")
        #expect(mistakes.all.last?.found.contains("nothing that differs") == true)
        #expect(mistakes.sound.virtual.map(\.name) == ["a", "b", "d"])
    }

    @Test func thereAreNotManyMoreThanAMachineCanJudge() throws {
        let variants = (0...VirtualVariant.maximum).map { "  v\($0): {gates: {defaults: {quorum: 2}}}" }
        let error = #expect(throws: SystemError.self) {
            try system("virtual:\n" + variants.joined(separator: "\n") + "\n")
        }
        #expect(error?.expected.hasPrefix("at most 16") == true)
    }

    // MARK: - Promotion

    @Test func aPromotionChangesTheValuesAndKeepsCommentsAndLayout() throws {
        let text = Self.plant + Self.eager
        let promoted = try SystemFileEdit.promote("eager", in: Array(text.utf8), file: "plant.yaml")
        let lines = String(decoding: promoted, as: UTF8.self)
        #expect(lines.contains("    open_threshold: 0.8   # two must agree\n"))
        #expect(lines.contains("    plant: {open_threshold: 0.75, window_ms: 30000}\n"))
        #expect(lines.contains("      floor: 0.5\n"))
        #expect(lines.contains("settings: {region: plant}}\n"))
        #expect(lines.contains("# The plant.") && lines.contains("  # Flow of the pump."))
        let after = try SystemFile(parsing: promoted, file: "plant.yaml")
        #expect(after.gates.configuration(region: "plant").openThreshold == 0.75)
        #expect(after.virtual.count == 2)
        #expect(try SystemFileEdit.promote("eager", in: promoted, file: "plant.yaml") == promoted)
    }

    @Test func aPromotionMakesWhatIsMissing() throws {
        let text = """
            nimmerverse: 1
            name: plant
            cells:
              - name: flow
                kind: sensor/v1
            virtual:
              a: {gates: {defaults: {open_threshold: 0.5}, regions: {"plant.>": {quorum: 2}}}, cells: {flow: {floor: 0.4}}}
              b: {thalamus: {regions: {plant: ["pump.*", plant]}}}

            """
        let file = "plant.yaml"
        var promoted = try SystemFileEdit.promote("a", in: Array(text.utf8), file: file)
        promoted = try SystemFileEdit.promote("b", in: promoted, file: file)
        let after = try SystemFile(parsing: promoted, file: file)
        #expect(after.gates.configuration(region: "plant.x").quorum == 2)
        #expect(after.gates.configuration(region: "other").openThreshold == 0.5)
        #expect(after.cells[0].settings.map(\.key) == ["floor"])
        #expect(after.thalamus.regions.map(\.patterns) == [["pump.*", "plant"]])
    }

    @Test func aNewRuleStandsBeforeThePatternThatCoversItAndKeepsItsSettings() throws {
        let text =
            Self.plant + "virtual: {a: {gates: {regions: {attic.roof: {open_threshold: 0.8}}}}}\n"
        let promoted = try SystemFileEdit.promote("a", in: Array(text.utf8), file: "plant.yaml")
        let roof = try SystemFile(parsing: promoted, file: "plant.yaml").gates.configuration(region: "attic.roof")
        #expect(roof.quorum == 2 && roof.openThreshold == 0.8)
    }

    @Test func aRuleIsChangedAtItsPlaceAndOnlyANewOneStandsFirst() throws {
        let rules = """
            nimmerverse: 1
            name: plant
            gates:
              regions:
                plant.pump: {open_threshold: 0.9}
                plant.>: {quorum: 2}
            virtual:
              general: {gates: {regions: {"plant.>": {quorum: 3}}}}
              both: {gates: {regions: {"plant.>": {quorum: 3}, plant.valve: {open_threshold: 0.7}}}}

            """
        let system = try SystemFile(parsing: Array(rules.utf8), file: "plant.yaml")
        for (name, order) in [
            ("general", ["plant.pump", "plant.>"]), ("both", ["plant.valve", "plant.pump", "plant.>"]),
        ] {
            let applied = system.applying(try #require(system.variant(name))).gates
            let promoted = try SystemFileEdit.promote(name, in: Array(rules.utf8), file: "plant.yaml")
            let written = try SystemFile(parsing: promoted, file: "plant.yaml").gates
            for gates in [applied, written] {
                #expect(gates.regions.map(\.region) == order)
                let pump = gates.configuration(region: "plant.pump")
                #expect(pump.openThreshold == 0.9 && pump.quorum == 1)
                #expect(gates.configuration(region: "plant.other").quorum == 3)
            }
            #expect(name == "general" || applied.configuration(region: "plant.valve").quorum == 2)
        }
    }

    @Test func aLayoutThatIsNotUnderstoodIsRefusedAndNeverBroken() throws {
        let text = """
            nimmerverse: 1
            name: plant
            thalamus:
              regions:
                plant: [plant]
                attic: [attic]
            virtual: {a: {thalamus: {regions: {plant: [plant, pump]}}}}

            """
        let error = #expect(throws: SystemError.self) {
            try SystemFileEdit.promote("a", in: Array(text.utf8), file: "plant.yaml")
        }
        #expect(error?.expected.hasPrefix("by hand: {thalamus: {regions: {plant: [plant, pump]}}}") == true)
        let unknown = #expect(throws: SystemError.self) {
            try SystemFileEdit.promote("c", in: Array(text.utf8), file: "plant.yaml")
        }
        #expect(unknown?.expected == "one of a")
    }

    @Test func moreExplorationsThanThereIsRoomForAreRefusedByTheirNumber() throws {
        let present = (0..<15).map { "  v\($0): {gates: {defaults: {quorum: 2}}}" }.joined(separator: "\n") + "\n"
        let lines = (1...2).map { "explored-\($0): {gates: {defaults: {quorum: 3}}}" }
        let error = #expect(throws: SystemError.self) {
            try SystemFileEdit.add(
                variants: lines, in: Array((Self.plant + "virtual:\n" + present).utf8), file: "p.yaml")
        }
        #expect(error?.found == "15 variants, and 2 more to add" && error?.expected.hasPrefix("at most 16") == true)
    }

    @Test func explorationsCanBeAdded() throws {
        let line = "explored-1: {gates: {defaults: {open_threshold: 0.85}}}"
        let bare = try SystemFileEdit.add(variants: [line], in: Array(Self.plant.utf8), file: "p.yaml")
        #expect(try SystemFile(parsing: bare, file: "p.yaml").virtual.map(\.name) == ["explored-1"])
        let more = try SystemFileEdit.add(
            variants: [line], in: Array((Self.plant + Self.eager).utf8), file: "p.yaml")
        #expect(try SystemFile(parsing: more, file: "p.yaml").virtual.map(\.name) == ["explored-1", "eager", "two"])
        let flow = Self.plant + "virtual: {a: {gates: {defaults: {quorum: 2}}}}\n"
        let inside = try SystemFileEdit.add(variants: [line], in: Array(flow.utf8), file: "p.yaml")
        #expect(try SystemFile(parsing: inside, file: "p.yaml").virtual.map(\.name) == ["explored-1", "a"])
    }
}
