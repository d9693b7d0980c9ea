#if !hasFeature(Embedded)
    /// Writes a cpio archive in the `newc` format, byte for byte the same for the same calls. For the host only.
    ///
    /// Directories above a path are added by themselves, before it.
    public struct ArchiveWriter {
        private var bytes: [UInt8] = []
        private var inode: UInt32 = 0
        private var directories: Set<String> = [""]

        public init() {}

        /// Adds a regular file.
        /// - Parameters:
        ///   - mode: permission bits.
        ///   - modificationTime: seconds since 1970.
        /// - Throws: `tooLarge` from 4 GiB on, `malformedName`, `pathLeavesArchive`.
        public mutating func addFile(
            _ path: String, contents: some Collection<UInt8>, mode: UInt32 = 0o644, modificationTime: UInt32 = 0
        ) throws(ArchiveError) {
            try addParents(of: path)
            try add(path, mode: 0o100000 | mode & 0o7777, contents: contents, modificationTime: modificationTime)
        }

        /// Adds a directory. Adding one again changes nothing.
        public mutating func addDirectory(
            _ path: String, mode: UInt32 = 0o755, modificationTime: UInt32 = 0
        ) throws(ArchiveError) {
            try addParents(of: path)
            guard directories.insert(Self.plain(path)).inserted else { return }
            try add(
                path, mode: 0o040000 | mode & 0o7777, contents: EmptyCollection<UInt8>(),
                modificationTime: modificationTime)
        }

        /// Adds a symbolic link.
        /// - Parameter target: what the link says, not looked at.
        public mutating func addSymbolicLink(
            _ path: String, target: String, modificationTime: UInt32 = 0
        ) throws(ArchiveError) {
            try addParents(of: path)
            try add(path, mode: 0o120777, contents: Array(target.utf8), modificationTime: modificationTime)
        }

        /// The whole archive with its trailer, padded to 512 bytes as cpio pads it.
        public consuming func finish() -> [UInt8] {
            inode = 0
            appendEntry(name: "TRAILER!!!", mode: 0, linkCount: 1, size: 0, modificationTime: 0)
            pad(to: 512)
            return bytes
        }

        private mutating func addParents(of path: String) throws(ArchiveError) {
            let parts = Self.plain(path).split(separator: "/")
            for length in 1..<max(parts.count, 1) {
                let parent = parts[..<length].joined(separator: "/")
                guard directories.insert(parent).inserted else { continue }
                try add(parent, mode: 0o040755, contents: EmptyCollection<UInt8>(), modificationTime: 0)
            }
        }

        private mutating func add(
            _ path: String, mode: UInt32, contents: some Collection<UInt8>, modificationTime: UInt32
        ) throws(ArchiveError) {
            let name = Self.plain(path)
            guard !name.isEmpty, name.utf8.count < ArchiveEntry.maximumNameByteCount, !name.utf8.contains(0),
                name != "TRAILER!!!"
            else { throw .malformedName(offset: bytes.count) }
            guard !name.split(separator: "/").contains("..") else { throw .pathLeavesArchive(offset: bytes.count) }
            let size = contents.count
            guard let size32 = UInt32(exactly: size) else { throw .tooLarge(size: size) }
            inode += 1
            let isDirectory = mode & 0o170000 == 0o040000
            appendEntry(
                name: name, mode: mode, linkCount: isDirectory ? 2 : 1, size: size32, modificationTime: modificationTime
            )
            bytes.append(contentsOf: contents)
            pad(to: 4)
        }

        private mutating func appendEntry(
            name: String, mode: UInt32, linkCount: UInt32, size: UInt32, modificationTime: UInt32
        ) {
            bytes.append(contentsOf: "070701".utf8)
            let nameSize = UInt32(name.utf8.count + 1)
            // inode, mode, user, group, links, time, size, device twice, special device twice, name size, checksum
            for field in [inode, mode, 0, 0, linkCount, modificationTime, size, 0, 0, 0, 0, nameSize, 0] {
                let digits = String(field, radix: 16, uppercase: true)
                bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 8 - digits.utf8.count))
                bytes.append(contentsOf: digits.utf8)
            }
            bytes.append(contentsOf: name.utf8)
            bytes.append(0)
            pad(to: 4)
        }

        private mutating func pad(to alignment: Int) {
            while bytes.count % alignment != 0 { bytes.append(0) }
        }

        /// A path without empty components and `.`.
        private static func plain(_ path: String) -> String {
            path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
        }
    }
#endif
