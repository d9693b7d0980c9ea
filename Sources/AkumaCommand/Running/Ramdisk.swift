import Formats
import Foundation
import SystemPackage

/// What a machine's initial ramdisk will hold: files, by their path in the guest.
public struct Ramdisk: Sendable {
    private struct Entry {
        let path: String
        let mode: UInt32
        let modified: UInt32
        /// Nil for a folder.
        let contents: [UInt8]?
        /// The contents are what a symbolic link says.
        var isLink = false
    }

    private var entries: [Entry] = []

    /// The time of everything whose time must not differ from run to run: 2026-01-01T00:00:00Z, in seconds since 1970.
    public static let fixedTime: UInt32 = 1_767_225_600

    /// A ramdisk without files.
    public init() {}

    /// Adds a file; the folders above it come by themselves.
    public mutating func add(_ contents: [UInt8], at path: String, isExecutable: Bool = false) {
        let mode: UInt32 = isExecutable ? 0o755 : 0o644
        entries.append(Entry(path: path, mode: mode, modified: Self.fixedTime, contents: contents))
    }

    /// Adds a folder without files; the folders above it come by themselves.
    public mutating func addFolder(at path: String, mode: UInt32) {
        entries.append(Entry(path: path, mode: mode, modified: Self.fixedTime, contents: nil))
    }

    /// Adds a symbolic link; the folders above it come by themselves.
    public mutating func addLink(at path: String, to target: String) {
        entries.append(
            Entry(path: path, mode: 0o777, modified: Self.fixedTime, contents: Array(target.utf8), isLink: true))
    }

    /// Adds a file of the host, or a folder with everything below it, with its own times or all with `fixedTime`.
    public mutating func add(fileAt host: FilePath, at path: String, fixedTime: UInt32? = nil) throws {
        let attributes = try FileManager.default.attributesOfItem(atPath: host.resolvingLinks.string)
        let seconds = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        let modified = fixedTime ?? UInt32(clamping: Int(seconds))
        let mode = (attributes[.posixPermissions] as? NSNumber)?.uint32Value ?? 0o644
        guard host.isFolder else {
            entries.append(Entry(path: path, mode: mode, modified: modified, contents: try host.contents()))
            return
        }
        entries.append(Entry(path: path, mode: mode, modified: modified, contents: nil))
        for name in try FileManager.default.contentsOfDirectory(atPath: host.string).sorted() {
            try add(fileAt: host.appending(name), at: path + "/" + name, fixedTime: fixedTime)
        }
    }

    /// The ramdisk as a cpio archive.
    func archive() throws -> [UInt8] {
        var writer = ArchiveWriter()
        for entry in entries {
            do throws(ArchiveError) {
                if let target = entry.contents, entry.isLink {
                    try writer.addSymbolicLink(
                        entry.path, target: String(decoding: target, as: UTF8.self), modificationTime: entry.modified)
                } else if let contents = entry.contents {
                    try writer.addFile(
                        entry.path, contents: contents, mode: entry.mode, modificationTime: entry.modified)
                } else {
                    try writer.addDirectory(entry.path, mode: entry.mode, modificationTime: entry.modified)
                }
            } catch {
                throw Failure("\(entry.path) cannot be a file of the guest: \(error.reason)", status: .notRunnable)
            }
        }
        return writer.finish()
    }
}

extension FilePath {
    /// The path with every symbolic link followed.
    var resolvingLinks: FilePath {
        FilePath(URL(fileURLWithPath: string).resolvingSymlinksInPath().path)
    }
}
