import NimmerWave

/// Place of a number within a JSON message: keys and places, with points between them.
package enum NumberPath {
    /// Holds a setting against what a path is.
    ///
    /// - Parameters:
    ///   - path: the setting's value; nil where it is absent.
    ///   - field: the setting's name.
    /// - Throws: a `Refusal` for a path with a step that is empty.
    package static func check(_ path: String?, field: String = "path") throws(Refusal) {
        guard let path, path.split(separator: ".", omittingEmptySubsequences: false).contains("") else { return }
        throw Refusal(
            .value, field: field, "\(field) must be keys and places with single points between them: sensors.0.value",
            found: "'\(path)'")
    }
}
