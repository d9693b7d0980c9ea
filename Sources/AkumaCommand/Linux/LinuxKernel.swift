import Foundation
import SystemPackage

/// Debian's Linux for arm64, to hold Akuma against: its image, and the modules by which it knows our machine's streams.
struct LinuxKernel {
    /// The raw image that QEMU starts.
    let image: FilePath
    /// The modules, in the order in which they are loaded.
    let modules: [FilePath]

    /// What Debian builds as modules of what the machine's three streams need; neither depends on others.
    static let moduleNames = ["virtio_mmio.ko", "virtio_console.ko"]

    /// The kernel in the project's cache, fetched when it is not there yet.
    static func fetched(for project: Project, progress: Reporter) async throws -> LinuxKernel {
        try LinuxKernel(in: try await DebianPackage.linux.file("", in: project, progress))
    }

    /// The kernel in the folder of a package that was unpacked.
    init(in folder: FilePath) throws {
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.string).sorted()
        func file(_ what: String, where isRight: (String) -> Bool) throws -> FilePath {
            guard let path = files.first(where: isRight) else {
                throw Failure("there is no \(what) in Debian's kernel package: \(folder)", status: .machine)
            }
            return folder.appending(path)
        }
        image = try file("image") { $0.hasPrefix("boot/vmlinuz-") }
        modules = try Self.moduleNames.map { name in try file(name) { $0.hasSuffix("/" + name) } }
    }

    /// The version as the image's name has it, such as `6.1.0-50-arm64`.
    var version: String { String((image.lastComponent?.string ?? "").trimmingPrefix("vmlinuz-")) }
}
