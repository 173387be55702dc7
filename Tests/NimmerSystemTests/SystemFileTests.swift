import NimmerGate
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@Suite("System files")
struct SystemFileTests {
    static let head = "nimmerverse: 1\nname: plant\n"

    private func load(_ text: String) throws(SystemError) -> SystemFile {
        try SystemFile(parsing: Array((Self.head + text).utf8), file: "plant.yaml")
    }

    private func refusal(_ text: String) -> String? {
        do throws(SystemError) { _ = try load(text) } catch { return error.description }
        return nil
    }

    @Test("a whole file is read")
    func whole() throws {
        let system = try load(
            """
            cells:
              - {name: pump-1, kind: sensor/v1, settings: {file: p.csv, column: 3}}
              - name: odd
                command: [python3, odd.py]
            nerves:
              - {name: avoid, kind: collision_avoidance/v1}
            gates:
              defaults: {window_ms: 30000}
              regions:
                plant: {weight: 0.9, half_life_ms: 15000}
                plant.>: {floor: 0.3}
            thalamus:
              max_regions: 5
              clock_tolerance_ms: 1500
              regions:
                plant: [plant.>, pump.*]
                math: math
            bridge: {commands: act, allow: [motor], budget_lf: 3, event_types: {plant: fault}}
            memory: {batch_ms: 100, batch_rows: 10, retention_days: 7}
            nats: {url: "nats://h:1", tls: {ca: ca.pem}}
            postgres: {url: "postgresql://h/d"}
            """)
        #expect(system.cells.map(\.name) == ["pump-1", "odd"])
        #expect(system.cells[0].kindName == "sensor")
        #expect(system.cells[0].kindVersion == "v1")
        #expect(system.cells[0].settings.map(\.key) == ["file", "column"])
        #expect(system.cells[1].command == ["python3", "odd.py"])
        #expect(system.nerves.first?.role == .nerve)
        #expect(system.thalamus.maxRegions == 5)
        #expect(system.thalamus.clockToleranceMS == 1500)
        #expect(system.thalamus.regions.map(\.patterns) == [["plant.>", "pump.*"], ["math"]])
        #expect(system.bridge.commands == .act)
        #expect(system.bridge.events.first?.eventType == "fault")
        #expect(system.memory.batchRows == 10)
        #expect(system.nats.tlsCA == "ca.pem")
        #expect(system.organism("avoid")?.kind == "collision_avoidance/v1")
    }

    @Test("the page for browsers is an observer's, unless the file makes it an operator's")
    func web() throws {
        #expect(try load("cells: []\n").web == nil)
        let looks = try load("web: {}\n")
        #expect(looks.web?.role == .observer && looks.isObserver("web") && looks.isObserver("observer"))
        let acts = try load("web: {role: operator}\n")
        #expect(acts.web?.role == .operator && !acts.isObserver("web") && !acts.isObserver("operator"))
        #expect(!(try load("cells: []\n").isObserver("web")))
    }

    @Test("gates: what is declared wins over what lies below, the first match of the file wins")
    func gates() throws {
        let gates = try load(
            """
            gates:
              defaults: {window_ms: 30000, weight: 0.2}
              regions:
                plant.pump: {weight: 0.9}
                plant.>: {floor: 0.3}
            """
        ).gates
        #expect(gates.configuration(region: "plant.pump").weight == 0.9)
        #expect(gates.configuration(region: "plant.pump").windowMilliseconds == 30000)
        #expect(gates.configuration(region: "plant.pump").floor == GateConfiguration().floor)
        #expect(gates.configuration(region: "plant.tank").floor == 0.3)
        #expect(gates.configuration(region: "plant.tank").weight == 0.2)
        #expect(gates.configuration(region: "x").openThreshold == 0.4)
        #expect(gates.configuration(region: "x", base: GateConfiguration()).openThreshold == 0.5)
    }

    @Test("gates: without a number, or with the word auto, window and half-life follow the members' intervals")
    func automaticWindows() throws {
        let gates = try load(
            """
            gates:
              defaults: {window_ms: 30000, half_life_ms: 15000}
              regions:
                slow: {window: auto}
                mixed: {window: auto, half_life_ms: 604800000}
                fixed: {window_ms: 1000000000000}
            """
        ).gates
        func following(_ region: String, _ gates: GateSettings) -> [Double] {
            let configuration = gates.configuration(region: region)
            return [configuration.window(of: 60_000), configuration.halfLife(of: 60_000)]
        }
        #expect(following("x", gates) == [30_000, 15_000])
        #expect(following("slow", gates) == [1_800_000, 900_000])
        #expect(following("mixed", gates) == [1_800_000, 604_800_000])
        #expect(following("fixed", gates) == [1e12, 15_000])
        #expect(following("x", GateSettings()) == [1_800_000, 900_000])
        let plain = try load("gates: {defaults: {window: auto, weight: 0.3}}\n").gates
        #expect(following("x", plain) == [1_800_000, 900_000])
        #expect(plain.configuration(region: "x").window(of: 0) == 1500)
        var base = GateConfiguration()
        (base.windowMilliseconds, base.halfLifeMilliseconds, base.floor) = (5, 7, 0.4)
        let undone = plain.configuration(region: "x", base: base)
        #expect(undone.window(of: 60_000) == 1_800_000 && undone.halfLife(of: 60_000) == 900_000)
        #expect(undone.floor == 0.4 && undone.weight == 0.3)
    }

