/// A list with room for `capacity` elements, held in place: no heap.
@frozen public struct BoundedList<let capacity: Int, Element: Sendable>: Sendable {
    @usableFromInline var storage: InlineArray<capacity, Element>

    /// Elements in use.
    public private(set) var count = 0

    /// An empty list. `filler` occupies the unused places and is never seen.
    public init(filler: Element) { storage = InlineArray(repeating: filler) }

    public var indices: Range<Int> { 0..<count }
    public var isEmpty: Bool { count == 0 }
    public var isFull: Bool { count == capacity }

    /// The first element, or nil where there is none.
    public var first: Element? {
        @_addressableSelf get { isEmpty ? nil : storage[0] }
    }

    /// Traps outside ``indices``.
    public subscript(index: Int) -> Element {
        @_addressableSelf get {
            precondition(indices.contains(index), "an index within the list")
            return storage[index]
        }
        set {
            precondition(indices.contains(index), "an index within the list")
            storage[index] = newValue
        }
    }

    /// Adds an element at the end.
    /// - Returns: whether there was room; where not, nothing changed.
    @discardableResult public mutating func append(_ element: Element) -> Bool {
        guard !isFull else { return false }
        storage[count] = element
        count += 1
        return true
    }

    /// Inserts an element before the one at `index`, at most ``count``.
    /// - Returns: whether there was room; where not, nothing changed.
    mutating func insert(_ element: Element, at index: Int) -> Bool {
        guard append(element) else { return false }
        var place = count - 1
        while place > index {
            storage[place] = storage[place - 1]
            place -= 1
        }
        storage[index] = element
        return true
    }

    /// Removes the element at `index`; those behind it move up.
    mutating func remove(at index: Int) {
        precondition(indices.contains(index), "an index within the list")
        var place = index
        while place + 1 < count {
            storage[place] = storage[place + 1]
            place += 1
        }
        count -= 1
    }
}
