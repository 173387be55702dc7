import NimmerWave

/// Retention of rows, in days (memory.md: retention is by partition and configured).
public struct RetentionPolicy: Sendable, Hashable {
    /// Transitions: a month goes when all of it is older; nil keeps all.
    public var transitionDays: Int?
    /// Correlation events; nil keeps all.
    public var correlationDays: Int?
    /// Rejected messages; nil keeps all.
    public var rejectedDays: Int?
    /// Memories by meaning, but not summaries; nil keeps all.
    public var meaningDays: Int?

    /// A policy; by default everything that was decided is kept, correlation events 90 days, rejected messages 30.
    ///
    /// Collapses, requests, responses and verifications are the audit trail: a policy does not touch them.
    public init(
        transitionDays: Int? = nil, correlationDays: Int? = 90, rejectedDays: Int? = 30, meaningDays: Int? = nil
    ) {
        self.transitionDays = transitionDays.map { max(0, $0) }
        self.correlationDays = correlationDays.map { max(0, $0) }
        self.rejectedDays = rejectedDays.map { max(0, $0) }
        self.meaningDays = meaningDays.map { max(0, $0) }
    }
}

/// Plan of `nimmer db prune`; showing it changes nothing.
public struct PrunePlan: Sendable, Hashable {
    /// One thing to drop.
    public struct Step: Sendable, Hashable {
        /// Kind of removal.
        public enum Kind: String, Sendable, Hashable {
            /// A whole partition is dropped: at once, whatever its size.
            case partition
            /// Rows of a table are deleted.
            case rows
        }

        /// Kind of removal.
        public var kind: Kind
        /// The partition or table.
        public var table: String
        /// Rows, counted for tables, estimated for partitions.
        public var rows: Int
        /// Bytes on disk that a dropped partition frees; 0 for rows.
        public var bytes: Int
        /// Everything before this time goes.
        public var before: Timestamp

        /// Creates a step.
        public init(kind: Kind, table: String, rows: Int, bytes: Int, before: Timestamp) {
            self.kind = kind
            self.table = table
            self.rows = rows
            self.bytes = bytes
            self.before = before
        }

        /// The step for a person.
        public var text: String {
            switch kind {
            case .partition: "drop \(table): about \(rows) rows, \(bytes / 1024) KiB, all before \(before.rfc3339)"
            case .rows: "delete \(rows) rows of \(table) before \(before.rfc3339)"
            }
        }
    }

    /// Steps, oldest first; empty when nothing is old enough.
    public var steps: [Step]

    /// A plan of these steps.
    public init(steps: [Step]) { self.steps = steps }

    /// The plan for a program.
    public var json: JSON {
        .array(
            steps.map {
                [
                    "kind": .string($0.kind.rawValue), "table": .string($0.table), "rows": .number(Double($0.rows)),
                    "bytes": .number(Double($0.bytes)), "before": .string($0.before.rfc3339),
                ]
            })
    }
}
