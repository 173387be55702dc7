/// A queue whose elements keep their numbers: the oldest goes, the others stay where they are counted.
struct Ring<Element: Sendable>: Sendable {
    private var storage: ContiguousArray<Element> = []
    private var head = 0
    /// The number of the oldest element.
    private(set) var first = 0

    /// Number of elements.
    var count: Int { storage.count - head }
    /// Indicates whether there is none.
    var isEmpty: Bool { count == 0 }
    /// The number after the newest.
    var end: Int { first + count }
    /// The numbers of all.
    var numbers: Range<Int> { first..<end }
    /// The newest.
    var last: Element? { isEmpty ? nil : storage[storage.count - 1] }
    /// The oldest.
    var oldest: Element? { isEmpty ? nil : storage[head] }

    /// The element with a number, which is one of ``numbers``.
    subscript(number: Int) -> Element {
        get { storage[head + number - first] }
        set { storage[head + number - first] = newValue }
    }

    /// Adds the newest.
    mutating func append(_ element: Element) { storage.append(element) }

    /// Lets the oldest go. What they took is used again when it is a quarter of what is left.
    mutating func removeFirst(_ number: Int = 1) {
        let number = min(number, count)
        head += number
        first += number
        if head > 1024, head > count / 4 {
            storage.removeFirst(head)
            head = 0
        }
        if head == storage.count {
            storage.removeAll(keepingCapacity: true)
            head = 0
        }
    }

    /// Forgets all; numbers continue.
    mutating func removeAll() {
        first = end
        head = 0
        storage.removeAll(keepingCapacity: true)
    }

    /// The number of the first element for which a condition holds that holds for all after it; ``end`` when it holds for none.
    func firstNumber(where holds: (Element) -> Bool) -> Int {
        var low = first
        var high = end
        while low < high {
            let middle = low + (high - low) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
