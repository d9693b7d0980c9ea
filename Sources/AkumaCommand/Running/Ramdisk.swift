import Foundation
import SystemPackage

/// The initial ramdisk of a machine: a cpio archive in the `newc` format, as Linux's tools write it.
public struct Ramdisk: Sendable {
    private var archive: [UInt8] = []
    private var folders: Set<String> = []
    private var nodeCount: UInt32 = 0

    /// An archive without entries.
    public init() {}

    /// Adds a file and the folders that lead to it.
    ///
    /// - Parameters:
    ///   - path: where the guest sees it; a leading `/` makes no difference.
    ///   - modified: seconds since 1970.
    public mutating func add(
        _ contents: [UInt8], at path: String, isExecutable: Bool = false, modified: UInt32 = Ramdisk.fixedTime
    ) {
        let name = addFolders(leadingTo: path, modified: modified)
        append(name: name, mode: 0o100_000 | (isExecutable ? 0o755 : 0o644), contents: contents, modified: modified)
    }

    /// Adds a file of the host, or a folder with everything below it.
    public mutating func add(fileAt host: FilePath, at path: String, modified fixed: UInt32? = nil) throws {
        let attributes = try FileManager.default.attributesOfItem(atPath: host.resolvingLinks.string)
        let date = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        let modified = fixed ?? UInt32(clamping: Int(date))
        guard host.isFolder else {
            let isExecutable = FileManager.default.isExecutableFile(atPath: host.string)
            return add(try host.contents(), at: path, isExecutable: isExecutable, modified: modified)
        }
        _ = addFolders(leadingTo: path + "/.", modified: modified)
        for name in try FileManager.default.contentsOfDirectory(atPath: host.string).sorted() {
            try add(fileAt: host.appending(name), at: path + "/" + name, modified: fixed)
        }
    }

    /// The finished archive.
    public func bytes() -> [UInt8] {
        var whole = self
        whole.append(name: "TRAILER!!!", mode: 0, contents: [], modified: 0)
        return whole.archive
    }

    /// The time of everything whose time must not differ from run to run: 2026-01-01T00:00:00Z.
    public static let fixedTime: UInt32 = 1_767_225_600

    /// Adds the folders above `path` that are not there yet and gives the path as the archive spells it.
    private mutating func addFolders(leadingTo path: String, modified: UInt32) -> String {
        let components = path.split(separator: "/").filter { $0 != "." }.map(String.init)
        let leading = path.hasSuffix("/.") ? components : components.dropLast()
        var folder = ""
        for component in leading {
            folder += folder.isEmpty ? component : "/" + component
            if folders.insert(folder).inserted {
                append(name: folder, mode: 0o040_755, contents: [], modified: modified)
            }
        }
        return components.joined(separator: "/")
    }

    private mutating func append(name: String, mode: UInt32, contents: [UInt8], modified: UInt32) {
        nodeCount += 1
        let isFolder = mode & 0o170_000 == 0o040_000
        let fields: [UInt32] = [
            nodeCount, mode, isFolder ? 2 : 1, 0, 0, modified, UInt32(contents.count), 0, 0, 0, 0,
            UInt32(name.utf8.count + 1), 0,
        ]
        archive += Array("070701".utf8)
        for field in fields {
            let digits = String(field, radix: 16, uppercase: true)
            archive += Array((String(repeating: "0", count: 8 - digits.count) + digits).utf8)
        }
        archive += Array(name.utf8) + [0]
        pad()
        archive += contents
        pad()
    }

    /// Each header and each file's data start at a multiple of 4.
    private mutating func pad() {
        archive += [UInt8](repeating: 0, count: (4 - archive.count % 4) % 4)
    }
}

extension FilePath {
    /// The path with every symbolic link followed.
    var resolvingLinks: FilePath {
        FilePath(URL(fileURLWithPath: string).resolvingSymlinksInPath().path)
    }
}