    @Test(
        "mistakes are named with their place, what was found and what was expected",
        arguments: [
            (
                "cells:\n  - {nmae: a, kind: math/v1}\n",
                "plant.yaml:4:6: found the unknown key 'nmae' (did you mean 'name'?)"
            ),
            ("cell: []\n", "3:1: found the unknown key 'cell' (did you mean 'cells'?)"),
            (
                "cells:\n  - {name: a, kind: math/v1, settngs: {}}\n",
                "4:30: found the unknown key 'settngs' (did you mean 'settings'?)"
            ),
            ("cells:\n  - {name: A, kind: math/v1}\n", "4:12: found 'A'; expected name: 1 to 63 of a-z 0-9"),
            ("cells:\n  - {name: a, kind: math}\n", "4:21: found 'math'; expected kind: a kind and its version"),
            (
                "cells:\n  - {name: a, kind: math/v1}\nnerves:\n  - {name: a, kind: b/v1}\n",
                "6:5: found the name 'a' again; expected each cell, nerve and organ under its own name (line 4 has it already)"
            ),
            (
                "gates:\n  defaults: {weight: 1.5}\n",
                "4:22: found 1.5; expected weight: a number from 0 to 1"
            ),
            ("web: {role: admin}\n", "3:13: found 'admin'; expected role: one of observer, operator"),
            ("web: {listen: x}\n", "3:7: found the unknown key 'listen'"),
            ("gates:\n  defaults: {window_ms: soon}\n", "4:25: found 'soon'; expected window_ms: a number"),
            ("gates:\n  defaults: {windw_ms: 1}\n", "did you mean 'window_ms'?"),
            (
                "gates:\n  defaults: {window: 30000}\n",
                "4:22: found 30000; expected window: auto, or window_ms: a number of milliseconds"
            ),
            ("gates:\n  regions: {a: {window: automatic}}\n", "4:25: found 'automatic'; expected window: auto, or"),
            ("gates:\n  defaults: {window: [auto]}\n", "4:22: found a list"),
            (
                "gates:\n  regions: {a: {window: auto, window_ms: 5}}\n",
                "4:25: found 'auto'; expected window: auto or window_ms in gates.regions.a, not both"
            ),
            ("thalamus: {max_regions: 0}\n", "3:25: found 0; expected max_regions: a whole number from 1 to 1000000"),
            (
                "thalamus: {clock_tolerance_ms: -1}\n",
                "3:32: found -1; expected clock_tolerance_ms: a number from 0 to 86400000 milliseconds"
            ),
            ("thalamus:\n  regions:\n    plant: [a..b]\n", "5:13: found 'a..b'; expected a pattern of regions"),
            ("thalamus:\n  regions:\n    Plant: [a]\n", "5:5: found 'Plant'; expected a region"),
            ("bridge: {commands: maybe}\n", "3:20: found 'maybe'; expected commands: one of dry-run, confirm, act"),
            ("memory: fast\n", "3:9: found 'fast'; expected memory as a mapping of keys"),
            ("cells: {a: 1}\n", "3:8: found a mapping of 1 keys; expected cells: a list"),
        ])
    func mistakes(_ text: String, _ expected: String) {
        let description = refusal(text) ?? "accepted"
        #expect(description.contains(expected), "\(description)")
    }

    @Test("the format's number and the name must be there")
    func head() {
        func refusal(_ text: String) -> SystemError? {
            do throws(SystemError) { _ = try SystemFile(parsing: Array(text.utf8), file: "f") } catch { return error }
            return nil
        }
        #expect(refusal("name: a\n")?.code == .missing)
        #expect(refusal("nimmerverse: 1\n")?.code == .missing)
        #expect(refusal("nimmerverse: 2\nname: a\n")?.code == .invalid)
        #expect(refusal("")?.code == .missing)
        #expect(refusal("[1]")?.code == .invalid)
    }

    @Test("a missing file is named, and can be tried again")
    func unreadable() {
        do throws(SystemError) {
            _ = try SystemFile(path: "no/such/plant.yaml")
            Issue.record("a file that does not exist was read")
        } catch {
            #expect(error.code == .unreadable)
            #expect(error.isRetryable)
            #expect(error.description.contains("no/such/plant.yaml"))
        }
    }
}
