/// The objects that pages may show: a list, each with a dictionary from page index to content.
final class ModelObjects {
    struct Object {
        /// In bytes.
        var size: UInt64
        /// The first word of each page that was written.
        var values: [UInt64: UInt64] = [:]
        /// How many of its first pages hold what ``ModelObjects/backed(_:)`` says until somebody writes to them.
        var backedPages: UInt64 = 0
        /// What its seals forbid.
        var seals: Seals = []

        var pageCount: UInt64 { (size + pageSize - 1) / pageSize }
    }

    /// The first word of a page of the ramdisk.
    static func backed(_ index: UInt64) -> UInt64 { 0xBAC_0000 + index }

    /// The first word of an object's page.
    func value(_ index: UInt64, of number: Int) -> UInt64 {
        objects[number].values[index] ?? (index < objects[number].backedPages ? Self.backed(index) : 0)
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
        objects[number].backedPages = min(objects[number].backedPages, count)
    }

    /// A hole reads as zeroes.
    func punch(_ number: Int, _ indices: Range<UInt64>) {
        objects[number].values = objects[number].values.filter { !indices.contains($0.key) }
    }
}
