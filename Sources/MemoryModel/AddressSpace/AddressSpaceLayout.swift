/// Where what lies in a program's address space: DESIGN §1's table as data.
@frozen public struct AddressSpaceLayout: Hashable, Sendable {
    /// What a program may map below the kernel. Below it lies the null area, above it the guard above the stack.
    public var low: VirtualRange

    /// What a program may map above the kernel.
    public var high: VirtualRange

    /// Where an image begins that does not say where it wants to be.
    public var imageBase: VirtualAddress

    /// Where the mmap region below the kernel begins.
    public var mapBase: VirtualAddress

    /// Where the heap begins; nil for directly behind the image.
    public var heapBase: VirtualAddress?

    /// Where the heap ends at the latest.
    public var heapLimit: VirtualAddress

    /// Where `mmap` begins to look above the kernel.
    public var highMapBase: VirtualAddress

    /// Whether `mmap` looks above the kernel alone, and image, heap and stack lie there too where they can.
    public var isHigh = false

    /// The first address beyond the stack.
    public var stackTop: VirtualAddress

    /// What of the stack is mapped from the start.
    public var initialStackSize: ByteCount

    /// How far the stack may grow (`RLIMIT_STACK`).
    public var stackLimit: ByteCount

    /// What stays free between a mapping that grows down and whatever lies below it.
    public var stackGuardGap: ByteCount

    /// The layout that DESIGN §1 promises.
    public static var standard: AddressSpaceLayout {
        let kernelStart = VirtualAddress(0x4000_0000)
        let stackTop = kernelStart - Granule.size
        return AddressSpaceLayout(
            low: VirtualRange(VirtualAddress(0x1_0000), to: stackTop),
            high: VirtualRange(
                VirtualAddress(0x80_0000_0000), to: VirtualAddress(1 << Granule.virtualAddressBits)),
            imageBase: VirtualAddress(0x40_0000),
            mapBase: VirtualAddress(0x1000_0000),
            heapBase: nil,
            heapLimit: VirtualAddress(0x1000_0000),
            highMapBase: VirtualAddress(0x80_0000_0000),
            stackTop: stackTop,
            initialStackSize: stackTop - VirtualAddress(0x3FFF_0000),
            stackLimit: ByteCount(8 << 20),
            stackGuardGap: ByteCount.pages(256))
    }

    /// Bits of each of the random numbers that ``randomised(image:heap:map:stack:)`` takes: 28 are left of them to a
    /// program that wants to lie at a multiple of 64 KiB, as linkers have it.
    @inlinable public static var randomBits: UInt64 { 32 }

    /// A layout in the high region with each part at a page of its own choice among 2^32 (16 TiB), in areas 32 TiB apart.
    ///
    /// Each number counts pages; only its low ``randomBits`` bits count.
    public static func randomised(image: UInt64, heap: UInt64, map: UInt64, stack: UInt64) -> AddressSpaceLayout {
        func address(_ area: UInt64, _ number: UInt64) -> VirtualAddress {
            VirtualAddress(area << 45 | (number & (1 << randomBits - 1)) << Granule.shift)
        }
        var layout = standard
        layout.isHigh = true
        layout.imageBase = address(1, image)
        layout.heapBase = address(2, heap)
        layout.heapLimit = address(3, 0)
        layout.highMapBase = address(3, map)
        // At least what the stack may ever reach lies between it and the start of its area.
        layout.stackTop = address(6, stack) + ByteCount(1 << 44)
        return layout
    }

    /// The addresses that `mmap` may pick below the kernel: none where it looks above alone, otherwise up to the guard gap
    /// below the lowest place that the stack may reach. A limit above five sixths of the region leaves the last sixth
    /// (Linux mm/util.c, `mmap_base`, MAX_GAP).
    @inlinable public var lowMapRegion: VirtualRange {
        guard !isHigh else { return VirtualRange(mapBase, to: mapBase) }
        let most = ByteCount((stackTop - mapBase).rawValue / 6 * 5 & ~(Granule.size.rawValue - 1))
        let reserved = stackLimit > most ? most : ByteCount(stackLimit.rawValue & ~(Granule.size.rawValue - 1))
        let lowest = stackTop - reserved
        return VirtualRange(mapBase, to: lowest - mapBase > stackGuardGap ? lowest - stackGuardGap : mapBase)
    }

    /// Whether a program may have something mapped at `address`.
    @inlinable public func contains(_ address: VirtualAddress) -> Bool {
        low.contains(address) || high.contains(address)
    }

    /// Whether a program may have something mapped at each address of `range`.
    @inlinable public func contains(_ range: VirtualRange) -> Bool { low.contains(range) || high.contains(range) }

    /// The first address beyond all that a program can name: Linux's `TASK_SIZE`.
    @inlinable public static var addressLimit: VirtualAddress { VirtualAddress(1 << Granule.virtualAddressBits) }
}

extension VirtualRange {
    /// The pages that are in both ranges, or nil where there are none.
    @inlinable public func intersection(_ other: VirtualRange) -> VirtualRange? {
        let first = max(start, other.start)
        let last = min(end, other.end)
        return first < last ? VirtualRange(first, to: last) : nil
    }
}

/// What every address space has of the kernel.
@frozen public struct KernelMappings: Hashable, Sendable {
    /// The kernel's own table from which the slots are copied.
    public let table: FrameNumber

    /// The level of that table: the one that the program's low region and the kernel share.
    public let level: Int

    /// The entries of that table which are the kernel's. They are fixed at boot; only tables below them change.
    public let slots: Range<Int>

    /// The one frame of zeroes that pages read before they are written show. The kernel holds a reference for ever.
    public let zeroFrame: FrameNumber

    /// The directory of the objects that entries name (``ObjectTable``): a frame of zeroes at first.
    public let objects: FrameNumber

    /// Whether the hardware makes a clean entry (DBM set) writable at the first write (`TCR_EL1.HD`).
    public let hardwareTracksDirtyPages: Bool

    @inlinable public init(
        table: PhysicalAddress, level: Int = 1, slots: Range<Int>, zeroFrame: FrameNumber, objects: FrameNumber,
        hardwareTracksDirtyPages: Bool = false
    ) {
        self.hardwareTracksDirtyPages = hardwareTracksDirtyPages
        self.table = table.frame
        self.level = level
        self.slots = slots
        self.zeroFrame = zeroFrame
        self.objects = objects
    }

    /// Whether the entry `index` of the table at `level` that begins at `firstAddress` is the kernel's.
    @inlinable func owns(_ index: Int, at level: Int, firstAddress: VirtualAddress) -> Bool {
        level == self.level && firstAddress.rawValue == 0 && slots.contains(index)
    }
}
