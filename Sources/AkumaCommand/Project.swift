import Foundation
import SystemPackage

/// The folders of one clone of Akuma.
public struct Project: Sendable {
    /// The clone's root: the folder of `Package.swift`.
    public let root: FilePath

    /// The project at a root folder that is known.
    public init(root: FilePath) { self.root = root }

    /// The project that `./akuma` names by `AKUMA_ROOT`, else the one above this source file.
    public static func current(sourceFile: String = #filePath) -> Project {
        if let root = ProcessInfo.processInfo.environment["AKUMA_ROOT"], !root.isEmpty {
            return Project(root: FilePath(root))
        }
        var folder = FilePath(sourceFile).removingLastComponent()
        while !folder.isEmpty, !folder.appending("Package.swift").exists, folder != "/" {
            folder = folder.removingLastComponent()
        }
        return Project(root: folder)
    }

    /// What a build leaves for a run: the kernel's image and its symbols.
    public var output: FilePath { root.appending(".build-output") }

    /// What was downloaded, and the locks.
    public var cache: FilePath { root.appending(".build-cache") }

    /// The raw kernel that QEMU loads.
    public var kernelImage: FilePath { output.appending("Image") }

    /// The kernel as an ELF, for symbols.
    public var kernelSymbols: FilePath { World.kernel.products(in: self).appending("Kernel") }

    /// The programs of this project, by name: every folder below `Programs/` is one.
    public func programNames() -> [String] {
        let programs = root.appending("Programs")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: programs.string)) ?? []
        return names.filter { !$0.hasPrefix(".") && programs.appending($0).isFolder }.sorted()
    }

    /// Whether `name`, as a user writes it, is one of them.
    func isProgram(_ name: String) -> Bool { !name.contains("/") && programNames().contains(name) }

    /// The built ELF of one of ours.
    public func program(named name: String) -> FilePath { World.user.products(in: self).appending(name) }
}

extension FilePath {
    /// Whether something is there.
    var exists: Bool { FileManager.default.fileExists(atPath: string) }

    /// Whether a folder is there, through symbolic links.
    var isFolder: Bool {
        var folder: ObjCBool = false
        return unsafe FileManager.default.fileExists(atPath: string, isDirectory: &folder) && folder.boolValue
    }

    /// The whole content of the file.
    func contents() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: string))) }

    /// Writes the file anew so that nobody ever sees half of it.
    func replaceContents(with bytes: some Sequence<UInt8>) throws {
        try FileManager.default.createDirectory(
            atPath: removingLastComponent().string, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: string), options: .atomic)
    }
}
