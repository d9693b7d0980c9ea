public import MachineAssembly

/// Words of RAM that the table walker or another CPU may change meanwhile, by physical address.
public enum PhysicalWord {
    /// Reads a word. No ordering beyond that of address dependencies.
    @inlinable @inline(__always) public static func load(_ address: UInt64) -> UInt64 { akuma_load(address) }

    /// Writes a word after everything written before (STLR).
    @inlinable @inline(__always) public static func store(_ value: UInt64, at address: UInt64) {
        akuma_store_release(address, value)
    }

    /// Writes a word and returns what it replaced, with acquire and release ordering.
    @inlinable @inline(__always) public static func exchange(_ value: UInt64, at address: UInt64) -> UInt64 {
        akuma_exchange(address, value)
    }

    /// Writes `desired` where the word is `expected`, with acquire and release ordering; returns the word found.
    @inlinable @inline(__always)
    public static func compareExchange(expected: UInt64, desired: UInt64, at address: UInt64) -> UInt64 {
        akuma_compare_exchange(address, expected, desired)
    }
}

/// Pages of RAM by physical address, through the identity mapping, and the caches that hold them.
public enum PhysicalPage {
    /// Fills a page with zeroes and cleans it to the point of coherency.
    @inlinable @inline(__always) public static func clear(_ page: UInt64) { akuma_clear_page(page) }

    /// Copies a page and cleans the copy to the point of coherency.
    @inlinable @inline(__always) public static func copy(from source: UInt64, to destination: UInt64) {
        akuma_copy_page(source, destination)
    }

    /// Copies bytes that do not overlap. Nothing is cleaned.
    @inlinable public static func copyBytes(from source: UInt64, to destination: UInt64, count: UInt64) {
        guard count > 0 else { return }
        unsafe UnsafeMutableRawPointer(bitPattern: UInt(destination))!
            .copyMemory(from: UnsafeRawPointer(bitPattern: UInt(source))!, byteCount: Int(count))
    }

    /// Cleans a page to the point of coherency (`dc cvac`).
    @inlinable public static func clean(_ page: UInt64) { akuma_clean_page(page) }

    /// Waits for the cleaning begun before (`dsb ish`).
    @inlinable @inline(__always) public static func completeCleaning() { akuma_dsb_ish() }

    /// Makes a page's content what instruction fetch sees, on every CPU and at any address, and waits for it.
    @inlinable public static func publishInstructions(_ page: UInt64) { akuma_publish_instructions(page) }
}
