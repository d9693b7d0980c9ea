/// The objects that pages may show: a list, each with a dictionary from page index to content.
final class ModelObjects {
    struct Object {
        /// In bytes.
        var size: UInt64
        /// The first word of each page that was written.
        var values: [UInt64: UInt64] = [:]
        /// Whether the kernel holds it, apart from those who map it.
        var isHeld = true

        var pageCount: UInt64 { (size + pageSize - 1) / pageSize }
    }

    var objects: [Object] = []

    subscript(_ number: Int) -> Object {
        get { objects[number] }
        set { objects[number] = newValue }
    }

    /// What is cut off is gone.
    func truncate(_ number: Int, to size: UInt64) {
        objects[number].size = size
        let count = objects[number].pageCount
        objects[number].values = objects[number].values.filter { $0.key < count }
    }
}
