import LinuxABI
import Machine
import MemoryModel

/// A process's limits, as its children and programs inherit them.
struct ResourceLimits {
    private var limits: InlineArray<16, ResourceLimit>

    /// Whether the size of the address space or of its data is limited: nothing is counted otherwise.
    private(set) var limitMemory = false

    /// The first process's: those of Linux (include/asm-generic/resource.h), but as many open files as there can be.
    static var initial: ResourceLimits {
        var unlimited = ResourceLimit()
        unlimited.current = .max
        unlimited.maximum = .max
        var initial = ResourceLimits(limits: InlineArray(repeating: unlimited))
        let stack = AddressSpaceLayout.standard.stackLimit.rawValue
        initial.limits[Int(Resource.stack.rawValue)].current = stack
        initial.limits[Int(Resource.core.rawValue)].current = 0
        initial.set(.openFiles, to: UInt64(FileTable.capacity))
        initial.set(.lockedMemory, to: 8 << 20)
        initial.set(.messageQueues, to: 819_200)
        initial.set(.nice, to: 0)
        initial.set(.realTimePriority, to: 0)
        return initial
    }

    private init(limits: InlineArray<16, ResourceLimit>) { self.limits = limits }

    private mutating func set(_ resource: Resource, to value: UInt64) {
        limits[Int(resource.rawValue)].current = value
        limits[Int(resource.rawValue)].maximum = value
    }

    subscript(resource: Resource) -> ResourceLimit {
        get { limits[Int(resource.rawValue)] }
        set {
            limits[Int(resource.rawValue)] = newValue
            limitMemory = self[.addressSpace].current != .max || self[.data].current != .max
        }
    }

    /// Tells an address space what it must know of these limits: what grows outside a call, or by another's size.
    func bind(_ space: Handle<ProgramSpace>) {
        space.value.memory.setStackLimit(stack)
        space.value.memory.pageLimit = pages
        space.value.memory.lockLimit = lockedPages
    }

    /// How far the stack may grow.
    var stack: ByteCount { ByteCount(self[.stack].current) }

    /// How many pages may be data. A limit of 0 means the hard one, for the sake of programs that set it before private
    /// memory counted as data (mm/mmap.c, may_expand_vm).
    var dataPages: UInt64 {
        let limit = self[.data]
        return ByteCount(limit.current == 0 ? limit.maximum : limit.current).wholePages
    }

    /// How many pages may be mapped.
    var pages: UInt64 { self[.addressSpace].current == .max ? .max : ByteCount(self[.addressSpace].current).wholePages }

    /// How many pages may be locked; a part of one does not count (mm/mlock.c, do_mlock).
    private var lockedPages: UInt64 { self[.lockedMemory].current >> 12 }
}
