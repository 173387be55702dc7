import NimmerOutput
import NimmerServers

/// The checkout of this project that new packages depend on.
package enum ProjectFolder {
    /// The one that was named, else the nearest from here upward, else the one that this program was built in.
    ///
    /// - Throws: ``Failure`` without one.
    package static func find(named: String?) throws(Failure) -> String {
        if let named {
            let path = FileText.absolute(named)
            guard isProject(path) else {
                throw Failure(
                    .usage, "\(named) is not a checkout of nimmerverse",
                    remedy: "name the folder with its Package.swift")
            }
            return path
        }
        for start in [FileText.workingFolder, OwnProgram.folder] {
            var folder = start
            while !folder.isEmpty {
                if isProject(folder) { return folder }
                folder = folder.lastIndex(of: "/").map { String(folder[..<$0]) } ?? ""
            }
        }
        throw Failure(
            .unavailable, "no checkout of nimmerverse found above the working folder or above \(OwnProgram.path)",
            remedy: "name it with --nimmerverse")
    }

    private static func isProject(_ folder: String) -> Bool {
        FileText.read("\(folder)/Package.swift")?.contains("name: \"nimmerverse\"") == true
            && FileText.isDirectory("\(folder)/Sources/NimmerCell")
    }

    /// A path from one folder to another, through what they share; absolute when they share nothing.
    package static func path(from: String, to: String) -> String {
        let here = from.split(separator: "/")
        let there = to.split(separator: "/")
        let shared = zip(here, there).prefix { $0 == $1 }.count
        guard shared > 1 else { return to }
        let steps = Array(repeating: "..", count: here.count - shared) + there[shared...].map(String.init)
        return steps.isEmpty ? "." : steps.joined(separator: "/")
    }
}
