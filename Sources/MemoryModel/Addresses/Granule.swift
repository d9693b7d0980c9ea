/// The translation granule: the size of a page, a frame and a translation table (Arm ARM D8.2).
///
/// The one place that knows these numbers. A kernel image of another granule changes this file and nothing else.
public enum Granule {
    /// log2 of the page size: bits of an address that select a byte within a page.
    @inlinable public static var shift: UInt64 { 12 }

    /// Bytes in a page, a frame and a translation table.
    @inlinable public static var size: ByteCount { ByteCount(1 << shift) }

    /// log2 of the number of entries in a translation table: bits of an address that each level resolves.
    @inlinable public static var indexBits: UInt64 { shift - 3 }

    /// Entries in a translation table.
    @inlinable public static var entriesPerTable: Int { 1 << indexBits }

    /// The last level of translation; its entries describe pages.
    @inlinable public static var lastLevel: Int { 3 }

    /// The first level of translation for ``virtualAddressBits``.
    @inlinable public static var firstLevel: Int { 0 }

    /// Bits of a virtual address that are translated (64 − `TCR_EL1.T0SZ`).
    @inlinable public static var virtualAddressBits: UInt64 { 48 }
}
