import Testing

@testable import NimmerServers

@Suite("Whose files are relied on")
struct OwnershipTests {
    let ownership = Ownership(user: 1000, serviceUser: 26, ownGroup: 1000)

    private func found(
        _ kind: FileFacts.Kind = .folder, owner: UInt32 = 1000, group: UInt32 = 50, mode: UInt32 = 0o755,
        links: Int = 1,
        as role: Ownership.Role = .folder
    ) -> String? {
        let facts = FileFacts(kind: kind, owner: owner, group: group, mode: mode, links: links)
        return ownership.trouble(with: facts, as: role)?.found
    }

    @Test("its own, root's and its servant's")
    func trusted() {
        for owner: UInt32 in [1000, 0, 26] {
            #expect(found(owner: owner) == nil)
            #expect(found(.file, owner: owner, mode: 0o644, as: .file) == nil)
            #expect(found(owner: owner, as: .way) == nil)
        }
        #expect(found(group: 1000, mode: 0o775) == nil)
        #expect(found(owner: 0, mode: 0o1777, as: .way) == nil)
    }

    @Test("not another user's, not writable by others, no link, no pipe, no second name")
    func refused() {
        for role in [Ownership.Role.way, .folder] {
            #expect(found(owner: 65534, as: role)?.contains("belongs to user") == true)
            #expect(found(mode: 0o777, as: role)?.contains("all users") == true)
            #expect(found(mode: 0o775, as: role)?.contains("its group") == true)
            #expect(found(.link, as: role) == "is a link where a folder is expected")
            #expect(found(.file, as: role) == "is a file where a folder is expected")
        }
        #expect(found(owner: 0, mode: 0o1777)?.contains("all users") == true)
        #expect(found(.file, mode: 0o666, as: .file)?.contains("all users") == true)
        #expect(found(.other, mode: 0o600, as: .file)?.contains("neither") == true)
        #expect(found(.link, mode: 0o777, as: .file)?.contains("a link") == true)
        #expect(found(.file, mode: 0o644, links: 2, as: .file)?.contains("2 names") == true)
    }
}
