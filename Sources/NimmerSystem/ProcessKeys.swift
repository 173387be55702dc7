/// Settings that a service has as a process, as keys of its section: `thalamus: {keep_waves: true, log_level: debug}`. Checked by the
/// service's own declaration, as those of cells are.
package enum ProcessKeys {
    /// Those of every service.
    package static let all = ["log_level", "connect", "state"]
    /// Beside these, those of the thalamus.
    package static let thalamus = all + ["max_requests", "keep_waves"]
    /// Those of the bridge.
    package static let bridge = all + ["max_requests"]
    /// Those of the hippocampus; its batches and its database are settings of the system.
    package static let memory = all + ["max_requests"]
    /// Those of an organ.
    package static let organ = all + ["lock_folder"]
}

extension SystemFile {
    /// The settings of a service's process: of the thalamus, the bridge, the hippocampus, or an organ by its name.
    ///
    /// - Parameter kind: the manifest's name.
    package func processSettings(kind: String, name: String) -> [YAMLNode.Entry] {
        switch kind {
        case "thalamus": thalamus.processSettings
        case "cognition-bridge": bridge.processSettings
        case "hippocampus": memory.processSettings
        case "organ": organs.first { $0.name == name }?.processSettings ?? []
        default: []
        }
    }
}
