import MachineAssembly

/// What the boot assembly found and left.
public enum Boot {
    /// Physical address of the device tree, mapped read-only, and its size in bytes; nil where there was none.
    public static var deviceTree: (address: UInt64, size: UInt64)? {
        let tree = state.value.device_tree
        return tree == 0 ? nil : (tree, state.value.device_tree_size)
    }

    /// The virtual counter at entry, in ticks.
    public static var entryTime: UInt64 { state.value.entry_time }

    static var state: Handle<AkumaBoot> {
        guard let state = unsafe akuma_boot_state() else { preconditionFailure("the linker places it") }
        return unsafe Handle(state)
    }

    /// A zeroed page for a translation table, from the pool in the kernel's image; nil when that is used up. Boot may
    /// keep what is too large for its stack in one, before there are frames.
    public static func takeTable() -> UInt64? {
        let page = state.value.next_free_table
        guard page < state.value.table_pool_end else { return nil }
        state.value.next_free_table = page + 4096
        return page
    }
}
