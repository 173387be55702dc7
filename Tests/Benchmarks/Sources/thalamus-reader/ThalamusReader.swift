import Glibc
import NimmerBus
import NimmerBusNATS
import NimmerSystem
import NimmerSystemFile
import NimmerThalamus
import NimmerWave
import Synchronization

/// usage: thalamus-reader COUNT URL SUBJECT: the thalamus on the bus, exactly as its process has it, until COUNT waves have
/// been judged; prints the rate between the first and the last, as limit_sub does.
@main enum ThalamusReader {
    struct State {
        var thalamus = Thalamus(ThalamusReader.configuration)
        var seen = 0
        var first = 0.0
        var last = 0.0
    }

    /// One cell that is granted the origins which its waves name.
    static let configuration: ThalamusConfiguration = {
        let text = "nimmerverse: 1\nname: bench\ncells:\n  - {name: math, command: [math], origins: [\"o*\"]}\n"
        guard let system = try? SystemFile(parsing: Array(text.utf8), file: "bench.yaml"),
            let configuration = try? ThalamusConfiguration(system, environment: .dev)
        else { preconditionFailure("the system file of the benchmark is invalid") }
        return configuration
    }()

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let wanted = Int(arguments[1]) else {
            print("usage: thalamus-reader COUNT URL SUBJECT")
            exit(2)
        }
        let bus = try await NATS.connector(BusSettings(url: arguments[2], name: "thalamus-reader"))
        let state = Mutex(State())
        let (done, finish) = AsyncStream.makeStream(of: Void.self)
        let subscription = try await bus.subscribe(try SubjectPattern(arguments[3])) { subject, payload, arrival in
            let isDone = state.withLock { state in
                if state.seen == 0 { state.first = now() }
                _ = try? state.thalamus.receive(subject: subject, payload: payload, arrival: arrival.at)
                if !state.thalamus.conclusions.isEmpty { state.thalamus.conclusions.removeAll(keepingCapacity: true) }
                state.seen += 1
                if state.seen == wanted { state.last = now() }
                return state.seen == wanted
            }
            if isDone { finish.yield() }
        }
        print("ready")
        fflush(nil)
        for await _ in done { break }
        let rate = state.withLock { Double(wanted) / ($0.last - $0.first) }
        print("thalamus \(Int(rate)) messages/s lost \(subscription.lost)")
        await bus.close()
    }

    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
