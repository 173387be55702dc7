import NimmerSystem
import NimmerWave

/// The regions in which cells and nerves speak by the system file, for rules about witnesses.
struct SpeakingRegions {
    private let members: DeclaredMembers
    private let system: SystemFile

    init(_ system: SystemFile) {
        self.system = system
        members = DeclaredMembers(system)
    }

    /// The home region in which one speaks; nil of a nerve whose settings name none.
    func home(of organism: Organism) -> Region? { region(of: organism).map { system.home(of: $0) } }

    private func region(of organism: Organism) -> Region? {
        if organism.role == .cell { return members.region(of: organism.name) }
        let named = ["region", "domain"].lazy.compactMap { key in
            organism.settings.first { $0.key == key }?.value.text
        }.first
        return named.flatMap { try? Region($0) }
    }
}
