/// Reads the fields of one object by their places in its declaration, each as what it is declared to be. Nothing is read as something
/// that the sender did not write: a field that may be absent is nil where it is.
public struct FieldReader: ~Copyable {
    private let members: [JSONObject.Member]
    private let fields: [Field]
    /// Position of each field among the members; -1 where it is not. As many as a declaration may have (generate.py, MOST_FIELDS).
    private var places = InlineArray<32, Int32>(repeating: -1)
    /// The fields that are there twice, a bit each.
    private var repeated: UInt32 = 0

    /// A reader of an object that has these fields, 32 at most.
    init(_ object: JSONObject, _ fields: [Field]) {
        members = object.members
        self.fields = fields
        var next = 0
        // Most members stand in the order of the fields.
        for index in members.indices {
            var field = next
            if field == fields.count || fields[field].key != members[index].key {
                field = 0
                while field < fields.count, fields[field].key != members[index].key { field &+= 1 }
                if field == fields.count { continue }
            }
            if places[field] < 0 {
                places[field] = Int32(truncatingIfNeeded: index)
            } else {
                repeated |= 1 &<< UInt32(truncatingIfNeeded: field)
            }
            next = field &+ 1
        }
    }

    /// A field that must be there.
    func required<Value: FieldValue>(_ place: Int) throws(Refusal) -> Value {
        guard let value: Value = try optional(place) else { throw .missing(fields[place].key) }
        return value
    }

    /// A field that may be absent; nil where it is.
    func optional<Value: FieldValue>(_ place: Int) throws(Refusal) -> Value? {
        let index = Int(places[place])
        guard index >= 0 else { return nil }
        let value: Value
        do throws(Refusal) {
            value = try Value.read(members[index].value, as: fields[place].kind)
        } catch {
            throw error.within(fields[place].key)
        }
        guard repeated & 1 &<< UInt32(truncatingIfNeeded: place) == 0 else { throw .twice(fields[place].key) }
        return value
    }

    /// An opaque field that may be absent: an empty object where it is, in the form in which one that was written is read.
    func opaque(_ place: Int) throws(Refusal) -> JSON {
        if let value: JSON = try optional(place) { return value }
        return WireText.opaqueKeys.contains(fields[place].key) ? .raw(Array("{}".utf8)) : [:]
    }

    /// The members that are not declared, as they came.
    func others() -> JSONObject {
        JSONObject(members.filter { member in !fields.contains { $0.key == member.key } })
    }
}
