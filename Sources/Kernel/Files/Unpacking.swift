import Formats
import LinuxABI
import Machine
import MemoryModel

/// Makes the initial ramdisk's entries the file system's first files, as if they had been extracted in their order
/// (Linux init/initramfs.c). Names, links' targets and contents stay where they are in RAM.
struct Unpacking {
    private let ramdisk: Ramdisk
    /// Files of the archive that have more than one name there, linked through ``Inode/nextOrphan``: the first of a chain.
    private var linked: Handle<Inode>?
    /// Entries that could not be made: their directory is missing, or a directory with entries is in the way.
    private(set) var skipped = 0

    init(_ ramdisk: Ramdisk) { self.ramdisk = ramdisk }

    /// ENOMEM; what was made so far stays.
    mutating func run() throws(Errno) {
        let archive = Archive(checkedBefore: KernelMemory.bytes(at: ramdisk.region.start, count: ramdisk.region.size))
        var entries = archive.entries
        while let entry = entries.next() {
            if Ramdisk.isHidden(archive.bytes(at: entry.path)) { continue }
            try unpack(entry)
        }
        unchain()
    }

    private mutating func unpack(_ entry: ArchiveEntry) throws(Errno) {
        let mode = FileMode(rawValue: entry.mode & 0xFFFF)
        if entry.path.isEmpty {
            if mode.type == .directory { describe(fileSystem.root, by: entry, mode) }
            return
        }
        guard let (directory, name) = place(of: entry.path), 1...255 ~= name.count else {
            skipped += 1
            return
        }
        let bytes = KernelMemory.bytes(at: ramdisk.address(of: name), count: UInt64(name.count))
        if bytes.equals(".") { return }
        if let present = fileSystem.entry(bytes, in: directory) {
            let inode = present.value.inode
            if inode.value.isDirectory, mode.type == .directory {
                describe(inode, by: entry, mode)
                return
            }
            guard !inode.value.isDirectory || inode.value.directory.count == 0 else {
                skipped += 1
                return
            }
            removeName(present)
        }
        if mode.type == .regular, entry.linkCount > 1, let inode = linkedFile(entry) {
            try add(name, in: directory, inode)
            takeContent(of: entry, for: inode)
            return
        }
        guard let content = content(of: entry, mode) else {
            skipped += 1
            return
        }
        let inode = try fileSystem.makeInode(mode, content, time: 0)
        try add(name, in: directory, inode)
        describe(inode, by: entry, mode)
        if mode.type == .regular, entry.linkCount > 1 { chain(inode, entry) }
    }

    private func content(of entry: ArchiveEntry, _ mode: FileMode) -> InodeContent? {
        switch mode.type {
        case .directory: return .directory(Directory())
        case .symbolicLink:
            guard entry.content.count < 4096 else { return nil }
            return .symbolicLink(
                StoredText(inArchive: ramdisk.address(of: entry.content), count: entry.content.count))
        case .characterDevice, .blockDevice:
            return .device(UInt64(entry.specialDeviceMajor) << 32 | UInt64(entry.specialDeviceMinor))
        case .regular: return .regular(file(of: entry))
        case .fifo, .socket, .unknown: return nil
        }
    }

    private func file(of entry: ArchiveEntry) -> RegularFile {
        var file = RegularFile()
        file.size = UInt64(entry.content.count)
        file.archiveSize = file.size
        file.archiveAddress = ramdisk.address(of: entry.content)
        return file
    }

    private func describe(_ inode: Handle<Inode>, by entry: ArchiveEntry, _ mode: FileMode) {
        inode.value.mode = mode
        inode.value.userID = entry.userIdentifier
        inode.value.groupID = entry.groupIdentifier
        let time = Int64(entry.modificationTime) * 1_000_000_000
        inode.value.accessTime = time
        inode.value.modificationTime = time
        inode.value.changeTime = time
    }

    private func add(_ name: ByteRange, in directory: Handle<Inode>, _ inode: Handle<Inode>) throws(Errno) {
        let text = StoredText(inArchive: ramdisk.address(of: name), count: name.count)
        fileSystem.insert(try fileSystem.makeEntry(text, in: directory, for: inode))
    }

    /// The directory that a path of the archive lies in, and where its last component is; nil where there is none such.
    private func place(of path: ByteRange) -> (Handle<Inode>, name: ByteRange)? {
        let bytes = KernelMemory.bytes(at: ramdisk.address(of: path), count: UInt64(path.count))
        var directory = fileSystem.root
        var start = 0
        while true {
            var end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: "/") { end += 1 }
            if end == bytes.count { return (directory, ByteRange(offset: path.offset + start, count: end - start)) }
            // Doubled slashes and dots name nothing.
            if end > start, !(end == start + 1 && bytes[start] == UInt8(ascii: ".")) {
                guard let entry = fileSystem.entry(bytes.extracting(start..<end), in: directory),
                    entry.value.inode.value.isDirectory
                else { return nil }
                directory = entry.value.inode
            }
            start = end + 1
        }
    }

    // MARK: Hard links

    /// Of files that are hard links to each other the archive gives the content to one only; the others are empty.
    private func takeContent(of entry: ArchiveEntry, for inode: Handle<Inode>) {
        if entry.content.count > 0 { inode.value.file = file(of: entry) }
    }

    /// Keeps a file, and its number in the archive where its times will be, until all entries were seen.
    private mutating func chain(_ inode: Handle<Inode>, _ entry: ArchiveEntry) {
        fileSystem.retain(inode)
        inode.value.accessTime = Int64(entry.inode)
        inode.value.changeTime = Int64(bitPattern: entry.device)
        inode.value.nextOrphan = linked
        linked = inode
    }

    private func linkedFile(_ entry: ArchiveEntry) -> Handle<Inode>? {
        var candidate = linked
        while let inode = candidate,
            inode.value.accessTime != Int64(entry.inode) || inode.value.changeTime != Int64(bitPattern: entry.device)
        {
            candidate = inode.value.nextOrphan
        }
        return candidate
    }

    private mutating func unchain() {
        while let inode = linked {
            linked = inode.value.nextOrphan
            inode.value.nextOrphan = nil
            inode.value.accessTime = inode.value.modificationTime
            inode.value.changeTime = inode.value.modificationTime
            fileSystem.release(inode)
        }
    }
}
