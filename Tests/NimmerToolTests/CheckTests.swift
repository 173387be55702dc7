import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerSystem
import NimmerSystemCheck
import NimmerSystemFile
import NimmerWave
import Testing

@testable import nimmer

#if canImport(Glibc)
    import Glibc
#endif

@Suite("nimmer check")
struct CheckTests {
    /// A folder with a system file and programs, which is removed after the test.
    private func inFolder(
        _ system: String, programs: [String: String] = [:], _ body: (String, String) async throws -> Void
    ) async throws {
        var template = Array("/tmp/nimmer-check-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        for (name, script) in programs {
            try FileText.write("#!/bin/sh\n\(script)\n", to: "\(folder)/\(name)")
            chmod("\(folder)/\(name)", 0o755)
        }
        try FileText.write("nimmerverse: 1\nname: plant\n" + system, to: "\(folder)/plant.yaml")
        try await body(folder, "\(folder)/plant.yaml")
    }

    private func check(_ folder: String, _ words: [String]) async throws -> Tool.Answer {
        let path = ChildCommand.inheritedEnvironment["PATH"] ?? "/usr/bin:/bin"
        return try await Tool.run(["check"] + words, environment: ["PATH": "\(folder):\(path)"])
    }

    /// Says what a cell says to `--manifest`: that it needs `--name`'s origins.
    private static let probe = """
        test "$5" = --manifest || exit 64
        echo "{\\"kind\\":\\"probe\\",\\"needs\\":{\\"origins\\":[\\"$2-*\\",\\"shared\\"]}}"
        """

