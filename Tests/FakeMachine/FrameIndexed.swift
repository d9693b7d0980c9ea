import MemoryModel

/// A value for each frame of RAM, and the same one for all others.
struct FrameIndexed<Value> {
    private let first: FrameNumber
    private let otherwise: Value
    private var values: [Value]

    init(first: FrameNumber, count: UInt64, otherwise: Value) {
        self.first = first
        self.otherwise = otherwise
        values = Array(repeating: otherwise, count: Int(count))
    }

    /// Setting that of a frame that is no RAM does nothing.
    subscript(_ frame: FrameNumber) -> Value {
        get {
            let index = frame.rawValue &- first.rawValue
            return index < values.count ? values[Int(index)] : otherwise
        }
        _modify {
            let index = frame.rawValue &- first.rawValue
            if index < values.count {
                yield &values[Int(index)]
            } else {
                var nobodys = otherwise
                yield &nobodys
            }
        }
    }

    /// The frames whose values pass `isIncluded`, in order.
    func frames(where isIncluded: (Value) -> Bool) -> [FrameNumber] {
        values.indices.filter { isIncluded(values[$0]) }.map { first.advanced(by: UInt64($0)) }
    }
}
