import Glibc

/// Search for executables.
public enum Executables {
    /// The path of an executable: a path is checked, a name is looked for in the extra folders, then in PATH, then
    /// in the folders of servers that an ordinary user's PATH lacks (`/usr/sbin`, `/sbin`, `/usr/local/sbin`).
    public static func find(_ name: String, extraFolders: [String] = []) -> String? {
        all(name, extraFolders: extraFolders).first
    }

    /// Every executable of this name in the order of ``find(_:extraFolders:)``, each file once.
    public static func all(_ name: String, extraFolders: [String] = []) -> [String] {
        if name.contains("/") { return isExecutable(name) ? [name] : [] }
        let path = ChildCommand.inheritedEnvironment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        let folders = extraFolders + path.split(separator: ":").map(String.init) + serverFolders
        var seen: Set<String> = []
        return folders.map { $0 + "/" + name }.filter { candidate in
            guard isExecutable(candidate), let file = SmallFile.absolute(candidate) else { return false }
            return seen.insert(file).inserted
        }
    }

    private static let serverFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin"]

    private static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
