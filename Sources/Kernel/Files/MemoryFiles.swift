import Formats
import LinuxABI
import Machine
import MemoryModel

/// `memfd_create` (mm/memfd.c): a file that never had a name in any directory, and can be sealed.
func makeMemoryFile(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let asked = MemoryFileFlags(rawValue: call.second.asUInt32)
    let flags = try asked.withoutHugePageSize.checked()
    let inode = try withPath(call.first, allowsEmpty: true, tooLong: .invalidArgument) { (name, count) throws(Errno) in
        // NAME_MAX less the length of "memfd:".
        guard count <= 249 else { throw .invalidArgument }
        var content = RegularFile(seals: flags.contains(.allowSealing) ? .none : .seal)
        if flags.contains(.hugePages) {
            // fs/hugetlbfs/inode.c, hugetlb_file_setup
            guard let shift = HugePageSize.shift(of: asked.hugePageSize) else { throw .operationNotSupportedByDevice }
            content.hugePageSize = 1 << shift
        }
        return try makeNameless(
            FileMode(.regular, permissions: 0o777), .regular(content), in: fileSystem.root
        ) { (_) throws(Errno) in
            try fileSystem.texts.keep(name.value.bytes.span.extracting(0..<count), behind: "memfd:")
        }
    }
    fileSystem.retain(inode)
    defer { fileSystem.release(inode) }
    let file = try kernel.openFiles.make(OpenFile(.inode(inode), flags: .readWrite | .largeFile))
    fileSystem.retain(inode)
    inode.value.writers += 1
    return try addDescriptor(file, closesOnExec: flags.contains(.closeOnExec))
}

/// The file whose seals `fcntl` asks for: EINVAL for what can't have any.
func sealableInode(_ file: Handle<OpenFile>) throws(Errno) -> Handle<Inode> {
    guard !file.value.flags.contains(.path) else { throw .badFileDescriptor }
    guard case .inode(let inode) = file.value.kind, inode.value.type == .regular else { throw .invalidArgument }
    return inode
}

/// `fcntl(F_ADD_SEALS)` (mm/memfd.c, memfd_add_seals).
func addSeals(_ seals: FileSeals, to file: Handle<OpenFile>) throws(Errno) {
    guard !file.value.flags.contains(.path) else { throw .badFileDescriptor }
    guard file.value.isWritable else { throw .notPermitted }
    let seals = try seals.checked()
    let inode = try sealableInode(file)
    // A write or a change of size that has begun is done first.
    try inode.withContentLocked { () throws(Errno) in
        let present = inode.value.file.seals
        guard !present.contains(.seal) else { throw .notPermitted }
        if seals.contains(.write), !present.contains(.write), inode.isMappedWritably { throw .resourceBusy }
        inode.value.file.seals = present | seals
    }
}

extension Handle where T == Inode {
    /// Whether some process has a shared mapping that can write the file, or be made to.
    var isMappedWritably: Bool {
        guard value.file.wasMappedWritably, let object = value.file.object else { return false }
        let isMapped = withObjects { objects, _ in
            guard objects.mappedPages(of: object) > 0 else { return false }
            var isMapped = false
            kernel.spaces.forEach { space in
                if !isMapped { isMapped = space.value.memory.mapsWritably(object) }
            }
            return isMapped
        }
        value.file.wasMappedWritably = isMapped
        return isMapped
    }
}
