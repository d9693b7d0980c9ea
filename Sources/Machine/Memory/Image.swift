import MachineAssembly

/// Where the parts of the kernel's image lie. Ends are exclusive; everything is whole pages.
public enum Image {
    /// Instructions: read and execute.
    public static var text: (start: UInt64, end: UInt64) {
        (akuma_address_of_image_start(), akuma_address_of_text_end())
    }
    /// Constants: read.
    public static var rodata: (start: UInt64, end: UInt64) {
        (akuma_address_of_rodata_start(), akuma_address_of_rodata_end())
    }
    /// Variables, tables and stacks: read and write, but for the guards.
    public static var data: (start: UInt64, end: UInt64) {
        (akuma_address_of_data_start(), akuma_address_of_image_end())
    }
    /// The whole image: the kernel's own RAM, which nobody gives away.
    public static var whole: (start: UInt64, end: UInt64) { (text.start, data.end) }
    /// The stack that the kernel starts on; the page below is never mapped.
    public static var bootStack: (start: UInt64, end: UInt64) {
        (akuma_address_of_boot_stack_start(), akuma_address_of_boot_stack_end())
    }
    /// The stack that an overflow is reported on.
    static var emergencyStack: (start: UInt64, end: UInt64) {
        (akuma_address_of_emergency_stack_start(), akuma_address_of_emergency_stack_end())
    }
}
