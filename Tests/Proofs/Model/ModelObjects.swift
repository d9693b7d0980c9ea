/// The objects that pages may show: a list, each with a dictionary from page index to content.
final class ModelObjects {
    struct Object {
        /// In bytes.
        var size: UInt64
        /// The pages that were written.
        var pages: [UInt64: Content] = [:]
        /// How many of its first bytes are the ramdisk's until somebody writes to their pages.
        var backedSize: UInt64 = 0
        /// What its seals forbid.
        var seals: Seals = []

        var pageCount: UInt64 { (size + pageSize - 1) / pageSize }
        var backedPages: UInt64 { (backedSize + pageSize - 1) / pageSize }

        /// What a page holds.
        func content(_ index: UInt64) -> Content {
            if let written = pages[index] { return written }
            let start = index * pageSize
            return start < backedSize ? Content(backing: index, bytes: min(backedSize - start, pageSize)) : .zero
        }
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
        _modify { yield &objects[number] }
    }

    /// Changes what a page holds.
    func change(_ index: UInt64, of number: Int, _ body: (inout Content) -> Void) {
        var content = objects[number].content(index)
        body(&content)
        objects[number].pages[index] = content
    }

    /// What is cut off is gone, to the byte.
    func truncate(_ number: Int, to size: UInt64) {
        let isShrinking = size < objects[number].size
        objects[number].size = size
        guard isShrinking else { return }
        objects[number].backedSize = min(objects[number].backedSize, size)
        let count = objects[number].pageCount
        objects[number].pages = objects[number].pages.filter { $0.key < count }
        objects[number].pages[size / pageSize]?.clear(from: size % pageSize)
    }

    /// A hole reads as zeroes.
    func punch(_ number: Int, _ indices: Range<UInt64>) {
        objects[number].pages = objects[number].pages.filter { !indices.contains($0.key) }
    }
}
