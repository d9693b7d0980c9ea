import LinuxABI
import Machine
import MemoryModel

/// Which way `process_vm_readv` and `process_vm_writev` move bytes.
enum ProcessMemoryDirection {
    case fromOther
    case toOther
}

/// `process_vm_readv` and `process_vm_writev` (mm/process_vm_access.c): bytes between the running program and any other,
/// or itself. Whatever moved before an error is told instead of it.
func moveProcessMemory(
    _ call: SystemCallArguments, _ direction: ProcessMemoryDirection
) throws(Errno) -> UInt64 {
    guard call.sixth == 0 else { throw .invalidArgument }
    var local = try VectorList(copying: call.second, count: call.third)
    defer { local.giveBack() }
    guard local.total > 0 else { return 0 }
    var remote = try VectorList(copying: call.fourth, count: call.fifth, ofRunningProgram: false)
    defer { remote.giveBack() }
    guard remote.total > 0 else { return 0 }
    guard let process = kernel.processes.process(call.first.asInt32), process.value.space != nil else {
        throw .noSuchProcess
    }
    let other = ProcessDescriptor(id: process.value.id, serial: process.value.serial)
    var copy = ProcessMemoryCopy(process: other, direction: direction, local: UserBuffer(local))
    var place = VectorPlace(remote)
    do throws(Errno) {
        for _ in 0..<remote.count where copy.local.count > 0 {
            try copy.move(place.vector)
            place.advance()
        }
    } catch {
        if copy.local.count == local.total { throw error }
    }
    return local.total - copy.local.count
}

/// How far bytes have moved between two programs.
private struct ProcessMemoryCopy {
    /// The other program: looked up again each time, as it may end while others have their turn.
    let process: ProcessDescriptor
    let direction: ProcessMemoryDirection
    /// What of the running program's memory the bytes go on to or come from: as many as may still move.
    var local: UserBuffer

    /// Moves the bytes of one piece of the other's memory.
    /// - Throws: EFAULT where either side's memory ends, ESRCH where the other has ended, EINTR for a fatal signal.
    mutating func move(_ vector: IOVector) throws(Errno) {
        var address = VirtualAddress(vector.base).untagged
        var count = vector.count
        while count > 0 && local.count > 0 {
            let page = address.roundedDownToPage
            let offset = (address - page).rawValue
            let piece = min(Granule.size.rawValue - offset, count)
            try move(piece, of: page, from: offset)
            count -= piece
            guard count > 0 else { return }
            guard let next = address.adding(ByteCount(piece)) else { throw .badAddress }
            address = next
            giveTurnIfOver()
            if Thread.current.value.hasFatalSignal { throw .interrupted }
        }
    }

    private mutating func move(_ bytes: UInt64, of page: VirtualAddress, from offset: UInt64) throws(Errno) {
        let frame = try hold(page)
        defer { kernel.frames.withLock { $0.release(Frame(adopting: frame)) } }
        let position = KernelMemory.physToVirt(frame.address).rawValue + offset
        let wanted = min(bytes, local.count)
        let moved =
            switch direction {
            case .fromOther: local.write(KernelMemory.bytes(at: position, count: wanted))
            case .toOther: local.read(to: position, limit: wanted)
            }
        if moved < wanted { throw .badAddress }
    }

    /// A reference on the frame of a page of the other's, for as long as its bytes move: what this program does to its
    /// own memory meanwhile may take the page away.
    private func hold(_ page: VirtualAddress) throws(Errno) -> FrameNumber {
        guard let space = process.process?.value.space else { throw .noSuchProcess }
        do throws(FaultError) {
            return try hold(page, of: space)
        } catch {
            if error == .overcommitted, countPromisable(), let frame = try? hold(page, of: space) { return frame }
            throw error == .outOfMemory ? .noMemory : .badAddress
        }
    }

    private func hold(_ page: VirtualAddress, of space: Handle<ProgramSpace>) throws(FaultError) -> FrameNumber {
        let access: Access = direction == .fromOther ? .read : .write
        return try kernel.frames.withLock { (frames) throws(FaultError) in
            try space.value.memory.heldFrame(for: page, access: access, frames: &frames)
        }
    }
}
