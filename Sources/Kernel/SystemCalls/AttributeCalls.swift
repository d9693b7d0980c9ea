import LinuxABI
import Machine

// Calls that change what is known about a file: permissions, owner, times.

/// The file of a descriptor that was not opened with O_PATH; EBADF. Nil for a stream or a device, which has no inode.
private func openInode(_ descriptor: UInt64) throws(Errno) -> Handle<Inode>? {
    let file = try Process.current.value.openFiles.value.file(descriptor.asInt32)
    guard !file.value.flags.contains(.path) else { throw .badFileDescriptor }
    guard case .inode(let inode) = file.value.kind else { return nil }
    return inode
}

func changeMode(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    // What has no inode of its own keeps its permissions, and that is told.
    guard let inode = try openInode(call.first) else { throw .notPermitted }
    return try changeMode(of: inode, call.second)
}

func changeModeAtPath(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    try changeMode(of: inode(at: call.first, path: call.second, followsLast: true), call.third)
}

private func changeMode(of inode: Handle<Inode>, _ permissions: UInt64) throws(Errno) -> UInt64 {
    // What the kernel tells stays readable as it is (fs/proc/base.c, proc_setattr).
    if inode.isProc { throw .notPermitted }
    inode.value.mode = FileMode(inode.value.type, permissions: permissions.asUInt32)
    inode.value.noteChange()
    return 0
}

func changeOwner(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard let inode = try openInode(call.first) else { throw .notPermitted }
    return try changeOwner(of: inode, user: call.second.asUInt32, group: call.third.asUInt32)
}

func changeOwnerAtPath(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = call.fifth.asUInt32
    guard flags & ~(AtFlags.noFollow | AtFlags.emptyPath) == 0 else { throw .invalidArgument }
    let inode = try inode(at: call.first, path: call.second, flags: flags)
    return try changeOwner(of: inode, user: call.third.asUInt32, group: call.fourth.asUInt32)
}

/// All ones leaves a number as it is. What runs as its owner or group no longer does (fs/open.c, chown_common).
private func changeOwner(of inode: Handle<Inode>, user: UInt32, group: UInt32) throws(Errno) -> UInt64 {
    if inode.isProc { throw .notPermitted }
    if user != .max { inode.value.userID = user }
    if group != .max { inode.value.groupID = group }
    let permissions = inode.value.mode.permissions
    if !inode.value.isDirectory {
        // The group's bit is a mark for locking where the group may not execute.
        let kept: UInt32 = permissions & 0o010 != 0 ? 0o1777 : 0o3777
        inode.value.mode = FileMode(inode.value.type, permissions: permissions & kept)
    }
    inode.value.noteChange()
    return 0
}

/// What `utimensat` is to do with one time.
private enum NewTime {
    case now
    case unchanged
    case at(Int64)

    /// UTIME_NOW and UTIME_OMIT (include/linux/stat.h), or a time; EINVAL.
    init(_ time: TimeSpecification) throws(Errno) {
        switch time.nanoseconds {
        case 0x3FFF_FFFF: self = .now
        case 0x3FFF_FFFE: self = .unchanged
        case 0..<1_000_000_000:
            // Times that 64 bits of nanoseconds can't say become the nearest ones (fs/inode.c, timestamp_truncate).
            let (scaled, overflow) = time.seconds.multipliedReportingOverflow(by: 1_000_000_000)
            let (sum, carry) = scaled.addingReportingOverflow(time.nanoseconds)
            self = .at(overflow || carry ? (time.seconds < 0 ? .min : .max) : sum)
        default: throw .invalidArgument
        }
    }

    func apply(to time: inout Int64, now: Int64) {
        switch self {
        case .now: time = now
        case .unchanged: break
        case .at(let new): time = new
        }
    }

    var isUnchanged: Bool { if case .unchanged = self { true } else { false } }
}

/// `utimensat` (fs/utimes.c).
func setTimes(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = call.fourth.asUInt32
    var access = NewTime.now
    var modification = NewTime.now
    if call.third != 0 {
        let times = UserPointer(call.third)
        let first = try times.load(TimeSpecification())
        let second = try times.advanced(by: 1, of: TimeSpecification.self).load(TimeSpecification())
        access = try NewTime(first)
        modification = try NewTime(second)
        if access.isUnchanged && modification.isUnchanged { return 0 }
    }
    let target: Handle<Inode>
    if call.second == 0, call.first.asInt32 != AtFlags.currentDirectory {
        // A null path is the descriptor's own file.
        guard flags == 0 else { throw .invalidArgument }
        guard let inode = try openInode(call.first) else { throw .notPermitted }
        target = inode
    } else {
        guard flags & ~(AtFlags.noFollow | AtFlags.emptyPath) == 0 else { throw .invalidArgument }
        target = try inode(at: call.first, path: call.second, flags: flags)
    }
    let now = Inode.now
    access.apply(to: &target.value.accessTime, now: now)
    modification.apply(to: &target.value.modificationTime, now: now)
    target.value.changeTime = now
    return 0
}
