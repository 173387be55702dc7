import NimmerWave

/// The members of regions by the system file: its cells, each in the region that its entry names (gates.md, Window and half-life).
///
/// The interval that a member states widens its region's gate, so a sender that the file does not declare in that region cannot be one: with a
/// cell's key a program can speak of any region, but as that cell only.
public struct DeclaredMembers: Sendable {
    private var regions: [String: Region] = [:]

    /// The members that a file declares; none without a file. The region of a cell is its setting `region`, else `domain`, else the
    /// name of its kind, and of a program that the file names itself the cell's name. Nerves are not members: they hear, and have no
    /// interval.
    public init(_ system: SystemFile?) {
        for cell in system?.cells ?? [] {
            let named = ["region", "domain"].lazy.compactMap { key in
                cell.settings.first { $0.key == key }?.value.text
            }.first
            let region = named ?? (cell.kind.isEmpty ? cell.name : cell.kindName)
            regions[cell.name] = try? Region(region)
        }
    }

    /// The region in which a sender's statements about itself count, with those within it; nil where the file has no such cell.
    public func region(of sender: String) -> Region? { regions[sender] }
}
