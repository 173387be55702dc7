import Logging
import NimmerBus
import NimmerBusNATS
import NimmerHippocampus
import NimmerMemory
import NimmerMemoryPostgres
import NimmerPlatform
import NimmerProcess
import NimmerSystem
import NimmerSystemFile
import NimmerWave

/// The hippocampus as a process: moves what the streams hold into PostgreSQL until it is asked to stop.
@main
enum Main {
    static func main() async {
        await ServiceProcess.main(
            .hippocampus, HippocampusOptions.self, on: NATS.connector, reading: YAML.reader,
            examine: { configuration, settings in
                try await examine(
                    HippocampusStart(
                        settings, system: configuration.system, environment: configuration.environment,
                        variables: ProcessVariable.current()))
            }
        ) { process, settings in
            let start = HippocampusStart(
                settings, system: process.system, environment: process.environment,
                variables: ProcessVariable.current())
            let store = PostgresStore(start.database)
            let trouble = try await open(store, process.logger)
            let rejects = RejectLimiter(process)
            let suspects = CrashSuspectTracker(process)
            let logger = process.logger
            process.metrics.describe("nimmer_batch_rows", "Rows in a commit.")
            process.metrics.describe("nimmer_commit_seconds", "How long a commit took, in seconds.")
            let meaning = try MeaningStart(process, start.database)
            let keeper = meaning?.keeper
            let hippocampus = Hippocampus(
                bus: process.bus, store: store, environment: process.environment, limits: start.limits,
                reject: { rejects.reject($0, $1) }, notify: { $0.log(to: logger) },
                metrics: process.metrics, suspects: suspects,
                earnings: process.system?.lifeforce ?? LifeforceSettings(), committed: { keeper?.committed() })
            let requests = MemoryRequests(process, rejects, meaning?.search)
            process.answers.report {
                var statistics = ServiceResponder.Statistics()
                let status = hippocampus.status
                statistics.requests = status.stored + status.known
                statistics.errors = status.setAside + status.rejected
                statistics.lastError = status.trouble?.description ?? ""
                var data = status.json.object ?? [:]
                data["suspects"] = .number(Double(suspects.suspected))
                data["meaning"] = keeper?.status.json ?? .null
                data["degraded"] = keeper?.status.degraded.map { .string($0) }
                data["messages_set_aside"] = .number(Double(suspects.setAside))
                statistics.data = .object(data)
                return statistics
            }
            process.metrics.collect { page in
                hippocampus.status.measure(into: &page)
                keeper?.status.measure(into: &page)
                page.counter(
                    "nimmer_set_aside_total", "Messages set aside, since the process ended by them.", suspects.setAside)
            }
            process.health.check("database") { hippocampus.status.trouble?.description }
            process.health.check("streams") {
                let read = hippocampus.status.lag
                let missing = hippocampus.streams.filter { read[$0] == nil }
                return missing.isEmpty ? nil : "not read yet: " + missing.joined(separator: ", ")
            }
            let bounds = process.system?.artifacts ?? .usual
            let intake = ArtifactIntake(bus: process.bus, environment: process.environment, logger: logger) {
                [bus = process.bus, environment = process.environment] () async throws(ArtifactError) in
                try await StreamArtifactStore.open(environment, bounds: bounds, on: bus)
            }
            process.metrics.collect { page in
                page.counter(
                    "nimmer_artifact_pieces_refused_total", "Pieces of artifacts that were too many at once.",
                    intake.refused)
            }
            process.health.started()
            // Not children of the run: a store or a model that hangs cannot delay a stop.
            let tasks = TaskOwner()
            tasks.run { await answer(requests, logger) }
            tasks.run { await intake.run() }
            tasks.run { await meaning?.embeddings.run() }
            tasks.run { [environment = process.environment] in
                if let keeper { await keeper.run() } else { await MeaningKeeper.stop(store, environment) }
            }
            await hippocampus.run(until: { await process.untilStopped() }, trouble: trouble)
            tasks.cancelAll()
        }
    }

    /// Answers what is asked until the task is cancelled; a server that lets it take no requests keeps nothing from being stored.
    private static func answer(_ requests: MemoryRequests, _ logger: Logger) async {
        var hasNotified = false
        while !Task.isCancelled {
            do throws(BusError) {
                let responder = try await requests.serve()
                await requests.run()
                return responder.cancel()
            } catch {
                if !hasNotified { logger.warning("Taking no requests yet", metadata: ["reason": "\(error)"]) }
                hasNotified = true
                try? await Task.sleep(for: .seconds(5))
            }
        }
    }

    /// Connects for `--check`, and compares the schema.
    private static func examine(_ start: HippocampusStart) async throws -> [String] {
        let store = PostgresStore(start.database)
        do throws(MemoryError) {
            try await store.open()
            await store.close()
        } catch {
            throw ProcessFailure(error.stopsTheStart ? .configuration : .unavailable, error.description)
        }
        return ["database: \(start.database), it answers and has this program's schema"]
    }

    /// Checks the schema; a server that does not answer yet is waited for, a wrong schema stops the start.
    private static func open(_ store: PostgresStore, _ logger: Logger) async throws -> MemoryError? {
        do throws(MemoryError) {
            try await store.open()
            logger.info("Storing messages", metadata: ["database": "\(store.settings)"])
            return nil
        } catch {
            if error.stopsTheStart { throw ProcessFailure(.configuration, error.description) }
            logger.warning("No database yet, messages wait in their streams", metadata: ["reason": "\(error)"])
            return error
        }
    }
}

extension Hippocampus.Notice {
    /// A one-line description.
    func log(to logger: Logger) {
        switch self {
        case .lost(let error):
            logger.warning("Lost the database, messages wait in their streams", metadata: ["reason": "\(error)"])
        case .recovered: logger.info("The database is back")
        case .setAside(let count, let reason):
            logger.warning("Set messages aside", metadata: ["messages": "\(count)", "reason": "\(reason)"])
        case .waitingForStream(let error):
            logger.warning("A stream cannot be read yet", metadata: ["reason": "\(error)"])
        }
    }
}
