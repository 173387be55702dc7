import NimmerIris
import NimmerMemory
import NimmerProcess
import NimmerWave

/// Status of memory by meaning: counted since the start, shown in the hippocampus's `$SRV.STATS` under `meaning`.
package struct MeaningStatus: Sendable, Hashable {
    /// Reason why nothing is embedded for now.
    package enum Trouble: String, Sendable, Hashable, CaseIterable {
        /// No model answers.
        case model
        /// The model answered too late.
        case late
        /// Its vectors have another number of components than it states.
        case dimensions
        /// The store does not answer, or refuses.
        case store
    }

    /// Items that are new.
    package var kept = 0
    /// Items that were there already.
    package var known = 0
    /// Near duplicates, counted and not kept.
    package var duplicates = 0
    /// Rows of which nothing can be remembered: their trail is gone.
    package var empty = 0
    /// Texts without an embedding: not finite, or of no known word.
    package var unembeddable = 0
    /// Items that the store cannot keep.
    package var refused = 0
    /// Rows that wait to be embedded.
    package var waiting = 0
    /// Rows that were dropped, since too many waited.
    package var dropped = 0
    /// Summaries of days that are new.
    package var summaries = 0
    /// Summaries that an organ wrote.
    package var written = 0
    /// Summaries that were extracted although an organ should have written them, by the reason.
    package var extracted: [SummaryMaking.Failure: Int] = [:]
    /// Searches and recalls that were answered.
    package var answered = 0
    /// Those that were not answered in their time.
    package var late = 0
    /// Those that were refused or failed.
    package var failed = 0
    /// The model in use; nil before the first.
    package var model: EmbeddingModel?
    /// Reason why nothing is embedded for now; nil while it works.
    package var trouble: Trouble?
    /// The reason for a person; empty while it works.
    package var reason = ""

    /// Nothing yet.
    package init() {}

    /// Line of `nimmer status` among the degraded; nil while it works.
    package var degraded: String? {
        guard trouble != nil else { return nil }
        return "nothing is remembered by meaning for now, \(waiting) wait: \(reason)"
    }

    /// The status for `$SRV.STATS`.
    package var json: JSON {
        [
            "kept": .number(Double(kept)), "known": .number(Double(known)), "duplicates": .number(Double(duplicates)),
            "empty": .number(Double(empty)), "unembeddable": .number(Double(unembeddable)),
            "refused": .number(Double(refused)), "waiting": .number(Double(waiting)),
            "dropped": .number(Double(dropped)),
            "summaries": .number(Double(summaries)), "summaries_written": .number(Double(written)),
            "summaries_extracted": .object(extractedJSON), "answered": .number(Double(answered)),
            "late": .number(Double(late)), "failed": .number(Double(failed)),
            "model": model.map { .string($0.name) } ?? .null,
            "trouble": trouble.map { .string($0.rawValue) } ?? .null, "reason": .string(reason),
        ]
    }

    private var extractedJSON: JSONObject {
        var object: JSONObject = [:]
        for reason in SummaryMaking.Failure.allCases {
            if let number = extracted[reason] { object[reason.rawValue] = .number(Double(number)) }
        }
        return object
    }

    /// Writes the metrics of memory by meaning for `/metrics`.
    package func measure(into page: inout MetricsPage) {
        page.counter("nimmer_meanings_kept_total", "Items that are new in memory by meaning.", kept)
        page.counter("nimmer_meanings_known_total", "Items that were there already.", known)
        page.counter("nimmer_meanings_duplicates_total", "Near duplicates, counted and not kept.", duplicates)
        page.counter("nimmer_meanings_unembeddable_total", "Texts that the model gives no embedding.", unembeddable)
        page.counter("nimmer_meanings_refused_total", "Items that the store cannot keep.", refused)
        page.counter("nimmer_meanings_dropped_total", "Rows dropped, since too many waited.", dropped)
        page.counter("nimmer_summaries_written_total", "Summaries of days that an organ wrote.", written)
        for reason in SummaryMaking.Failure.allCases {
            page.counter(
                "nimmer_summaries_extracted_total", "Summaries that were extracted instead of written.",
                extracted[reason] ?? 0, ["reason": reason.rawValue])
        }
        page.counter("nimmer_meanings_answers_total", "Searches and recalls that were answered.", answered)
        page.counter("nimmer_meanings_late_total", "Searches and recalls without an answer in their time.", late)
        page.counter("nimmer_meanings_failed_total", "Searches and recalls that were refused or failed.", failed)
        page.gauge("nimmer_meanings_waiting", "Rows that wait to be embedded.", waiting)
        page.gauge("nimmer_meanings_available", "Whether rows are embedded now.", trouble == nil ? 1 : 0)
        if let trouble {
            page.gauge(
                "nimmer_meanings_trouble", "Why no row is embedded, while none is.", 1, ["reason": trouble.rawValue])
        }
    }
}

/// Reason why memory by meaning cannot answer or embed.
struct MeaningFailure: Error, Hashable, CustomStringConvertible {
    /// Kind of reason.
    var trouble: MeaningStatus.Trouble
    /// The reason for a person.
    var description: String

    /// A reason of a kind.
    init(_ trouble: MeaningStatus.Trouble, _ description: String) {
        self.trouble = trouble
        self.description = description
    }

    /// A failure of the store.
    init(_ error: MemoryError) { self.init(.store, error.description) }

    /// A failure of the model.
    init(_ error: EmbeddingError) {
        switch error {
        case .unavailable(let reason): self.init(.model, "no model answers: \(reason)")
        case .timedOut: self.init(.late, "the model did not answer in time")
        case .wrongDimensions(let found, let expected):
            self.init(.dimensions, "the model's vector has \(found) components, expected \(expected)")
        case .notFinite: self.init(.model, "the model's vector has a component that is not finite, or no length")
        case .unknownText: self.init(.model, "the model knows no word of the text")
        }
    }
}
