/// The objects that pages may show: a list, each with a dictionary from page index to content.
final class ModelObjects {
    struct Object {
        /// In bytes.
        var size: UInt64
        /// The first word of each page that was written.
        var values: [UInt64: UInt64] = [:]
        /// What its seals forbid.
        var seals: Seals = []

        var pageCount: UInt64 { (size + pageSize - 1) / pageSize }
    }

    /// `F_SEAL_…` (fcntl(2)).
    struct Seals: OptionSet, Codable {
        let rawValue: UInt8
        static let write = Seals(rawValue: 1)
        static let futureWrite = Seals(rawValue: 2)
        static let grow = Seals(rawValue: 4)
        static let shrink = Seals(rawValue: 8)
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

    /// A hole reads as zeroes.
    func punch(_ number: Int, _ indices: Range<UInt64>) {
        objects[number].values = objects[number].values.filter { !indices.contains($0.key) }
    }
}
