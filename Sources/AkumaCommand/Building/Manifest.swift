import Foundation
import SystemPackage

/// What a build depends on, as text: two equal manifests mean that there is nothing to do.
struct Manifest: Equatable {
    /// One line per input.
    private(set) var text = ""

    /// Adds a fact that is not a file, such as the toolchain's version.
    mutating func add(_ name: String, _ value: String) {
        text += "\(name) = \(value)\n"
    }

    /// Adds each file by its path, size and time of change: cheap, and what build systems go by.
    mutating func addStamps(of paths: [FilePath], in root: FilePath) throws {
        for path in try Manifest.files(below: paths, in: root) {
            let attributes = try FileManager.default.attributesOfItem(atPath: root.appending(path.string).string)
            let changed = (attributes[.modificationDate] as? Date)?.timeIntervalSinceReferenceDate ?? 0
            let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
            text += "\(path) \(size) \(changed)\n"
        }
    }

    /// Adds each file whose name passes `isIncluded` with its whole content.
    mutating func addContents(of paths: [FilePath], in root: FilePath, where isIncluded: (FilePath) -> Bool) throws {
        for path in try Manifest.files(below: paths, in: root) where isIncluded(path) {
            let content = try root.appending(path.string).contents()
            text += "\(path) \(content.count)\n"
            text += String(decoding: content, as: UTF8.self)
        }
    }

    /// Whether the file at `path` holds exactly this manifest.
    func matches(_ path: FilePath) -> Bool {
        guard let stored = try? path.contents() else { return false }
        return stored == Array(text.utf8)
    }

    /// Every file at or below `paths`, sorted, relative to `root`.
    private static func files(below paths: [FilePath], in root: FilePath) throws -> [FilePath] {
        var found: [String] = []
        for path in paths {
            let full = root.appending(path.string)
            guard full.isFolder else {
                found.append(path.string)
                continue
            }
            for name in try FileManager.default.subpathsOfDirectory(atPath: full.string)
            where !full.appending(name).isFolder {
                found.append(path.appending(name).string)
            }
        }
        return found.sorted().map { FilePath($0) }
    }
}
