import Formats
import LinuxABI
import Machine

/// The initial ramdisk: a cpio archive in RAM that is never freed. Its files become the file system's at boot; what lies
/// below `.akuma/` is for the kernel alone: how to start, and the seed of every random number.
struct Ramdisk {
    let region: PhysicalRegion

    /// Entries, the trailer left aside.
    private(set) var entryCount = 0
    private(set) var argumentsRange: ByteRange?
    private(set) var environmentRange: ByteRange?
    private(set) var pathRange: ByteRange?
    private(set) var seedRange: ByteRange?
    private(set) var inputRange: ByteRange?

    /// - Throws: why the bytes are no archive.
    init(_ region: PhysicalRegion) throws(ArchiveError) {
        self.region = region
        let archive = try Archive(KernelMemory.bytes(at: region.start, count: region.size))
        var entries = archive.entries
        while let entry = entries.next() {
            entryCount += 1
            let path = archive.bytes(at: entry.path)
            guard Ramdisk.isHidden(path) else { continue }
            if path.equals(".akuma/argv") {
                argumentsRange = entry.content
            } else if path.equals(".akuma/environ") {
                environmentRange = entry.content
            } else if path.equals(".akuma/path") {
                pathRange = entry.content
            } else if path.equals(".akuma/seed") {
                seedRange = entry.content
            } else if path.equals(".akuma/stdin") {
                inputRange = entry.content
            }
        }
    }

    /// The first program's argv, environment and path, and the seed; empty where the host packed none.
    var arguments: Span<UInt8> { @_lifetime(immortal) get { bytes(argumentsRange) } }
    var environment: Span<UInt8> { @_lifetime(immortal) get { bytes(environmentRange) } }
    var path: Span<UInt8> { @_lifetime(immortal) get { bytes(pathRange) } }
    var seed: Span<UInt8> { @_lifetime(immortal) get { bytes(seedRange) } }

    /// The whole of standard input, where the host packed it.
    var preloadedInput: (address: UInt64, count: UInt64)? {
        inputRange.map { (address(of: $0), UInt64($0.count)) }
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
