// Akuma's debugging interface: five calls by which a program sees what the kernel made of its
// memory, and what becomes of a call that finds none.
//
// They answer ENOSYS unless the kernel was booted with `debug=on`; Linux always answers ENOSYS. Every structure is made
// of 64-bit words, little-endian. `size` is the size of the caller's buffer: a kernel fills at most that much and
// returns the number of bytes that it wrote, so that structures may grow. EFAULT for a bad buffer.

/// What `akuma_translate(address, buffer, size)` writes: the walk from the root table to the entry of an address.
@frozen public struct AkumaTranslation: BitwiseCopyable, Sendable {
    /// Descriptors read on the way, 1 … 4: the last of them is the entry that decides.
    public var levelsUsed: UInt64 = 0
    /// The descriptors, from level 0; those beyond `levelsUsed` are zero.
    public var descriptors = InlineArray<4, UInt64>(repeating: 0)
    /// The index of each descriptor in its table.
    public var indices = InlineArray<4, UInt64>(repeating: 0)
    /// What the entry says of its page: the raw value of `State`.
    public var state: UInt64 = 0
    /// What the program may do there: the bits of `Rights`.
    public var rights: UInt64 = 0

    /// All zero.
    public init() {}

    /// The states of an entry, DESIGN §2.
    public enum State: UInt64, Sendable {
        /// Nothing is mapped.
        case free = 0
        /// Mapped, anonymous, not touched yet.
        case reservedAnonymous = 1
        /// Mapped from a file, not touched yet.
        case reservedFile = 2
        /// A valid descriptor: the MMU translates.
        case resident = 3
        /// Data is kept, but the program may not reach it (PROT_NONE).
        case residentNoAccess = 4
        /// The kernel's own memory, seen from EL1 only.
        case kernel = 5
    }

    /// What the hardware, or the first fault, grants the program.
    @frozen public struct Rights: FlagSet {
        /// The bits.
        public let rawValue: UInt64
        /// Rights from their bits.
        public init(rawValue: UInt64) { self.rawValue = rawValue }
        /// EL0 may load.
        public static var read: Rights { Rights(rawValue: 1) }
        /// EL0 may store.
        public static var write: Rights { Rights(rawValue: 2) }
        /// EL0 may fetch instructions.
        public static var execute: Rights { Rights(rawValue: 4) }
        /// EL0 may reach it at all.
        public static var user: Rights { Rights(rawValue: 8) }
    }

    /// The frame's or block's address in the last descriptor, bits 47:12; meaningful when the state is `resident`.
    public var outputAddress: UInt64 {
        guard levelsUsed >= 1, levelsUsed <= 4 else { return 0 }
        return descriptors[Int(truncatingIfNeeded: levelsUsed &- 1)] & 0x0000_FFFF_FFFF_F000
    }
}

/// What `akuma_layout(buffer, size)` writes: the ranges of the caller's address space, each from a first address to the
/// one after its last. An empty range has both equal.
@frozen public struct AkumaLayout: BitwiseCopyable, Sendable {
    /// The executable segment.
    public var textStart: UInt64 = 0
    /// The end of the executable segment.
    public var textEnd: UInt64 = 0
    /// The whole ELF image, from its first segment.
    public var imageStart: UInt64 = 0
    /// The end of bss.
    public var imageEnd: UInt64 = 0
    /// Where `brk` began.
    public var heapStart: UInt64 = 0
    /// Where `brk` is.
    public var heapEnd: UInt64 = 0
    /// The first address that `mmap` gives out.
    public var mapStart: UInt64 = 0
    /// The end of what `mmap` gives out in the low region.
    public var mapEnd: UInt64 = 0
    /// The lowest address that the stack has grown to.
    public var stackStart: UInt64 = 0
    /// The top of the stack.
    public var stackEnd: UInt64 = 0
    /// The kernel's identity mapping: the start of RAM.
    public var kernelStart: UInt64 = 0
    /// The end of RAM.
    public var kernelEnd: UInt64 = 0
    /// The kernel's window.
    public var windowStart: UInt64 = 0
    /// The end of the kernel's window.
    public var windowEnd: UInt64 = 0

    /// All zero.
    public init() {}
}

/// `what` of `akuma_check(what)`: returns 0 when all is as it should be, otherwise the number of violations, which the
/// kernel's log names.
public enum AkumaCheck: UInt64, Sendable {
    /// The caller's translation table against its own invariants.
    case addressSpace = 0
    /// Text, heap, mappings, stack and kernel do not overlap.
    case overlap = 1
    /// The frame allocator's own books.
    case frames = 2
    /// Everything: the tables of every process, each object's and each frame's references against those that can be
    /// found, and the frame allocator's books.
    case everything = 3
}

/// `x7` of `akuma_shortage`, which makes the call whose number is in `x6`, with the arguments in `x0`–`x5`, while no
/// more than a few frames can be had. Its result is that call's; `x8` is its number afterwards.
///
/// The shortage ends with the next `akuma_shortage`, or before: where the process waits, its turn is over, or it needs a
/// frame for a page that it touches. EINVAL for other bits, and for another `akuma_shortage` in `x6`.
@frozen public struct AkumaShortage: FlagSet {
    /// The bits.
    public let rawValue: UInt64
    /// A shortage from its bits.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// Only one allocation fails: the shortage ends with it.
    public static var once: AkumaShortage { AkumaShortage(rawValue: 256) }
    /// There is no shortage any more.
    public static var over: AkumaShortage { AkumaShortage(rawValue: 512) }
    /// So many frames can be had, 0 … 255.
    public static func leaving(_ frames: UInt64) -> AkumaShortage { AkumaShortage(rawValue: frames & 255) }
    /// Frames that can be had.
    public var frames: UInt64 { rawValue & 255 }
}

/// What `akuma_frames(buffer, size)` writes.
@frozen public struct AkumaFrames: BitwiseCopyable, Sendable {
    /// Frames that nobody uses.
    public var free: UInt64 = 0
    /// All frames that the allocator manages.
    public var total: UInt64 = 0
    /// Programs' own memory, private copies of files' pages among it.
    public var anonymous: UInt64 = 0
    /// Translation tables.
    public var tables: UInt64 = 0
    /// Pages of files and of shared memory.
    public var cached: UInt64 = 0
    /// Of these: nowhere else, because they were written or never came from elsewhere.
    public var cachedOnlyHere: UInt64 = 0

    /// The kernel's own, the frame of zeroes among it.
    public var kernel: UInt64 { total &- free &- anonymous &- tables &- cached }

    /// All zero.
    public init() {}
}