    @Test("an error in the file is printed with its place, as by every process")
    func mistake() async throws {
        try await inFolder("cells: [{nmae: a}]\n") { folder, file in
            let answer = try await check(folder, [file])
            #expect(answer.status == .exited(1))
            #expect(
                answer.output.dropLast() == [
                    "\(file):3:9: found a cell without 'kind'; expected the key 'kind'",
                    "\(file):3:10: found the unknown key 'nmae' (did you mean 'name'?); expected a cell with the key 'name'",
                ], "\(answer.output)")
        }
    }

    @Test(
        "missing grants are told with the line to add; --write adds it and keeps comments and layout; then all is in order"
    )
    func writes() async throws {
        let system = """
            # The plant.
            cells:
              - name: hall      # its gateway
                kind: probe/v1
                settings: {}    # none
              - {name: own, command: [sh], origins: ["x"]}
            """
        try await inFolder(system, programs: ["probe-cell": Self.probe]) { folder, file in
            let before = try await check(folder, [file])
            #expect(before.status == .exited(1))
            #expect(
                before.text.includes("\(file):5:5: hall (probe) names origins that it is not granted"), "\(before.text)"
            )
            #expect(before.text.includes(#"→ origins: ["hall-*", "shared"]"#))
            #expect(before.text.includes("own runs a program of its own"))
            #expect(before.output.last == "\(file): 1 problem")
            chmod(file, 0o640)
            let wrote = try await check(folder, [file, "--write"])
            #expect(wrote.status == .exited(0), "\(wrote.text) \(wrote.errors)")
            #expect(
                FileText.read(file)
                    == "nimmerverse: 1\nname: plant\n"
                    + system.split(separator: "    settings").joined(
                        separator: "    origins: [\"hall-*\", \"shared\"]\n    settings"))
            var status = stat()
            #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o640)
            let after = try await check(folder, [file, "--json"])
            #expect(after.status == .exited(0))
            #expect(try JSON(parsing: after.text)["ok"] == true)
        }
    }

    @Test("a program that refuses its settings is a problem, and so is a kind without a program")
    func programs() async throws {
        let refuses = "echo 'bad-cell: plant.yaml:4:1: found the unknown setting' >&2; exit 78"
        try await inFolder(
            "cells:\n  - {name: bad, kind: bad/v1}\n  - {name: absent, kind: absent/v1}\n",
            programs: ["bad-cell": refuses]
        ) { folder, file in
            let answer = try await check(folder, [file])
            #expect(answer.status == .exited(1))
            #expect(answer.text.includes("plant.yaml:4:1: found the unknown setting"), "\(answer.text)")
            #expect(answer.text.includes("\(file):5:26: found the kind 'absent/v1', and no program absent-cell"))
            #expect(answer.output.last == "\(file): 2 problems")
        }
    }

    @Test("a command of a sensor whose program is not there is named with its place, before anything starts")
    func commandsOfSensors() async throws {
        try await inFolder(
            """
            cells:
              - name: load
                kind: sensor/v1
                settings: {command: [./nothere, "5"], region: host.load}
              - {name: ping, kind: sensor/v1, settings: {command: [sh, -c, "echo 1"], region: host.ping}}

            """
        ) { folder, file in
            let answer = try await check(folder, [file])
            #expect(answer.status == .exited(1))
            #expect(
                answer.text.includes("\(file):6:25: the setting 'command' of load: expected a program"),
                "\(answer.text)")
            #expect(answer.text.includes("found the program './nothere', which is not there or cannot be run"))
            #expect(answer.output.last == "\(file): 1 problem")
        }
    }

    /// What a careless hand writes: a mistake in nearly every line.
    static let careless = """
        cells:
          - name: a
            kind: sensor/v1
            settings: {subjet: x.y, learning_samples: 3, floor: 0.5}
          - name: b
            kind: sensr/v1
          - name: c
            kind: sensor/v1
          - name: a
            kind: math/v1
          - name: motor
            kind: motor/v1
            settings: {publish: {go: robot.wheels}}
        nerves:
          - name: avoid
            kind: collision_avoidance/v1
            settings: {front: a, left: b, right: c, back: d, motor: moter}
        bridge:
          comands: act
          allow: [motor.go, motor.stop, motor.fly, pump]
        thalamus: {max_regions: 0, log_level: loud}
        """

    /// Its mistakes, in the order of the file.
    static let mistakes = [
        "6:16: found the unknown setting 'subjet' of a (did you mean 'subject'?); expected any of: ",
        "6:47: found 3; expected learning_samples: a whole number from 20 to 1000000",
        "8:11: found the kind 'sensr/v1' (did you mean 'sensor/v1'?), and no program sensr-cell; expected a kind whose",
        "9:5: found settings of c that sensor-cell refuses: one of subject, command and file must be set",
        "11:5: found the name 'a' again; expected each cell, nerve and organ under its own name (line 4 has it already)",
        "19:51: found 'd' (did you mean 'a'?), which avoid hears; expected a cell or nerve of this file",
        "19:61: found 'moter' (did you mean 'motor'?), which avoid asks; expected a cell or nerve of this file",
        "21:3: found the unknown key 'comands' (did you mean 'commands'?); expected bridge with any of: ",
        "22:33: found the command 'fly', which motor does not answer; expected one of go, stop",
        "22:44: found 'pump' as the target of commands; expected a cell or nerve of this file",
        "23:25: found 0; expected max_regions: a whole number from 1 to 1000000",
        "23:39: found 'loud'; expected log_level: one of trace, debug, info",
    ]

    @Test("all mistakes are named at once, each with its place, by check and by up, which starts nothing")
    func careless() async throws {
        try await inFolder(Self.careless) { folder, file in
            let answer = try await check(folder, [file])
            #expect(answer.status == .exited(1))
            let found = answer.output.filter { $0.hasPrefix(file) }
            #expect(found.count == Self.mistakes.count + 1, "\(answer.text)")
            for (line, mistake) in zip(found, Self.mistakes) {
                #expect(line.hasPrefix("\(file):\(mistake)"), "\(line)")
            }
            let up = try await Tool.run(["up", file], folder: folder)
            #expect(up.status == .exited(78))
            let named = up.errors.filter { $0.hasPrefix(file) }
            #expect(named == found.dropLast(), "\(up.errors)")
            #expect(up.errors.last == "nimmer: 12 mistakes in \(file); nothing was started")
            #expect(!FileText.exists("\(folder)/.nimmer"))
        }
    }

    @Test("several files are checked one after the other; one that is wrong is enough for a status")
    func several() async throws {
        try await inFolder("cells: []\n") { folder, file in
            let other = "\(folder)/other.yaml"
            try FileText.write("nimmerverse: 1\nname: other\nthalamos: {}\n", to: other)
            let answer = try await check(folder, [file, other])
            #expect(answer.status == .exited(1))
            #expect(
                answer.output.first == "\(file): in order" && answer.output.last == "\(other): 1 problem",
                "\(answer.text)")
            #expect(try await check(folder, [file, other, "--dot", "\(folder)/x.dot"]).status == .exited(64))
            #expect(try await check(folder, [file]).status == .exited(0))
        }
    }

    @Test("a fixed window that does not hold two waves of a cell of its region is noted")
    func windows() throws {
        let text = """
            nimmerverse: 1
            name: p
            cells:
              - {name: slow, kind: v/v1, settings: {interval_ms: 60000, region: plant.x}}
              - {name: rows, kind: sensor/v1, settings: {file: a.csv, row_ms: 20000, region: plant.y}}
              - {name: pause, kind: sensor/v1, settings: {command: [a], row_ms: 20000, region: plant.y}}
              - {name: fast, kind: v/v1, settings: {interval_ms: 15000, region: plant.y}}
              - {name: free, kind: v/v1, settings: {interval_ms: 60000, region: other}}
            gates: {regions: {plant: {window_ms: 30000}}}
            thalamus: {regions: {plant: ["plant.>"]}}
            """
        let system = try SystemFile(parsing: Array(text.utf8), file: "p.yaml")
        let findings = WindowCheck().findings(in: CheckedSystem(system: system, manifests: [:]))
        #expect(findings.map(\.mark.line) == [4, 5])
        #expect(findings.allSatisfy { $0.weight == .note && $0.change == nil })
        #expect(
            findings.first?.text
                == "slow senses every 60000 ms, and the window of 'plant' is fixed at 30000 ms: it does not hold two of its waves"
        )
        #expect(findings.last?.remedy == "leave window_ms out, or set it to 40000 or more")
    }

    /// What the check of witnesses finds in a file, as `line: text`.
    private func witnesses(_ text: String, needs: [String: [String]] = [:]) throws -> [CheckFinding] {
        let system = try SystemFile(parsing: Array("nimmerverse: 1\nname: p\n\(text)".utf8), file: "p.yaml")
        var manifests: [String: ProgramAnswer] = [:]
        for (name, origins) in needs {
            let manifest = JSON.object(["kind": "v", "needs": ["origins": .array(origins.map { .string($0) })]])
            manifests[name] = .manifest(try ProgramManifest(manifest.text))
        }
        let findings = WitnessCheck().findings(in: CheckedSystem(system: system, manifests: manifests))
        #expect(findings.allSatisfy { $0.weight == .note && $0.check == "witnesses" && !$0.remedy.isEmpty })
        return findings
    }

    @Test("a region whose gate is a reflex is noted at its rule, or at its first cell")
    func reflexes() throws {
        let cells = "cells:\n  - {name: a, kind: v/v1, settings: {region: plant.x}}\n"
        let rules = "thalamus: {regions: {plant: [\"plant.>\"]}}\n"
        #expect(try witnesses(cells + rules).isEmpty)
        let own = try witnesses(cells + rules + "gates:\n  regions:\n    plant: {weight: 0.9, open_threshold: 0.7}\n")
        #expect(own.map(\.mark.line) == [8])
        #expect(
            own.first?.text
                == "one witness opens 'plant' alone, when it is 0.7 sure or more: its weight 0.9 is above its reflex_weight 0.8"
        )
        #expect(own.first?.remedy.includes("gates.regions.plant.weight") == true)
        let all = try witnesses(cells + rules + "gates: {defaults: {weight: 0.3, reflex_weight: 0.2}}\n")
        #expect(all.map(\.mark.line) == [4])
        #expect(all.first?.text.includes("0.4 sure or more") == true)
        #expect(all.first?.remedy.includes("gates.defaults.weight") == true)
    }

    @Test("a region whose trust is earned is noted unless it asks for two")
    func earnedTrust() throws {
        let cells = "cells:\n  - {name: a, kind: v/v1, settings: {region: plant}}\n"
        func found(_ gate: String) throws -> [String] {
            try witnesses(cells + "gates: {defaults: {trust: earned, \(gate)}}\n").map(\.text)
        }
        let once = "one witness opens 'plant' alone once outcomes have vouched for it"
        #expect(try found("floor: 0.2") == ["\(once), and an untried one that lasts for half the window once"])
        #expect(try found("hearing_ms: 15000") == ["\(once), and an untried one that lasts for 15 s once"])
        #expect(try found("hearing_ms: 0") == [once])
        #expect(try found("quorum: 2").allSatisfy { !$0.includes(once) })
    }

    @Test("settings of earned trust by which an untried voice opens alone are refused with their place")
    func untried() throws {
        func refusal(_ gate: String) -> String {
            let text = "nimmerverse: 1\nname: p\ngates:\n  defaults: {trust: earned, \(gate)}\n"
            do {
                _ = try SystemFile(parsing: Array(text.utf8), file: "p.yaml")
                return ""
            } catch { return "\(error)" }
        }
        #expect(refusal("weight: 0.5, reflex_weight: 0.7, open_threshold: 0.9").isEmpty)
        #expect(refusal("weight: 0.9, reflex_weight: 0.7").isEmpty, "a declared reflex")
        let found = refusal("weight: 0.5, reflex_weight: 0.7, open_threshold: 0.5")
        #expect(found.hasPrefix("p.yaml:4:"), "\(found)")
        #expect(found.contains("weight 0.5, reflex_weight 0.7, open_threshold 0.5 in gates.defaults"), "\(found)")
        #expect(refusal("window_ms: 1000, hearing_ms: 200000").contains("at most 100 windows, 100000 milliseconds"))
        #expect(refusal("floor: 0.2").isEmpty)
        let unknown = "nimmerverse: 1\nname: p\ngates: {defaults: {trust: lent}}\n"
        #expect(throws: SystemError.self) { try SystemFile(parsing: Array(unknown.utf8), file: "p.yaml") }
    }

    @Test("a cell that may speak as several origins is noted; one that speaks as one only is not")
    func loneCells() throws {
        func cell(_ origins: String, _ settings: String = "region: house") -> String {
            "cells:\n  - {name: a, kind: v/v1, origins: [\(origins)], settings: {\(settings)}}\n"
        }
        let star = try witnesses(cell("\"vm-*\""))
        #expect(star.map(\.mark.line) == [4, 4])
        #expect(
            star.first?.text
                == "a may speak as many origins as it likes (\"vm-*\") in 'house': two of them that agree open it without any other cell",
            "\(star.map(\.text))")
        let two = try witnesses(cell("x, y"), needs: ["a": ["x", "y"]])
        #expect(
            two.map(\.text) == [
                "a may speak as 2 origins (x, y) in 'house': two of them that agree open it without any other cell"
            ])
        #expect(try witnesses(cell("x")).count == 1, "its own name, and x")
        #expect(try witnesses(cell("x", "region: house, origin: x")).isEmpty)
        #expect(try witnesses(cell("x"), needs: ["a": ["x"]]).isEmpty)
        #expect(try witnesses(cell("\"vm-*\""), needs: ["a": []]).isEmpty)
    }

    @Test("weak witnesses that add up are counted as the gate counts them")
    func weakWitnesses() throws {
        func cells(_ count: Int, _ region: String = "house.r") -> String {
            "cells:\n"
                + (1...count).map { "  - {name: c\($0), kind: v/v1, settings: {region: \(region)\($0)}}\n" }.joined()
                + "thalamus: {regions: {house: [\"house.>\"]}}\n"
        }
        #expect(try witnesses(cells(3)).isEmpty, "all three must agree")
        let eight = try witnesses(cells(8))
        #expect(eight.map(\.mark.line) == [4])
        #expect(
            eight.first?.text
                == "'house' opens when 3 of its 8 origins are each just 0.3 sure within its window: weak witnesses add up to its open_threshold of 0.4"
        )
        #expect(try witnesses(cells(8, "other.r")).isEmpty, "each in a region of its own")
        #expect(try witnesses(cells(8) + "gates: {regions: {house: {floor: 0.6}}}\n").isEmpty)
        let floor = try witnesses(cells(8) + "gates: {regions: {house: {floor: 0.4, open_threshold: 1}}}\n")
        #expect(floor.map(\.mark.line) == [13])
        #expect(floor.first?.text.includes("0.4 sure") == true)
    }

    @Test("an MQTT topic is shown with its subject, and one that has none is a problem")
    func topics() throws {
        let text = """
            nimmerverse: 1
            name: p
            cells:
              - {name: a, kind: sensor/v1, settings: {subject: tele/hot.1/SENSOR}}
              - name: b
                kind: multivariate/v1
                settings:
                  subjects:
                    - plain.subject
                    - a//b
              - {name: c, command: [c], subjects: {subscribe: ["x/y#"], publish: [x.y]}}
            """
        let system = try SystemFile(parsing: Array(text.utf8), file: "p.yaml")
        let findings = TopicCheck().findings(in: CheckedSystem(system: system, manifests: [:]))
        #expect(findings.map(\.mark.line) == [4, 10, 11])
        #expect(findings.map(\.weight) == [.note, .note, .problem])
        #expect(
            findings.prefix(2).map(\.text) == [
                "a: the MQTT topic 'tele/hot.1/SENSOR' is the subject tele.hot//1.SENSOR",
                "b: the MQTT topic 'a//b' is the subject a./.b",
            ])
    }

    @Test(
        "what a program printed instead of a manifest is named",
        arguments: [
            ("", "it printed nothing"), ("\n ", "it printed nothing"), ("hello", "it printed 'hello': not JSON"),
            (#"{"a": 1}"#, #"it printed '{"a": 1}', which names no kind"#),
            (#"{"kind": "v", "needs": {"origins": ["a b"]}}"#, "it needs the origin 'a b', which cannot be granted"),
        ])
    func manifests(_ text: String, _ words: String) {
        let refusal = #expect(throws: Refusal.self) { try ProgramManifest(text) }
        #expect(refusal?.message == words)
    }

    @Test("what the file has narrowed, or granted wider, is granted; another cell's name only where it is written out")
    func covering() throws {
        func findings(_ granted: String, needs: [String], other: String = "other") throws -> [CheckFinding] {
            let text =
                "nimmerverse: 1\nname: p\ncells:\n  - {name: a, kind: v/v1, origins: [\(granted)]}\n  - {name: \(other), kind: v/v1}\n"
            let system = try SystemFile(parsing: Array(text.utf8), file: "p.yaml")
            let manifest = try ProgramManifest(
                JSON.object(["kind": "v", "needs": ["origins": .array(needs.map { .string($0) })]]).text)
            return OriginCheck().findings(in: CheckedSystem(system: system, manifests: ["a": .manifest(manifest)]))
        }
        #expect(try findings("\"*-cpu\"", needs: ["*-cpu"]).isEmpty)
        #expect(try findings("web-1-cpu", needs: ["*-cpu"]).isEmpty)
        #expect(try findings("\"*\"", needs: ["a-*", "shared"]).isEmpty)
        #expect(
            try findings("\"b-*\"", needs: ["a-*"]).map(\.change) == [
                .grant([try #require(OriginPattern("a-*"))], to: "a")
            ])
        #expect(try findings("\"o*\"", needs: ["other"]).count == 1)
        #expect(try findings("other", needs: ["other"]).isEmpty)
    }
}
