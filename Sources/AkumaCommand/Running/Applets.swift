import Foundation

/// The programs that busybox is, by the name that it is called by.
enum Applets {
    /// The names that a busybox's ELF has of its applets: a run of strings in order, the first of which are `[` and `[[`
    /// (busybox, applets/applet_tables.c). Empty for an ELF without such a run.
    static func names(in program: [UInt8]) -> [String] {
        let bytes = Data(program)
        guard let start = bytes.range(of: Data("\0[\0[[\0".utf8))?.lowerBound else { return [] }
        var names: [String] = []
        var position = start + 1
        while let end = bytes[position...].firstIndex(of: 0) {
            let name = String(decoding: bytes[position..<end], as: UTF8.self)
            guard !name.isEmpty, names.last.map({ $0.utf8.lexicographicallyPrecedes(name.utf8) }) ?? true else { break }
            names.append(name)
            position = end + 1
        }
        return names
    }
}
