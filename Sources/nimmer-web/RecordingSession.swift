import NimmerOutput
import NimmerPage
import NimmerPlatform
import NimmerProcess
import NimmerScope
import NimmerScopeSession
import NimmerWave
import UnixSignals

/// Serves the page of a recording, which is played: no server is needed. `nimmer web --from FILE` starts it.
enum RecordingSession {
    /// The recording that the flag `--recording` names; nil without it.
    static var file: String? { value(of: "--recording") }

    private static func value(of flag: String) -> String? {
        let words = ProcessArguments.all
        guard let place = words.firstIndex(of: flag), words.indices.contains(place + 1) else { return nil }
        return words[place + 1]
    }

    static func main(_ file: String) async {
        do {
            try await run(file)
            ProcessEnd.exit(0)
        } catch let failure as Failure {
            fail(failure.printed.text, failure.status.rawValue)
        } catch let error as PageError {
            fail("nimmer: \(error.description.visible())", error.status >= 500 ? 69 : 64)
        } catch {
            fail("nimmer: \("\(error)".visible())", 70)
        }
    }

    private static func fail(_ text: String, _ status: Int32) -> Never {
        toStandardError(Array("\(text)\n".utf8))
        ProcessEnd.exit(status)
    }

    private static func run(_ file: String) async throws {
        let variables = ProcessVariable.current()
        let named = variables[Environment.variable] ?? ""
        let environment = named.isEmpty ? Environment.dev : try Environment(validating: named)
        var settings = PageSettings()
        settings.listen = try ListenAddress(value(of: "--listen") ?? "127.0.0.1:0")
        settings.linkRole = .observer
        try settings.validate()
        let speed = try number(value(of: "--speed")) ?? 1
        let scope = ScopeSettings(environment: environment, source: .recording(file))
        let playing = try RecordingPlayback(file, scope, speed: speed, at: value(of: "--at"))
        let model = playing.model
        let decisions = PageDecisions(model, bus: nil, store: nil)
        let history = History(model, scope, bus: nil, store: nil)
        let listener = try PageListener(settings)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
                for await _ in signals { break }
            }
            group.addTask { try await playing.run() }
            group.addTask { [settings] in
                try await playing.untilBegun()
                try await listener.run(
                    model: model, decisions: decisions, history: history, control: { playing.take($0) }
                ) { server, address in Announcement.print(server, settings, address) }
            }
            defer { group.cancelAll() }
            do { try await group.next() } catch {
                await listener.stop()
                throw error
            }
        }
        await listener.stop()
    }

    private static func number(_ text: String?) throws(PageError) -> Double? {
        guard let text else { return nil }
        guard let number = Double(text), number > 0, number <= 1e12 else {
            throw PageError("--speed must be above 0; found \(text.visible(limit: 40))")
        }
        return number
    }
}
