import NimmerCognition
import Testing

@Suite("One change of a record")
struct RecordWriteTests {
    private let write = RecordWrite([1, 2], over: 4)

    @Test("an acknowledgement is believed")
    func acknowledged() {
        #expect(write.first == .write(revision: 4) && write.wrote(9) == .stored(revision: 9))
    }

    @Test("after anything else the key is read: it may be there already, not yet, or never will be")
    func ambiguous() {
        #expect(write.failed() == .read)
        #expect(write.found(revision: 9, bytes: [1, 2]) == .stored(revision: 9))
        #expect(write.found(revision: 4, bytes: [0]) == .write(revision: 4))
        #expect(write.found(revision: 7, bytes: [3]) == .overtaken)
        #expect(write.found(revision: 0, bytes: nil) == .overtaken, "it was removed meanwhile")
    }

    @Test("a new key that is there already is another's, unless it holds the same bytes")
    func create() {
        let new = RecordWrite([1], over: 0)
        #expect(new.found(revision: 0, bytes: nil) == .write(revision: 0))
        #expect(new.found(revision: 3, bytes: [1]) == .stored(revision: 3))
        #expect(new.found(revision: 3, bytes: [2]) == .overtaken)
    }
}
