import NimmerBus
import NimmerMemoryPostgres
import NimmerWave

/// Records of a backup that hold neither rows nor messages (docs/reference/backup.md), in both directions.
package enum BackupContents {
    /// The version of the format.
    package static let format = 1

    /// The first record.
    package struct Head: Equatable, Sendable {
        package var environment: Environment
        package var madeAt: Timestamp

        package var json: JSON {
            [
                "format": .number(Double(format)), "environment": .string(environment.rawValue),
                "made_at": .string(madeAt.rfc3339), "protocol": .string(Wire.version),
            ]
        }

        package init(environment: Environment, madeAt: Timestamp) {
            self.environment = environment
            self.madeAt = madeAt
        }

        package init?(_ json: JSON) {
            guard let environment = json["environment"]?.string.flatMap(Environment.init(rawValue:)),
                let madeAt = json["made_at"]?.string.flatMap({ try? Timestamp(rfc3339: $0) })
            else { return nil }
            self.init(environment: environment, madeAt: madeAt)
        }
    }

    /// A stream and how far its readers are.
    package struct Stream: Equatable, Sendable {
        package var name: String
        package var durables: [DurablePosition]

        package var json: JSON {
            [
                "name": .string(name),
                "durables": .array(
                    durables.map {
                        [
                            "name": .string($0.name), "filter": $0.filter.map { .string($0) } ?? .null,
                            "position": .number(Double($0.position)), "ordinary": .bool($0.isOrdinary),
                        ]
                    }),
            ]
        }

        package init(name: String, durables: [DurablePosition]) {
            self.name = name
            self.durables = durables
        }

        package init?(_ json: JSON) {
            guard let name = json["name"]?.string, let durables = json["durables"]?.array else { return nil }
            self.init(name: name, durables: [])
            for durable in durables {
                guard let name = durable["name"]?.string, let position = durable["position"]?.int, position >= 0,
                    let isOrdinary = durable["ordinary"]?.bool
                else { return nil }
                self.durables.append(
                    DurablePosition(
                        name: name, filter: durable["filter"]?.string, position: UInt64(position),
                        isOrdinary: isOrdinary))
            }
        }
    }

    /// The last record: what must have come before it.
    package struct End: Equatable, Sendable {
        /// Rows by table.
        package var rows: [String: Int] = [:]
        /// Messages by stream.
        package var messages: [String: Int] = [:]
        /// The last sequence that each stream had given when everything was copied.
        package var last: [String: UInt64] = [:]
        /// The CRC-32 of the first lines of all records before it, each with its line feed.
        package var checksum: UInt32 = 0

        package var json: JSON {
            func object(_ numbers: [String: Double]) -> JSON {
                .object(
                    JSONObject(numbers.sorted { $0.key < $1.key }.map { JSONObject.Member($0.key, .number($0.value)) }))
            }
            return [
                "rows": object(rows.mapValues { Double($0) }), "messages": object(messages.mapValues { Double($0) }),
                "last": object(last.mapValues { Double($0) }), "checksum": .number(Double(checksum)),
            ]
        }

        package init() {}

        package init?(_ json: JSON) {
            guard let checksum = json["checksum"]?.int.flatMap({ UInt32(exactly: $0) }) else { return nil }
            func numbers(_ key: String) -> [String: Int]? {
                guard let members = json[key]?.object?.members else { return nil }
                var numbers: [String: Int] = [:]
                for member in members {
                    guard let number = member.value.int, number >= 0 else { return nil }
                    numbers[member.key] = number
                }
                return numbers
            }
            guard let rows = numbers("rows"), let messages = numbers("messages"), let last = numbers("last") else {
                return nil
            }
            self.rows = rows
            self.messages = messages
            self.last = last.mapValues { UInt64($0) }
            self.checksum = checksum
        }
    }
}

extension ArchivedSchema {
    package var json: JSON {
        ["schema_version": .number(Double(version)), "checksums": .array(checksums.map { .string($0) })]
    }

    package init?(_ json: JSON) {
        guard let version = json["schema_version"]?.int, let checksums = texts(json["checksums"]) else { return nil }
        self.init(version: version, checksums: checksums)
    }
}

extension ArchivedTable {
    package var json: JSON {
        [
            "name": .string(name), "columns": .array(columns.map { .string($0) }),
            "months": .array(months.map { .string($0) }),
        ]
    }

    package init?(_ json: JSON) {
        guard let name = json["name"]?.string, let columns = texts(json["columns"]),
            let months = texts(json["months"])
        else { return nil }
        self.init(name: name, columns: columns, months: months)
    }
}

/// A list of texts; nil for another value, or when anything else is in it.
private func texts(_ json: JSON?) -> [String]? {
    guard let list = json?.array else { return nil }
    let texts = list.compactMap(\.string)
    return texts.count == list.count ? texts : nil
}
