import Glibc
import NimmerBus
import NimmerPlatform
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerProcess

private let manifest = Manifest(
    name: "gauge", version: "1.2.3", summary: "Reads a gauge.", domain: "climate", costs: ["wave": 0.5], interval: 1000,
    commands: [("read", "Reads at once.")])

private struct Options: ProcessOptions {
    let alarm = Setting.number("alarm", 70, in: 1...100, unit: "%", "Humidity that is too much.")
    let subject = Setting.text("subject", "Where the device speaks.")
    let invert = Setting.flag("invert", false, "Turns the scale around.")
    let mode = Setting.choice("mode", "level", of: ["level", "change"], "What it looks at.")
    let columns = Setting.list("columns", ["a"], "What it reads.")
    let moves = Setting.table("moves", "What it may run.")
}

extension Configuration {
    fileprivate var own: Settings<Options> { Settings(settings) }
}

@Suite("Configuration")
struct ConfigurationTests {
    private func configuration(
        _ arguments: [String] = [], _ variables: [String: String] = [:], file: String? = nil
    ) throws(ProcessFailure) -> Configuration {
        var system: SystemFile?
        if let file {
            do throws(SystemError) {
                system = try SystemFile(parsing: Array(("nimmerverse: 1\nname: s\n" + file).utf8), file: "s.yaml")
            } catch { throw ProcessFailure(error) }
        }
        let declared = try DeclaredSettings(manifest, Options.self, role: .cell)
        let launch = try Launch(arguments, settings: declared.all)
        return try Configuration(
            manifest, declared, role: .cell, launch: launch, variables: variables, reading: YAML.reader, system: system)
    }

    private func failure(
        _ arguments: [String] = [], _ variables: [String: String] = [:], file: String? = nil
    ) -> ProcessFailure? {
        do throws(ProcessFailure) { _ = try configuration(arguments, variables, file: file) } catch { return error }
        return nil
    }

    @Test(
        "a password file with a byte order mark is read without it; one that gives nothing is refused, unless a variable does"
    )
    func passwordFiles() throws {
        var template = Array("/tmp/nimmer-secret-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        #expect(SmallFile.put("\u{feff}hush hush\r\n", to: descriptor))
        close(descriptor)
        let cells = "cells: [{name: gauge, kind: gauge/v1}]\n"
        let file = cells + "nats: {user: u, password_file: \(path)}\n"
        #expect(try configuration(file: file).bus.credentials == .password(user: "u", password: "hush hush"))
        #expect(
            try configuration(file: cells + "nats: {token_file: \(path)}\n").bus.credentials == .token("hush hush"))
        let missing = cells + "nats: {user: u, password_file: /nowhere/password}\n"
        let refused = #expect(throws: ProcessFailure.self) { try configuration(file: missing).requireSecrets() }
        #expect(refused?.status == .configuration && refused?.message.contains("/nowhere/password") == true)
        let variables = ["NIMMERVERSE_NATS_PASSWORD": "from a variable"]
        try configuration([], variables, file: missing).requireSecrets()
    }

    @Test("later layers win: defaults, system file, variables, flags")
    func layers() throws {
        let file = "cells:\n  - {name: gauge, kind: gauge/v1, settings: {alarm: 71}}\n"
        #expect(try configuration().own.alarm == 70)
        #expect(try configuration(file: file).own.alarm == 71)
        let variables = ["NIMMER_GAUGE_ALARM": "72"]
        #expect(try configuration([], variables, file: file).own.alarm == 72)
        let all = try configuration(["--alarm", "73"], variables, file: file)
        #expect(all.own.alarm == 73)
        #expect(all.settings.layer("alarm") == .flag)
        #expect(all.settings.layer("mode") == .standard)
    }

    @Test("every type can be set by a flag, a variable and the file")
    func types() throws {
        let made = try configuration(
            ["--invert", "--mode=change", "--columns", "x, y", "--moves", "{go: [run, fast], stop: halt}"],
            ["NIMMER_GAUGE_SUBJECT": "devices.a"])
        #expect(made.own.invert)
        #expect(made.own.mode == "change")
        #expect(made.own.columns == ["x", "y"])
        #expect(made.own.moves.map(\.name) == ["go", "stop"])
        #expect(made.own.moves[0].values == ["run", "fast"])
        #expect(made.own.subject == "devices.a")
        #expect(try !configuration(["--no-invert"]).own.invert)
        let file =
            "cells:\n  - name: gauge\n    kind: gauge/v1\n    settings:\n      moves: {go: [run]}\n      columns: [q]\n"
        #expect(try configuration(file: file).own.columns == ["q"])
        #expect(try configuration(file: file).own.moves.first?.values == ["run"])
    }

    @Test(
        "what nobody reads is refused, with what was meant",
        arguments: [
            (["--alrm", "1"], "unknown flag '--alrm'; did you mean --alarm?"),
            (["--alarm", "101"], "found '101'; expected a number from 1 to 100 %"),
            (["--alarm"], "the flag '--alarm' needs a value"),
            (["--mode", "both"], "found 'both'; expected one of level, change"),
            (["alarm"], "unexpected argument 'alarm'"),
            (["--name", "Gauge"], "the name 'Gauge' is not valid"),
        ])
    func refusedFlags(_ arguments: [String], _ expected: String) {
        let refused = failure(arguments)
        #expect(refused?.status == .usage)
        #expect(refused?.message.contains(expected) == true, "\(refused?.message ?? "accepted")")
    }

