import Logging
import NimmerBus
import NimmerIris
import NimmerSystem
import NimmerWave

/// Models that a process embeds with where its system file has `iris`: the organ over the bus, the table's file, and what both report.
///
/// A table or an organ that is not there degrades it visibly, and ends no process (spec/iris.md, Which model answers).
package struct ProcessEmbeddings: Sendable {
    /// The organ, then the table.
    package let chain: EmbeddingChain
    /// The table in the process; nil: there is none.
    package let table: EmbeddingTable?
    /// File of the table; nil: there is none.
    package let tablePath: String?
    private let process: ServiceProcess
    private let organ: String?

    /// Time for which an organ is waited for that has to load its model.
    private static let loadTime = Duration.seconds(120)
    /// Time between looks at an organ that does not answer.
    private static let pause = Duration.seconds(10)

    /// The embeddings of a process, in its STATS and metrics from then on; nil where its system file has no `iris`.
    package init?(_ process: ServiceProcess) {
        guard let iris = process.system?.iris else { return nil }
        self.process = process
        organ = iris.organ
        tablePath = EmbeddingTable.locate(executable: "/proc/self/exe", environment: ProcessVariable.current())
        var found: EmbeddingTable?
        if let tablePath {
            do { found = try EmbeddingTable(path: tablePath) } catch {
                process.logger.warning("The table of meanings cannot be read", metadata: ["reason": "\(error)"])
            }
        } else {
            process.logger.warning(
                "There is no table of meanings beside the program",
                metadata: ["expected": "\(EmbeddingTable.fileName)", "variable": "NIMMERVERSE_IRIS_TABLE"])
        }
        table = found
        var connection: EmbeddingChain.Connection?
        if let name = iris.organ.flatMap({ try? Token($0) }) { connection = Self.connection(to: name, process) }
        let chain = EmbeddingChain(table: found, organ: connection, organTime: .milliseconds(iris.deadlineMS))
        self.chain = chain
        process.answers.report(part: "iris") { chain.status.json }
        process.metrics.collect { page in Self.measure(chain.status, into: &page) }
    }

    /// Another chain of the same models, for questions of another size.
    ///
    /// - Parameter organTime: the time that the organ may take over one question.
    package func chain(organTime: Duration) -> EmbeddingChain {
        let connection = organ.flatMap { try? Token($0) }.map { Self.connection(to: $0, process) }
        return EmbeddingChain(table: table, organ: connection, organTime: organTime)
    }

    private static func connection(to organ: Token, _ process: ServiceProcess) -> EmbeddingChain.Connection {
        { (deadline: ContinuousClock.Instant) async throws(EmbeddingError) -> any Embedder in
            try await OrganEmbedder.connect(
                organ, in: process.environment, by: process.requests, from: process.source, deadline: deadline)
        }
    }

    /// Connects to the organ, and looks whether one that failed answers again, until the task is cancelled. Without an organ it returns.
    package func run() async {
        guard let organ else { return }
        var isReady: Bool?
        while !Task.isCancelled {
            do throws(EmbeddingError) {
                try await chain.prepare(deadline: .now + Self.loadTime)
                if isReady != true {
                    process.logger.info(
                        "The organ embeds", metadata: ["organ": "\(organ)", "model": "\(chain.model?.name ?? "")"])
                }
                isReady = true
            } catch {
                if isReady != false, !Task.isCancelled {
                    process.logger.warning(
                        "The organ does not embed: the table answers",
                        metadata: ["organ": "\(organ)", "reason": "\(error)"])
                }
                isReady = false
            }
            guard (try? await Task.sleep(for: Self.pause)) != nil else { return }
        }
    }

    private static func measure(_ status: EmbeddingChainStatus, into page: inout MetricsPage) {
        for (name, link) in [("organ", status.organ), ("table", status.table)] {
            guard let link else { continue }
            let help = "Questions for embeddings, by link of the chain."
            page.counter(
                "nimmer_iris_questions_total", help, link.answered, ["link": name, "outcome": "answered"])
            page.counter("nimmer_iris_questions_total", help, link.failed, ["link": name, "outcome": "failed"])
            page.counter("nimmer_iris_texts_total", "Texts that were embedded.", link.texts, ["link": name])
        }
        page.counter(
            "nimmer_iris_degraded_total", "Questions that the table answered in place of the organ.", status.degraded)
        page.counter("nimmer_iris_unanswered_total", "Questions without an embedding.", status.unanswered)
    }
}
