import Formats
import LinuxABI
import Machine

/// The initial ramdisk: a cpio archive in RAM that is never freed. Its files become the file system's at boot; what lies
/// below `.akuma/` is for the kernel alone: how to start, and the seed of every random number.
struct Ramdisk {
    let region: PhysicalRegion

    /// Where in the archive the boot configuration's files are.
    private struct Configuration {
        var arguments: ByteRange?
        var environment: ByteRange?
        var path: ByteRange?
        var seed: ByteRange?
        var input: ByteRange?

        mutating func take(_ entry: ArchiveEntry, _ path: Span<UInt8>) {
            guard Ramdisk.isHidden(path) else { return }
            if path.equals(".akuma/argv") {
                arguments = entry.content
            } else if path.equals(".akuma/environ") {
                environment = entry.content
            } else if path.equals(".akuma/path") {
                self.path = entry.content
            } else if path.equals(".akuma/seed") {
                seed = entry.content
            } else if path.equals(".akuma/stdin") {
                input = entry.content
            }
        }
    }

    private let configuration: Configuration

    /// - Throws: why the bytes are no archive.
    init(_ region: PhysicalRegion) throws(ArchiveError) {
        self.region = region
        let bytes = KernelMemory.bytes(at: region.start, count: region.size)
        var found = Configuration()
        _ = try Archive(bytes) { entry in found.take(entry, bytes.bytes(at: entry.path)) }
        configuration = found
    }

    /// The first program's argv, environment and path, and the seed; empty where the host packed none.
    var arguments: Span<UInt8> { @_lifetime(immortal) get { bytes(configuration.arguments) } }
    var environment: Span<UInt8> { @_lifetime(immortal) get { bytes(configuration.environment) } }
    var path: Span<UInt8> { @_lifetime(immortal) get { bytes(configuration.path) } }
    var seed: Span<UInt8> { @_lifetime(immortal) get { bytes(configuration.seed) } }

    /// The whole of standard input, where the host packed it.
    var preloadedInput: (address: UInt64, count: UInt64)? {
        configuration.input.map { (address(of: $0), UInt64($0.count)) }
    }

    /// Whether a path is the boot configuration's.
    static func isHidden(_ path: Span<UInt8>) -> Bool { path.equals(".akuma") || path.starts(with: ".akuma/") }

    /// Where the bytes at a place within the archive lie.
    func address(of range: ByteRange) -> UInt64 { region.start + UInt64(range.offset) }

    @_lifetime(immortal)
    private func bytes(_ range: ByteRange?) -> Span<UInt8> {
        guard let range else { return KernelMemory.bytes(at: region.start, count: 0) }
        return KernelMemory.bytes(at: address(of: range), count: UInt64(range.count))
    }
}