    @Test("an unknown variable of the cell is refused; one of a longer-named cell is not its own")
    func refusedVariables() {
        #expect(
            failure([], ["NIMMER_GAUGE_ALRM": "1"])?.message
                == "the variable NIMMER_GAUGE_ALRM sets nothing that gauge knows; did you mean NIMMER_GAUGE_ALARM?")
        let file = "cells:\n  - {name: gauge, kind: gauge/v1}\n  - {name: gauge-2, kind: gauge/v1}\n"
        #expect(failure([], ["NIMMER_GAUGE_2_ALARM": "1"], file: file) == nil)
        #expect(failure([], ["NIMMER_GAUGE_2_ALARM": "1"]) != nil)
        #expect((try? configuration([], ["NIMMERVERSE_TYPO": "1"]))?.unknownVariables == ["NIMMERVERSE_TYPO"])
    }

    @Test("the system file's settings are refused with their place")
    func refusedFile() {
        let head = "cells:\n  - {name: gauge, kind: gauge/v1, settings: "
        let wrong = failure(file: head + "{alarm: high}}\n")
        #expect(wrong?.status == .configuration)
        #expect(wrong?.message == "s.yaml:4:53: found 'high'; expected alarm: a number from 1 to 100 %")
        #expect(
            failure(file: head + "{alrm: 1}}\n")?.message.contains("4:46: found the unknown setting 'alrm'") == true)
        #expect(
            failure(["--name", "gague"], file: head + "{}}\n")?.message.contains("did you mean 'gauge'?") == true)
    }

    @Test("a name of another kind is refused")
    func otherKind() {
        let refused = failure(file: "cells:\n  - {name: gauge, kind: sensor/v1}\n")
        #expect(
            refused?.message
                == "s.yaml:4:5: found 'gauge' of the kind sensor/v1; expected the kind gauge, which is what this program is"
        )
    }

    @Test("a wrong environment is refused with the three valid names")
    func environment() throws {
        let refused = failure([], ["NIMMERVERSE_ENV": "production"])
        #expect(refused?.status == .usage)
        for name in ["dev", "staging", "prod"] { #expect(refused?.message.contains(name) == true) }
        #expect(try configuration([], ["NIMMERVERSE_ENV": "staging"]).environment == .staging)
        #expect(try configuration([], ["NIMMERVERSE_ENV": ""]).environment == .dev)
    }

    @Test("the server: default, system file, variable, flag; credentials never from a flag")
    func server() throws {
        #expect(try configuration().bus.url == "nats://127.0.0.1:4222")
        let file = "nats: {url: 'nats://a:1'}\ncells: [{name: gauge, kind: gauge/v1}]\n"
        #expect(try configuration(file: file).bus.url == "nats://a:1")
        let variables = [
            "NIMMERVERSE_NATS_URL": "nats://b:2", "NIMMERVERSE_NATS_USER": "u", "NIMMERVERSE_NATS_PASSWORD": "p",
        ]
        let made = try configuration([], variables, file: file)
        #expect(made.bus.url == "nats://b:2")
        #expect(made.bus.credentials == .password(user: "u", password: "p"))
        #expect(try configuration(["--nats", "nats://c:3"], variables, file: file).bus.url == "nats://c:3")
        #expect(made.bus.waitsForServer)
        #expect(try !configuration(["--connect", "fail"]).bus.waitsForServer)
    }

    @Test("an address is shown without its credentials")
    func shown() {
        let settings = BusSettings(url: "nats://me:secret@a:1,tls://b:2,c", name: "x")
        #expect(settings.shownURL == "nats://a:1,tls://b:2,c")
    }

    @Test("help names every setting with its default, and every variable")
    func help() throws {
        let declared = try DeclaredSettings(manifest, Options.self, role: .cell)
        let help = manifest.help(declared, role: .cell, program: "gauge-cell")
        for setting in declared.all { #expect(help.contains(setting.flagName)) }
        for variable in ProcessVariable.all { #expect(help.contains(variable.name)) }
        #expect(help.contains("Default: 70 %"))
        #expect(help.contains("read"))
        #expect(!help.contains("\t"))
    }

    @Test("the refusal of a missing setting names how to set it")
    func required() {
        struct Strict: ProcessOptions {
            let subject = Setting.requiredText("subject", "What it hears.")
        }
        let strict = Manifest(name: "ear", version: "1.0.0", summary: "Hears.")
        do throws(ProcessFailure) {
            let declared = try DeclaredSettings(strict, Strict.self, role: .cell)
            _ = try Configuration(strict, declared, role: .cell, launch: Launch(), variables: [:], reading: YAML.reader)
            Issue.record("a missing setting was accepted")
        } catch {
            #expect(error.status == .configuration)
            #expect(error.message.contains("--subject"))
            #expect(error.message.contains("NIMMER_EAR_SUBJECT"))
        }
    }
}
