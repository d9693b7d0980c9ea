import ProgramTesting
import libakuma

/// What the calls that set a limit are given. Each process has its copy.
private let argument = UnsafeMutablePointer<ResourceLimit>.allocate(capacity: 1)

/// The limits on memory that the fuzzer sets, and sets back before it has to live with them for long.
struct Limits {
    /// As they were when the program began; a hard limit can't be raised again, so none is ever lowered.
    private let initial: InlineArray<4, ResourceLimit>

    private static let resources: InlineArray<4, Resource> = [.data, .stack, .lockedMemory, .addressSpace]

    init() {
        var initial = InlineArray<4, ResourceLimit>(repeating: ResourceLimit())
        for index in Self.resources.indices {
            unsafe argument.pointee = ResourceLimit()
            unsafe systemCall(
                .prlimit64, 0, UInt(Self.resources[index].rawValue), 0, UInt(bitPattern: argument))
            initial[index] = unsafe argument.pointee
        }
        self.initial = initial
    }

    /// Sets each limit back to what it was.
    func restore() {
        for index in Self.resources.indices {
            unsafe argument.pointee = initial[index]
            unsafe systemCall(.prlimit64, 0, UInt(Self.resources[index].rawValue), UInt(bitPattern: argument))
        }
    }

    /// The address of a limit that is worth trying for a resource, or 0: the limit is only read.
    func some(_ resource: UInt, _ random: inout Random) -> UInt {
        guard random.next(below: 4) != 0 else { return 0 }
        guard let index = Self.resources.indices.first(where: { UInt(Self.resources[$0].rawValue) == resource }) else {
            return 0
        }
        var limit = initial[index]
        let megabyte: UInt64 = 1 << 20
        let current: UInt64 =
            switch Self.resources[index] {
            // Below that the handlers of signals might have no room; beyond it `process_vm_writev` grows stacks, this
            // program's among them, to where the fuzzer plays.
            case .stack: random.pick([megabyte / 4, megabyte, 4 * megabyte, 8 * megabyte, 16 * megabyte])
            case .lockedMemory: random.pick([0, 4096, megabyte / 16, megabyte, 8 * megabyte])
            default: random.pick([megabyte, 4 * megabyte, 16 * megabyte, 64 * megabyte, 1 << 30, 1 << 40, .max])
            }
        limit.current = min(current, limit.maximum)
        // Beyond the hard one now and then.
        if random.next(below: 16) == 0, Self.resources[index] == .lockedMemory { limit.current = .max }
        unsafe argument.pointee = limit
        return unsafe UInt(bitPattern: argument)
    }
}
