extension PostgresConnection {
    /// The first column of the first row, for statements that always have one.
    ///
    /// - Parameter name: what it is, for an error.
    func text(_ sql: SQL, _ name: String) throws(PostgresFailure) -> String {
        guard let text = try run(sql).first else {
            throw .unexpected(name: self.name, "found no \(name), expected a text")
        }
        return text
    }

    /// The same as a whole number.
    func whole(_ sql: SQL, _ name: String) throws(PostgresFailure) -> Int {
        try whole(try run(sql).first, name)
    }

    /// A column that is always a whole number.
    func whole(_ column: String?, _ name: String) throws(PostgresFailure) -> Int {
        guard let number = column.flatMap({ Int($0) }) else {
            throw .unexpected(name: self.name, "found no \(name), expected a whole number")
        }
        return number
    }
}
