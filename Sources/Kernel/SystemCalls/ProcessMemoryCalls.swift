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
    let local = try UserVectors(call.second, count: call.third, checksAddresses: true)
    guard local.total > 0 else { return 0 }
    let remote = try UserVectors(call.fourth, count: call.fifth, checksAddresses: false)
    guard remote.total > 0 else { return 0 }
    guard let process = kernel.processes.process(call.first.asInt32), process.value.space != nil else {
        throw .noSuchProcess
    }
    let other = ProcessDescriptor(id: process.value.id, serial: process.value.serial)
    var copy = ProcessMemoryCopy(process: other, direction: direction, local: local)
    var failure: Errno?
    var index: UInt64 = 0
    while index < remote.count && copy.left > 0 && failure == nil {
        do throws(Errno) {
            try copy.move(try remote.vector(index))
        } catch {
            failure = error
        }
        index += 1
    }
    let moved = local.total - copy.left
    if let failure, moved == 0 { throw failure }
    return moved
}

/// An array of `iovec` that a program passed, looked at once before anything happens (lib/iov_iter.c, __import_iovec).
struct UserVectors {
    private let array: UserPointer
    let count: UInt64
    /// Bytes in all of them, as far as one call moves.
    private(set) var total: UInt64 = 0

    /// UIO_MAXIOV (include/uapi/linux/uio.h).
    static var maximumCount: UInt64 { 1024 }
    /// MAX_RW_COUNT (include/linux/fs.h).
    static var maximumTotal: UInt64 { 0x7FFF_F000 }

    /// - Parameter checksAddresses: whether one that a program can't name is EFAULT at once.
    init(_ array: UInt64, count: UInt64, checksAddresses: Bool) throws(Errno) {
        guard count <= UserVectors.maximumCount else { throw .invalidArgument }
        self.array = UserPointer(array)
        self.count = count
        for index in 0..<count {
            guard Int64(bitPattern: try vector(index).count) >= 0 else { throw .invalidArgument }
        }
        for index in 0..<count {
            let vector = try vector(index)
            if checksAddresses {
                _ = try UserBuffer(checking: vector.base, count: vector.count, limit: UserVectors.maximumTotal)
            }
            total += min(vector.count, UserVectors.maximumTotal - total)
        }
    }

    func vector(_ index: UInt64) throws(Errno) -> IOVector {
        let vector = try array.advanced(by: index, of: IOVector.self).load(IOVector())
        // The array is the program's: it may have become another since it was looked at.
        guard Int64(bitPattern: vector.count) >= 0 else { throw .invalidArgument }
        return vector
    }
}

/// How far bytes have moved between two programs.
private struct ProcessMemoryCopy {
    /// The other program: looked up again each time, as it may end while others have their turn.
    let process: ProcessDescriptor
    let direction: ProcessMemoryDirection
    let local: UserVectors
    /// Bytes that may still move.
    private(set) var left: UInt64

    private var localIndex: UInt64 = 0
    private var localPart = UserBuffer(0, count: 0)

    init(process: ProcessDescriptor, direction: ProcessMemoryDirection, local: UserVectors) {
        self.process = process
        self.direction = direction
        self.local = local
        left = local.total
    }

    /// Moves the bytes of one piece of the other's memory.
    /// - Throws: EFAULT where either side's memory ends, ESRCH where the other has ended, EINTR for a fatal signal.
    mutating func move(_ vector: IOVector) throws(Errno) {
        var address = VirtualAddress(vector.base).untagged
        var count = vector.count
        while count > 0 && left > 0 {
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
        var position = KernelMemory.physToVirt(frame.address).rawValue + offset
        var rest = min(bytes, left)
        while rest > 0 {
            try goOnLocally()
            let wanted = min(rest, localPart.count)
            let moved: UInt64
            switch direction {
            case .fromOther: moved = localPart.write(KernelMemory.bytes(at: position, count: wanted))
            case .toOther: moved = localPart.read(to: position, limit: wanted)
            }
            left -= moved
            rest -= moved
            position += moved
            if moved < wanted { throw .badAddress }
        }
    }

    /// Makes sure that there is room in a piece of the running program's memory.
    private mutating func goOnLocally() throws(Errno) {
        while localPart.count == 0 {
            // What is copied may have become the array itself: then there is less in it than there was.
            guard localIndex < local.count else { throw .badAddress }
            let vector = try local.vector(localIndex)
            localPart = try UserBuffer(checking: vector.base, count: vector.count, limit: left)
            localIndex += 1
        }
    }

    /// A reference on the frame of a page of the other's, for as long as its bytes move: what this program does to its
    /// own memory meanwhile may take the page away.
    private func hold(_ page: VirtualAddress) throws(Errno) -> FrameNumber {
        guard let space = process.process?.value.space else { throw .noSuchProcess }
        let direction = direction
        do throws(FaultError) {
            return try kernel.frames.withLock { (frames) throws(FaultError) in
                switch direction {
                case .fromOther: try space.value.memory.heldFrame(for: page, access: .read, frames: &frames)
                case .toOther: try space.value.memory.heldFrame(for: page, access: .write, frames: &frames)
                }
            }
        } catch {
            throw error == .outOfMemory ? .noMemory : .badAddress
        }
    }
}
